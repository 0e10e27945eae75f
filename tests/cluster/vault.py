"""A contract that keeps what must not be found on any disk: names, numbers, prices."""

from daicho.contract import (
    ANY_ROLE,
    U64,
    Annotated,
    Decimal,
    Digits,
    Int,
    Key,
    MaxLen,
    Party,
    Quantity,
    Row,
    Str,
    Table,
    entry,
    party,
    query,
    sender,
)

edition = 1


class Shares(Quantity, scale=0):
    """Whole shares."""


Price = Annotated[Decimal, Digits(18, 4)]
Text = Annotated[Str, MaxLen(64)]


class Deal(Row):
    """A trade as its owner keeps it."""

    owner: Key[Party]
    number: Key[U64]
    isin: Text
    lei: Text
    name: Text
    price: Price
    quantity: Shares


deals = Table(Deal, compartment=party(Deal.owner))


@entry(roles=ANY_ROLE)
def note(number: U64, isin: Text, lei: Text, name: Text, price: Price, quantity: Shares) -> U64:
    """Keep a deal."""
    deals.insert(
        Deal(
            owner=sender(),
            number=number,
            isin=isin,
            lei=lei,
            name=name,
            price=price,
            quantity=quantity,
        )
    )
    return number


@entry(roles=ANY_ROLE)
def spin() -> Int:
    """Never end."""
    turns = 0
    while True:
        turns = 1 - turns


@query(roles=ANY_ROLE)
def deal(number: U64) -> Text | None:
    """The name in one of the caller's own deals."""
    found = deals.get(sender(), number)
    if found is None:
        return None
    return found.name
