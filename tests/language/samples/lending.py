"""Loans with interest: savepoints, timers, readings, chance, indexes, the past, migration."""

from cash import pay as pay_cash
from market import JPY as CashJPY

from daicho.contract import (
    ACT_360,
    ACT_365F,
    ACT_ACT_ISDA,
    ANY_CONTRACT,
    ANY_ROLE,
    HALF_EVEN,
    PUBLIC,
    THIRTY_360,
    THIRTY_E_360,
    U16,
    U32,
    Annotated,
    Bool,
    Bytes,
    Code,
    Date,
    Decimal,
    Digits,
    Enum,
    Event,
    Feed,
    Hash,
    Holdings,
    Index,
    Int,
    Key,
    Map,
    MaxLen,
    Money,
    Party,
    Role,
    Row,
    Str,
    Table,
    Timestamp,
    Var,
    abort,
    attempt,
    cancel,
    emit,
    entry,
    export,
    has_signed,
    height,
    migrate,
    minutes,
    muldiv,
    now,
    oracle,
    party,
    query,
    random,
    require,
    scheduled,
    sender,
    year_fraction,
)

edition = 1


class JPY(Money, scale=0): ...


Rate = Annotated[Decimal, Digits(18, 6)]
Fraction = Annotated[Decimal, Digits(38, 9)]
Tag = Annotated[Str, MaxLen(20)]
Numbers = Annotated[list[Int], MaxLen(50)]


class Status(Enum):
    OPEN = 0
    CLOSED = 1


class Error(Code):
    EMPTY = 1001
    REFUSED = 1002


class Loan(Row):
    holder: Key[Party]
    number: Key[U32]
    borrower: Party
    due: Date
    status: Status
    note: Tag


class Purse(Row):
    owner: Key[Party]
    name: Key[Tag]
    amount: JPY


class Paid(Event):
    holder: Party
    number: U32


usd_jpy: Feed[Rate] = Feed(7)

loans = Table(Loan, compartment=party(Loan.holder))
loans_by_borrower = Index(loans, Loan.holder, Loan.borrower, Loan.due)
loans_by_status = Index(loans, Loan.status, Loan.holder)
purses = Holdings(Purse, per=Purse.name, compartment=party(Purse.owner))
purses_by_name = Index(purses, Purse.owner, Purse.name)
counts: Map[Tag, U32] = Map(compartment=PUBLIC)
version: Var[U16] = Var(1, compartment=PUBLIC)
last: Var[U32] = Var(0, compartment=PUBLIC)


def count(tag: Tag) -> None:
    before = counts.get(tag)
    counts[tag] = 1 if before is None else before + 1


# --- savepoints ---


@entry(roles=ANY_ROLE)
def try_all(numbers: Numbers) -> Numbers:
    """What each number did: 0 where it was kept."""
    seen: Numbers = []
    total = 0
    for number in numbers:
        with attempt() as tried:
            total += number
            count("tried")
            emit(Paid(holder=sender(), number=1), to=(party(Paid.holder),))
            require(number != 1, Error.EMPTY)
            for divisor in range(2, 4):
                if divisor > number:
                    break
                total += 1 // (number - divisor)
        seen.append(tried.code)
        if tried.ok:
            count("kept")
    seen.append(total)
    return seen


@entry(roles=ANY_ROLE)
def nested(fail_inside: Bool, fail_outside: Bool) -> tuple[Int, Int, Int]:
    depth = 0
    inner = 0
    with attempt() as outside:
        depth = 1
        count("outside")
        with attempt() as inside:
            depth = 2
            count("inside")
            if fail_inside:
                abort(Error.REFUSED)
        inner = inside.code
        require(not fail_outside, Error.EMPTY)
    return outside.code, inner, depth


@entry(roles=ANY_ROLE)
def try_to_pay(payee: Party, amount: CashJPY) -> Int:
    """A call of another contract that fails is undone as well."""
    with attempt() as tried:
        count("pay")
        pay_cash(sender(), payee, amount)
    return tried.code


# --- chance ---


@entry(roles=ANY_ROLE)
def draw(tag: Tag, data: Annotated[Bytes, MaxLen(20)], bound: Int) -> tuple[Hash, Hash, Int, Bool]:
    first = random(tag)
    return first, random(data), first.below(bound), random(tag) == first


@query(roles=ANY_ROLE)
def below(hash: Hash, bound: Int) -> Int:
    return hash.below(bound)


# --- readings ---


@query(roles=ANY_ROLE)
def price() -> Rate:
    return oracle.read(usd_jpy, max_age=minutes(5))


@query(roles=ANY_ROLE)
def price_or_none(age: Int) -> tuple[Rate | None, Timestamp | None]:
    return oracle.find(usd_jpy, max_age=minutes(age)), oracle.time(usd_jpy)


# --- timers ---


@scheduled(priority=10, gas="S")
def pay(holder: Party, number: U32) -> None:
    loan = loans[holder, number]
    loans.update(loan.replace(status=Status.CLOSED, note="paid"))
    emit(Paid(holder=holder, number=number), to=(party(Paid.holder),))


