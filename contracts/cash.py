"""Money tokens: yen deposited at a trust bank, held and paid on the ledger.

A token is minted when the trust bank confirms a deposit and burnt before a
payout is asked of it, so that the tokens always equal the deposits that stand
behind them. Only registered institutions hold tokens. A registered issuer may,
too, to pay its dividends: it reads the ledger and does not submit, so its
tokens leave by a corporate action alone.
"""

from market import JPY, Error, Reference
from reference import is_institution, is_issuer

from daicho.contract import (
    Bool,
    Enum,
    Event,
    Holdings,
    Key,
    Party,
    Role,
    Row,
    Table,
    emit,
    entry,
    expect,
    export,
    party,
    query,
    require,
    sender,
)

edition = 1


class Currency(Enum):
    JPY = 0


class Balance(Row):
    """The tokens of one holder."""

    holder: Key[Party]
    currency: Key[Currency]
    available: JPY
    earmarked: JPY


class Backing(Row):
    """What stands behind the tokens at one trust bank: outstanding = deposited - redeemed."""

    trust_bank: Key[Party]
    currency: Key[Currency]
    deposited: JPY
    redeemed: JPY
    outstanding: JPY


class Deposit(Row):
    """A deposit that the trust bank confirmed."""

    trust_bank: Key[Party]
    reference: Key[Reference]
    holder: Party
    amount: JPY


class Payout(Row):
    """Money that the trust bank owes for tokens burnt."""

    trust_bank: Key[Party]
    institution: Key[Party]
    reference: Key[Reference]
    amount: JPY
    paid: Bool


class Deposited(Event):
    trust_bank: Party
    holder: Party
    amount: JPY
    reference: Reference


class PayoutDue(Event):
    trust_bank: Party
    institution: Party
    amount: JPY
    reference: Reference


class PaidOut(Event):
    trust_bank: Party
    institution: Party
    reference: Reference


balances = Holdings(Balance, per=Balance.currency, compartment=party(Balance.holder))
backings = Table(Backing, compartment=party(Backing.trust_bank))
deposits = Table(Deposit, compartment=party(Deposit.trust_bank))
payouts = Table(Payout, compartment=party(Payout.trust_bank))


# --- deposit and redemption ---


@entry(roles=(Role.TRUST_BANK,))
def confirm_deposit(holder: Party, amount: JPY, reference: Reference) -> None:
    """Money arrived in trust: mint tokens for it, once per reference."""
    require(amount > JPY(0), Error.AMOUNT)
    require(is_institution(holder) or is_issuer(holder), Error.NOT_SETTLEMENT_BANK)
    require(deposits.get(sender(), reference) is None, Error.DUP)
    deposits.insert(Deposit(trust_bank=sender(), reference=reference, holder=holder, amount=amount))
    before = backing_of(sender())
    backings.put(
        before.replace(deposited=before.deposited + amount, outstanding=before.outstanding + amount)
    )
    balances.issue(amount, target=balances.at(holder, Currency.JPY).available)
    emit(
        Deposited(trust_bank=sender(), holder=holder, amount=amount, reference=reference),
        to=(party(Deposited.trust_bank), party(Deposited.holder)),
    )


@entry(roles=(Role.MEMBER,))
def redeem(trust_bank: Party, amount: JPY, reference: Reference) -> None:
    """Burn tokens, then ask the trust bank for the money: one payout per reference."""
    require(amount > JPY(0), Error.AMOUNT)
    require(payouts.get(trust_bank, sender(), reference) is None, Error.DUP)
    balances.redeem(amount, source=balances.at(sender(), Currency.JPY).available)
    before = backing_of(trust_bank)
    require(amount <= before.outstanding, Error.NOT_BACKED)
    backings.put(
        before.replace(redeemed=before.redeemed + amount, outstanding=before.outstanding - amount)
    )
    payouts.insert(
        Payout(
            trust_bank=trust_bank,
            institution=sender(),
            reference=reference,
            amount=amount,
            paid=False,
        )
    )
    emit(
        PayoutDue(trust_bank=trust_bank, institution=sender(), amount=amount, reference=reference),
        to=(party(PayoutDue.trust_bank), party(PayoutDue.institution)),
    )


