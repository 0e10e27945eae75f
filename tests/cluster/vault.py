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
LongText = Annotated[Str, MaxLen(50_000)]


class Deal(Row):
    """A trade as its owner keeps it."""

    owner: Key[Party]
    number: Key[U64]
    isin: Text
    lei: Text
    name: Text
    price: Price
    quantity: Shares


class Page(Row):
    """As much as a row holds."""

    owner: Key[Party]
    number: Key[U64]
    text: LongText


pages = Table(Page, compartment=party(Page.owner))
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


@entry(roles=ANY_ROLE)
def fill(first: U64, count: U64, text: LongText) -> U64:
    """Keep the same text many times: what a block leads to is bounded."""
    for place in range(count):
        pages.insert(Page(owner=sender(), number=first + place, text=text))
    return count


@query(roles=ANY_ROLE)
def deal(number: U64) -> Text | None:
    """The name in one of the caller's own deals."""
    found = deals.get(sender(), number)
    if found is None:
        return None
    return found.name
