"""Business-day calendars: the holidays of each centre, kept on the ledger.

The administrator enters holidays; everybody may read them, and contracts ask
for a business day through the exports. Saturday and Sunday are never business
days. A day must be a business day in every centre named, as New York and Tokyo
for a payment in both.
"""

from words import Centre, Error

from daicho.contract import (
    ANY_CONTRACT,
    ANY_ROLE,
    PUBLIC,
    Annotated,
    Bool,
    Date,
    Enum,
    Key,
    MaxLen,
    Role,
    Row,
    Table,
    Timestamp,
    abort,
    entry,
    export,
    now,
    query,
    require,
)

edition = 1

SATURDAY = 5
SEARCH_DAYS_MAX = 40
"""A calendar without a business day for so long is a mistake."""

Centres = Annotated[list[Centre], MaxLen(8)]
Days = Annotated[list[Date], MaxLen(200)]


class Convention(Enum):
    """What becomes of a date that is no business day (ISDA 2006, section 4.12)."""

    NONE = 0
    FOLLOWING = 1
    MODIFIED_FOLLOWING = 2
    PRECEDING = 3
    MODIFIED_PRECEDING = 4


class Holiday(Row):
    centre: Key[Centre]
    day: Key[Date]
    entered_at: Timestamp


holidays = Table(Holiday, compartment=PUBLIC)


@entry(roles=(Role.ADMINISTRATOR,))
def add_holidays(centre: Centre, days: Days) -> None:
    """Days that are no business days at a centre; each is entered once."""
    for day in days:
        require((centre, day) not in holidays, Error.DUP, day)
        holidays.insert(Holiday(centre=centre, day=day, entered_at=now()))


@entry(roles=(Role.ADMINISTRATOR,))
def remove_holiday(centre: Centre, day: Date) -> None:
    """A holiday that was called off. Dates adjusted before stay as they are."""
    require((centre, day) in holidays, Error.UNKNOWN, day)
    holidays.delete(centre, day)


@export(callers=ANY_CONTRACT)
def is_business_day(centres: Centres, day: Date) -> Bool:
    """Whether the centres are all open."""
    if day.weekday >= SATURDAY:
        return False
    for centre in centres:
        if (centre, day) in holidays:
            return False
    return True


@export(callers=ANY_CONTRACT)
def adjust(centres: Centres, day: Date, convention: Convention) -> Date:
    """The business day that stands for a date.

    The modified conventions stay in the month: what would leave it goes the other way.
    """
    match convention:
        case Convention.NONE:
            return day
        case Convention.FOLLOWING:
            return nearest(centres, day, 1)
        case Convention.PRECEDING:
            return nearest(centres, day, -1)
        case Convention.MODIFIED_FOLLOWING:
            return within_month(centres, day, 1)
        case Convention.MODIFIED_PRECEDING:
            return within_month(centres, day, -1)


def within_month(centres: Centres, day: Date, step: int) -> Date:
    found = nearest(centres, day, step)
    return found if found.month == day.month else nearest(centres, day, -step)


def nearest(centres: Centres, day: Date, step: int) -> Date:
    """The first business day from a day on, that day included; `step` is 1 or -1."""
    for distance in range(SEARCH_DAYS_MAX):
        if is_business_day(centres, day.plus(distance * step)):
            return day.plus(distance * step)
    abort(Error.NO_BUSINESS_DAY, day)


@export(callers=ANY_CONTRACT)
def add_business_days(centres: Centres, day: Date, count: int) -> Date:
    """So many business days later, earlier if negative."""
    step = 1 if count > 0 else -1
    found = day
    for _ in range(abs(count)):
        found = nearest(centres, found.plus(step), step)
    return found


@query(roles=ANY_ROLE)
def is_open(centres: Centres, day: Date) -> Bool:
    return is_business_day(centres, day)


@query(roles=ANY_ROLE)
def adjusted(centres: Centres, day: Date, convention: Convention) -> Date:
    return adjust(centres, day, convention)


@query(roles=ANY_ROLE)
def moved(centres: Centres, day: Date, count: int) -> Date:
    return add_business_days(centres, day, count)


@query(roles=ANY_ROLE)
def holidays_of(centre: Centre, start: Date, end: Date) -> list[Holiday]:
    """The holidays of a centre from `start` to `end`."""
    return holidays.scan(centre, lo=start, hi=end)
