"""Delivery against payment between two parties, each with a book of its own."""

from amounts import JPY, Error, Shares, require_money

from daicho.contract import Int, Key, Party, Role, Row, Table, entry, party, require, sender

edition = 1


class Book(Row):
    """What a party has."""

    owner: Key[Party]
    shares: Shares
    money: JPY


books = Table(Book, compartment=party(Book.owner))


@entry(roles=(Role.ADMINISTRATOR,))
def open_book(owner: Party, shares: Shares, money: JPY) -> None:
    """Give a party its first position."""
    books.put(Book(owner=owner, shares=shares, money=money))


@entry(roles=(Role.MEMBER,), signed_by=("buyer",))
def deliver(buyer: Party, shares: Shares, price: JPY) -> Shares:
    """Both legs, or none of them."""
    taker = books[buyer]
    require_money(taker.money, price)
    giver = books[sender()]
    require(giver.shares >= shares, Error.NO_SHARES)
    books.put(giver.replace(shares=giver.shares - shares, money=giver.money + price))
    books.put(taker.replace(shares=taker.shares + shares, money=taker.money - price))
    return giver.shares - shares


@entry(roles=(Role.MEMBER,))
def count(rounds: Int, most: Shares) -> Int:
    """Touch nothing but the sender's own book."""
    own = books[sender()]
    total = 0
    while total < rounds:
        total += 1
    require(own.shares <= most, Error.NO_SHARES)
    return total
