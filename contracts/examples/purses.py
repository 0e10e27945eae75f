"""Yen for the examples: the administrator brings them in, contracts pay them.

The market set's `cash.py` does this in earnest, against deposits at a trust bank.
"""

from words import JPY, Error

from daicho.contract import (
    ANY_ROLE,
    Enum,
    Holdings,
    Key,
    Party,
    Role,
    Row,
    entry,
    export,
    party,
    query,
    require,
)

edition = 1


class Currency(Enum):
    JPY = 0


class Purse(Row):
    holder: Key[Party]
    currency: Key[Currency]
    amount: JPY


purses = Holdings(Purse, per=Purse.currency, compartment=party(Purse.holder))


@entry(roles=(Role.ADMINISTRATOR,))
def bring_in(holder: Party, amount: JPY) -> None:
    require(amount > JPY(0), Error.AMOUNT)
    purses.issue(amount, target=purses.at(holder, Currency.JPY).amount)


@export(callers=("bonds",))
def pay(payer: Party, payee: Party, amount: JPY) -> None:
    """Fails with INSUFFICIENT if the payer has less."""
    purses.move(
        amount,
        source=purses.at(payer, Currency.JPY).amount,
        target=purses.at(payee, Currency.JPY).amount,
    )


@query(roles=ANY_ROLE)
def balance(holder: Party) -> JPY:
    return purses[holder, Currency.JPY].amount