@scheduled(priority=0)
def sweep(holder: Party, after: U32 | None) -> U32 | None:
    """Mark one loan of a holder in each block."""
    previous: Loan | None = None
    if after is not None:
        previous = loans.get(holder, after)
    for loan in loans.scan(holder, after=previous, limit=1):
        loans.put(loan.replace(note="swept"))
        return loan.number
    return None


@scheduled()
def fails() -> None:
    count("fails")
    abort(Error.REFUSED)


@entry(roles=ANY_ROLE)
def lend(borrower: Party, due: Date) -> U32:
    number = last.get() + 1
    last.set(number)
    loans.insert(
        Loan(
            holder=sender(),
            number=number,
            borrower=borrower,
            due=due,
            status=Status.OPEN,
            note="new",
        )
    )
    return number


@entry(roles=ANY_ROLE)
def pay_later(number: U32, when: Timestamp) -> Hash:
    return pay.at(when, sender(), number)


@entry(roles=ANY_ROLE)
def sweep_later(when: Timestamp) -> Hash:
    return sweep.at(when, holder=sender(), after=None)


@entry(roles=ANY_ROLE)
def fail_later() -> None:
    fails.at(now())


@entry(roles=ANY_ROLE)
def call_off(timer: Hash) -> Bool:
    return cancel(timer)


# --- indexes and the past ---


@query(roles=ANY_ROLE)
def owed_by(holder: Party, borrower: Party) -> list[Loan]:
    return loans_by_borrower.scan(holder, borrower)


@query(roles=ANY_ROLE)
def due_between(holder: Party, borrower: Party, start: Date, end: Date) -> list[U32]:
    numbers: list[U32] = []
    for loan in loans_by_borrower.scan(holder, borrower, lo=start, hi=end):
        numbers.append(loan.number)
    return numbers


@query(roles=ANY_ROLE)
def open_page(holder: Party, after: U32 | None, size: Int) -> list[U32]:
    previous: Loan | None = None
    if after is not None:
        previous = loans.get(holder, after)
    numbers: list[U32] = []
    for loan in loans_by_status.scan(Status.OPEN, holder, after=previous, limit=size):
        numbers.append(loan.number)
    return numbers


@query(roles=ANY_ROLE)
def owed_at(holder: Party, borrower: Party, at: Int) -> tuple[Int, Int, Int]:
    then = loans_by_borrower.as_of(at)
    rows = then.scan(holder, borrower)
    return len(rows), len(loans.as_of(at).scan(holder)), height()


@query(roles=ANY_ROLE)
def purse_count(owner: Party) -> Int:
    return len(purses_by_name.scan(owner))


@entry(roles=ANY_ROLE)
def fill(name: Tag, amount: JPY) -> None:
    purses.issue(amount, target=purses.at(sender(), name).amount)


# --- numbers, days, lists ---


@query(roles=ANY_ROLE)
def scaled(a: Int, b: Int, c: Int) -> Int:
    return muldiv(a, b, c, HALF_EVEN)


@query(roles=ANY_ROLE)
def fractions(start: Date, end: Date) -> Annotated[list[Fraction], MaxLen(5)]:
    return [
        year_fraction(start, end, ACT_360, scale=9, rounding=HALF_EVEN),
        year_fraction(start, end, ACT_365F, scale=9, rounding=HALF_EVEN),
        year_fraction(start, end, ACT_ACT_ISDA, scale=9, rounding=HALF_EVEN),
        year_fraction(start, end, THIRTY_360, scale=9, rounding=HALF_EVEN),
        year_fraction(start, end, THIRTY_E_360, scale=9, rounding=HALF_EVEN),
    ]


@query(roles=ANY_ROLE)
def calendar(day: Date) -> tuple[Int, Int, Int]:
    return day.weekday, day.day_of_year, day.days_in_month


@query(roles=ANY_ROLE)
def popped(numbers: Numbers) -> tuple[Int, Numbers]:
    mine = list(numbers)
    mine.pop()
    last_one = mine.pop()
    total = 0
    while len(mine) > 2:
        total += mine.pop()
    return last_one + total, mine


def next_number(step: Int) -> Int:
    last.set(last.get() * 10 + step)
    return last.get()


def pair(a: Int, b: Int, c: Int) -> tuple[Int, Int, Int]:
    return a, b, c


@entry(roles=ANY_ROLE)
def written_order() -> tuple[Int, Int, Int]:
    """Arguments are worked out in the order they are written."""
    counts["x"] = 0
    found: dict[Int, Int] = {}
    found[next_number(2)] = next_number(1)
    counts["x"] = found[12]
    a, b, c = pair(c=next_number(3), a=last.get(), b=next_number(4))
    return a, b, c


@entry(roles=ANY_ROLE)
def signed_as(who: Party) -> tuple[Bool, Bool]:
    return has_signed(who), has_signed(who, Role.ISSUER)


# --- a new version ---


@migrate
def upgrade() -> None:
    version.set(version.get() + 1)


@export(callers=ANY_CONTRACT)
def version_now() -> U16:
    return version.get()


@query(roles=ANY_ROLE)
def version_seen() -> U16:
    return version_now()
