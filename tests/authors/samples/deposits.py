"""Dollar deposits that pay their interest in yen on a day, at the rate of that day."""

from daicho.contract import (
    ANY_ROLE,
    HALF_UP,
    PUBLIC,
    U8,
    Account,
    Annotated,
    Bool,
    Bytes,
    Code,
    Date,
    Decimal,
    Digits,
    Duration,
    Enum,
    Event,
    Feed,
    Hash,
    Int,
    Key,
    Map,
    MaxLen,
    Money,
    Party,
    Record,
    Role,
    Row,
    Str,
    Table,
    Timestamp,
    emit,
    entry,
    expect,
    minutes,
    now,
    oracle,
    party,
    query,
    require,
    scheduled,
    sender,
)

edition = 1


class JPY(Money, scale=0): ...


class USD(Money, scale=2): ...


Rate = Annotated[Decimal, Digits(9, 4)]


class Error(Code):
    UNKNOWN = 1001
    AMOUNT = 1002


class Kind(Enum):
    TERM = 0
    CALL = 1


class Terms(Record):
    """One of everything that a value can be, for what makes values."""

    kind: Kind
    amount: USD
    rate: Rate
    small: U8
    name: Annotated[Str, MaxLen(12)]
    data: Annotated[Bytes, MaxLen(4)]
    flags: Annotated[list[Bool], MaxLen(3)]
    counts: Annotated[dict[Int, U8], MaxLen(3)]
    bank: Party
    account: Account
    digest: Hash
    day: Date
    time: Timestamp
    length: Duration
    maybe: Date | None


class Deposit(Row):
    holder: Key[Party]
    amount: USD
    paid: JPY


class Paid(Event):
    holder: Party
    amount: JPY


deposits = Table(Deposit, compartment=party(Deposit.holder))
seen: Map[Int, Int] = Map(compartment=PUBLIC)
usd_jpy: Feed[Rate] = Feed(7)


@entry(roles=(Role.MEMBER,), signed_by=("bank",))
def place(bank: Party, amount: USD, due: Timestamp) -> Hash:
    """The sender's deposit at a bank; its interest is paid when it is due."""
    require(amount > USD(0), Error.AMOUNT, amount, bank)
    deposits.put(Deposit(holder=sender(), amount=amount, paid=JPY(0)))
    return pay.at(due, sender())


@entry(roles=(Role.MEMBER,))
def fix(rate: Rate) -> Rate:
    """Interest now, at a rate of at most five minutes ago."""
    return oracle.read(usd_jpy, max_age=minutes(5)) + rate


@scheduled(priority=1, gas="S")
def pay(holder: Party) -> None:
    row = expect(deposits.get(holder), Error.UNKNOWN)
    rate = oracle.read(usd_jpy, max_age=minutes(5))
    amount = JPY.of(row.amount.decimal * rate, HALF_UP)
    deposits.put(row.replace(paid=row.paid + amount))
    emit(Paid(holder=holder, amount=amount), to=(party(Paid.holder),))


@query(roles=ANY_ROLE)
def paid_to(holder: Party) -> JPY:
    return expect(deposits.get(holder), Error.UNKNOWN).paid


@query(roles=ANY_ROLE)
def same(terms: Terms) -> Terms:
    """What crosses the border both ways unchanged."""
    return terms


@query(roles=ANY_ROLE)
def time_now() -> Timestamp:
    return now()
