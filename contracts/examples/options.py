"""A European option valued by chance: Monte Carlo in whole numbers.

The price of the share comes from an oracle, chance from the block; both are the
same on every node, so the value is, to the last digit. Nobody knows the seed
before the block is agreed on, and no argument reaches it.

Numbers here are whole numbers of 10**-12. A standard normal number is the sum of
twelve uniform ones less six (Irwin-Hall). Each is used with both signs. The
standard error comes with the value.
"""

from words import Error

from daicho.contract import (
    ANY_ROLE,
    EXACT,
    HALF_EVEN,
    U32,
    Annotated,
    Decimal,
    Digits,
    Enum,
    Feed,
    Int,
    Key,
    Party,
    Quantity,
    Record,
    Role,
    Row,
    Table,
    Timestamp,
    TxId,
    entry,
    minutes,
    now,
    oracle,
    party,
    query,
    random,
    require,
    sender,
    tx_id,
)

edition = 1

ONE = 1_000_000_000_000
PATHS_MAX = 5_000
UNIFORMS = 12
STEPS = 1_024
"""A uniform number has so many values; twelve of them have TWELVE."""
TWELVE = 1_329_227_995_784_915_872_903_807_060_280_344_576
EXPONENT_MAX = 10
DAYS_MAX = 3_650

Price = Annotated[Decimal, Digits(18, 4)]
Yearly = Annotated[Decimal, Digits(9, 6)]
Exact = Annotated[Decimal, Digits(26, 12)]


class Fixed(Quantity, scale=12): ...


class Kind(Enum):
    CALL = 0
    PUT = 1


class Option(Record):
    """Rates are a year's, as parts of one; the share pays no dividend."""

    kind: Kind
    strike: Price
    volatility: Yearly
    interest: Yearly
    days: U32


class Valuation(Row):
    """What an option was worth, and how sure that is."""

    holder: Key[Party]
    valuation: Key[TxId]
    option: Option
    spot: Price
    paths: U32
    value: Price
    standard_error: Price
    time: Timestamp


share_price: Feed[Price] = Feed(1)
valuations = Table(Valuation, compartment=party(Valuation.holder))


@entry(roles=(Role.MEMBER,))
def value(option: Option, paths: U32) -> Price:
    """Value an option on the last price, which must be younger than five minutes."""
    require(1 < paths and paths <= PATHS_MAX, Error.PATHS)
    require(0 < option.days and option.days <= DAYS_MAX, Error.DATES)
    spot = oracle.read(share_price, max_age=minutes(5))
    found = simulated(option, spot, paths)
    valuations.insert(
        found.replace(holder=sender(), valuation=tx_id(), option=option, spot=spot, paths=paths)
    )
    return found.value


def simulated(option: Option, spot: Price, paths: U32) -> Valuation:
    """The mean of what the paths pay, discounted, and its standard error."""
    years = ONE * option.days // 365
    volatility = fixed(option.volatility)
    interest = fixed(option.interest)
    spread = times(volatility, root(years * ONE))
    drift = times(interest - times(volatility, volatility) // 2, years)
    middle = times(fixed(spot), exponential(drift))
    strike = fixed(option.strike)
    total = 0
    squares = 0
    for path in range(paths):
        growth = exponential(times(spread, normal(path)))
        up = payoff(option.kind, times(middle, growth), strike)
        down = payoff(option.kind, middle * ONE // growth, strike)
        paid = (up + down) // 2
        total += paid
        squares += times(paid, paid)
    discount = exponential(-times(interest, years))
    mean = total // paths
    variance = max(squares // paths - times(mean, mean), 0)
    return Valuation(
        holder=sender(),
        valuation=tx_id(),
        option=option,
        spot=spot,
        paths=paths,
        value=price(times(mean, discount)),
        standard_error=price(times(root(variance // paths * ONE), discount)),
        time=now(),
    )


def payoff(kind: Kind, spot: Int, strike: Int) -> Int:
    gain = spot - strike if kind == Kind.CALL else strike - spot
    return max(gain, 0)


def normal(path: Int) -> Int:
    """A standard normal number, the path's own."""
    drawn = random("path " + str(path)).below(TWELVE)
    total = 0
    for _ in range(UNIFORMS):
        total += drawn % STEPS
        drawn = drawn // STEPS
    centred = total * 2 + UNIFORMS - UNIFORMS * STEPS
    return centred * ONE // (2 * STEPS)


# --- arithmetic on whole numbers of 10**-12 ---


def fixed(number: Exact) -> Int:
    return Fixed.of(number, EXACT).units


def price(number: Int) -> Price:
    return Fixed.from_units(number).decimal.round(4, HALF_EVEN)


def times(first: Int, second: Int) -> Int:
    return first * second // ONE


def exponential(exponent: Int) -> Int:
    """The power series of a sixteenth, squared four times."""
    require(abs(exponent) <= EXPONENT_MAX * ONE, Error.AMOUNT)
    part = exponent // 16
    term = ONE
    found = ONE
    step = 1
    while term != 0 and term != -1:
        term = times(term, part) // step
        found += term
        step += 1
    for _ in range(4):
        found = times(found, found)
    return found


def root(number: Int) -> Int:
    """The square root, rounded down (Newton's method)."""
    if number < 2:
        return number
    found = number
    following = (found + 1) // 2
    while following < found:
        found = following
        following = (found + number // found) // 2
    return found


# --- queries ---


@query(roles=ANY_ROLE)
def find_valuation(holder: Party, valuation: TxId) -> Valuation:
    return valuations[holder, valuation]


@query(roles=ANY_ROLE)
def valuations_of(holder: Party) -> list[Valuation]:
    return valuations.scan(holder, limit=100)