@entry(roles=(Role.TRUST_BANK,))
def confirm_payout(institution: Party, reference: Reference) -> None:
    """The trust bank has paid; it can say so once."""
    due = expect(payouts.get(sender(), institution, reference), Error.UNKNOWN_PAYOUT)
    require(not due.paid, Error.DUP)
    payouts.put(due.replace(paid=True))
    emit(
        PaidOut(trust_bank=sender(), institution=institution, reference=reference),
        to=(party(PaidOut.trust_bank), party(PaidOut.institution)),
    )


def backing_of(trust_bank: Party) -> Backing:
    """The backing at a trust bank, zero before its first deposit."""
    found = backings.get(trust_bank, Currency.JPY)
    if found is not None:
        return found
    return Backing(
        trust_bank=trust_bank,
        currency=Currency.JPY,
        deposited=JPY(0),
        redeemed=JPY(0),
        outstanding=JPY(0),
    )


# --- payments ---


@entry(roles=(Role.MEMBER,))
def transfer(payee: Party, amount: JPY) -> None:
    """Pay another institution."""
    require(amount > JPY(0), Error.AMOUNT)
    require(is_institution(payee), Error.NOT_SETTLEMENT_BANK)
    move_available(sender(), payee, amount)


def move_available(payer: Party, payee: Party, amount: JPY) -> None:
    balances.move(
        amount,
        source=balances.at(payer, Currency.JPY).available,
        target=balances.at(payee, Currency.JPY).available,
    )


@export(callers=("trades", "corporate_actions"))
def pay(payer: Party, payee: Party, amount: JPY) -> None:
    """The cash leg of a settlement at once, or a dividend."""
    move_available(payer, payee, amount)


@export(callers=("trades",))
def earmark_cash(payer: Party, amount: JPY) -> None:
    """Set money aside for a settlement that waits."""
    balances.move(
        amount,
        source=balances.at(payer, Currency.JPY).available,
        target=balances.at(payer, Currency.JPY).earmarked,
    )


@export(callers=("trades",))
def release_cash(payer: Party, amount: JPY) -> None:
    """Make earmarked money available again."""
    balances.move(
        amount,
        source=balances.at(payer, Currency.JPY).earmarked,
        target=balances.at(payer, Currency.JPY).available,
    )


@export(callers=("trades",))
def pay_earmarked(payer: Party, payee: Party, amount: JPY) -> None:
    """The cash leg of a settlement that waited."""
    balances.move(
        amount,
        source=balances.at(payer, Currency.JPY).earmarked,
        target=balances.at(payee, Currency.JPY).available,
    )


# --- queries ---


@query(roles=(Role.MEMBER, Role.ISSUER, Role.ADMINISTRATOR))
def balance(holder: Party) -> Balance:
    """The tokens of one holder."""
    return balances[holder, Currency.JPY]


@query(roles=(Role.TRUST_BANK, Role.ADMINISTRATOR))
def backing(trust_bank: Party) -> Backing:
    """What stands behind the tokens: the sum of all balances is the outstanding amount."""
    return backings[trust_bank, Currency.JPY]


@query(roles=(Role.TRUST_BANK, Role.ADMINISTRATOR))
def find_deposit(trust_bank: Party, reference: Reference) -> Deposit:
    """One confirmed deposit."""
    return deposits[trust_bank, reference]


@query(roles=(Role.TRUST_BANK, Role.ADMINISTRATOR))
def find_payout(trust_bank: Party, institution: Party, reference: Reference) -> Payout:
    """One payout."""
    return payouts[trust_bank, institution, reference]
