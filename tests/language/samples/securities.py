from market import Isin, Shares

from daicho.contract import Account, Holdings, Key, Party, Row, export, party

edition = 1


class Position(Row):
    """An account's holding of one instrument."""

    bank: Key[Party]
    account: Key[Account]
    isin: Key[Isin]
    available: Shares
    earmarked: Shares


positions = Holdings(Position, per=Position.isin, compartment=party(Position.bank))


@export(callers=("trades",))
def deliver(
    isin: Isin,
    quantity: Shares,
    seller: Party,
    seller_account: Account,
    buyer: Party,
    buyer_account: Account,
) -> None:
    positions.move(
        quantity,
        source=positions.at(seller, seller_account, isin).available,
        target=positions.at(buyer, buyer_account, isin).available,
    )
