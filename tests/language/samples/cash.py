"""Money tokens."""

from market import JPY

from daicho.contract import (
    Enum,
    Holdings,
    Key,
    Party,
    Role,
    Row,
    entry,
    export,
    party,
)

edition = 1


class Currency(Enum):
    YEN = 0


class Tokens(Row):
    bank: Key[Party]
    currency: Key[Currency]
    available: JPY


tokens = Holdings(Tokens, per=Tokens.currency, compartment=party(Tokens.bank))


@entry(roles=(Role.TRUST_BANK,))
def mint(bank: Party, amount: JPY) -> None:
    tokens.issue(amount, target=tokens.at(bank, Currency.YEN).available)


@export(callers=("trades", "lending"))
def pay(payer: Party, payee: Party, amount: JPY) -> None:
    tokens.move(
        amount,
        source=tokens.at(payer, Currency.YEN).available,
        target=tokens.at(payee, Currency.YEN).available,
    )
