"""Accounts, positions and the register of holders.

A bank keeps accounts for its investors; each account has a position per
instrument, in an available and an earmarked part. For the same holdings there
are two more views, written in the transaction that moves anything: the register
of holders, in the issuer's compartment, and one total per bank, its omnibus
position at the depository. Positions and totals are holdings: the ledger itself
checks that what one loses another gains.

The issuer's own shares stand in an account in the issuer's books that the
administrator keeps for it; issues are booked there and allotted from there.
"""

from market import LIST_MAX, Error, Isin, Name, Shares, require_own, split_quantity
from reference import is_institution, issuer_name, issuer_of, own_account

from daicho.contract import (
    ADMINISTRATOR,
    FIRST,
    U32,
    Account,
    Annotated,
    Bool,
    Event,
    Hash,
    Holdings,
    Key,
    MaxLen,
    Party,
    Record,
    Role,
    Row,
    Table,
    Timestamp,
    allocate,
    emit,
    entry,
    expect,
    export,
    party,
    query,
    register,
    require,
    sender,
)

edition = 1

HOLDERS_PAGE = 200


class InvestorAccount(Row):
    """An account in a bank's books, and whose it is."""

    bank: Key[Party]
    account: Key[Account]
    name: Name


class Position(Row):
    """What an account holds of one instrument."""

    bank: Key[Party]
    account: Key[Account]
    isin: Key[Isin]
    available: Shares
    earmarked: Shares


class Omnibus(Row):
    """What all accounts of a bank hold of one instrument."""

    bank: Key[Party]
    isin: Key[Isin]
    quantity: Shares


class Holder(Row):
    """A line of the register: who holds how much, and through which bank."""

    issuer: Key[Party]
    isin: Key[Isin]
    bank: Key[Party]
    account: Key[Account]
    name: Name
    quantity: Shares


class Issued(Row):
    """How much there is of an instrument."""

    issuer: Key[Party]
    isin: Key[Isin]
    quantity: Shares


class Market(Row):
    """What a movement must know: whose security it is, and whether it may move."""

    isin: Key[Isin]
    issuer: Party
    halted: Bool


class Request(Row):
    """An issuer's request that was carried out."""

    request: Key[Hash]
    isin: Isin


class Underwriter(Record):
    """Who takes part of an issue, and in what proportion."""

    bank: Party
    account: Account
    weight: U32


Underwriters = Annotated[list[Underwriter], MaxLen(20)]
Parts = Annotated[list[Shares], MaxLen(20)]
HolderPage = Annotated[list[Holder], MaxLen(200)]


class SharesIssued(Event):
    issuer: Party
    isin: Isin
    quantity: Shares
    request: Hash


class Moved(Event):
    """A transfer of rights. From these and the issues the register can be rebuilt."""

    isin: Isin
    quantity: Shares
    from_bank: Party
    from_account: Account
    to_bank: Party
    to_account: Account


accounts = Table(InvestorAccount, compartment=party(InvestorAccount.bank))
positions = Holdings(Position, per=Position.isin, compartment=party(Position.bank))
totals = Holdings(Omnibus, per=Omnibus.isin, compartment=party(Omnibus.bank))
register_lines = Table(Holder, compartment=register(Holder.issuer))
issues = Table(Issued, compartment=register(Issued.issuer))
markets = Table(Market, compartment=ADMINISTRATOR)
requests = Table(Request, compartment=ADMINISTRATOR)


# --- accounts ---


@entry(roles=(Role.MEMBER,))
def open_account(account: Account, name: Name) -> None:
    """Open an account for an investor, or for the bank itself, in the sender's books."""
    require(is_institution(sender()), Error.UNKNOWN_INSTITUTION)
    require(accounts.get(sender(), account) is None, Error.DUP)
    accounts.insert(InvestorAccount(bank=sender(), account=account, name=name))


# --- issue and allotment ---


@entry(roles=(Role.ADMINISTRATOR,))
def issue(isin: Isin, quantity: Shares, request: Hash) -> None:
    """Book new shares to the issuer's own account, on the issuer's request, once."""
    issuer = issuer_of(isin)
    require(quantity > Shares(0), Error.AMOUNT)
    require(requests.get(request) is None, Error.DUP)
    requests.insert(Request(request=request, isin=isin))
    account = own_account(issuer)
    if accounts.get(issuer, account) is None:
        accounts.insert(InvestorAccount(bank=issuer, account=account, name=issuer_name(issuer)))
    if markets.get(isin) is None:
        markets.insert(Market(isin=isin, issuer=issuer, halted=False))
    require_moving(isin)
    positions.issue(quantity, target=positions.at(issuer, account, isin).available)
    totals.issue(quantity, target=totals.at(issuer, isin).quantity)
    add_to_register(issuer, isin, issuer, account, quantity)
    change_issued(issuer, isin, quantity)
    emit(
        SharesIssued(issuer=issuer, isin=isin, quantity=quantity, request=request),
        to=(ADMINISTRATOR, register(SharesIssued.issuer)),
    )


@entry(roles=(Role.ADMINISTRATOR,))
def allot(isin: Isin, quantity: Shares, underwriters: Underwriters) -> Parts:
    """Share out issued shares among the underwriters by weight.

    Every part is rounded down to the hundredth of a share; what is left over
    goes to the lead, who stands first. The parts sum to `quantity`.
    """
    issuer = require_moving(isin)
    require(quantity > Shares(0), Error.AMOUNT)
    weights: list[int] = []
    total = 0
    for underwriter in underwriters:
        weights.append(underwriter.weight)
        total += underwriter.weight
    require(total > 0, Error.WEIGHTS)
    require(weights[0] > 0, Error.WEIGHTS)
    parts = allocate(quantity, weights, FIRST)
    account = own_account(issuer)
    for index in range(len(parts)):
        taker = underwriters[index]
        if parts[index] > Shares(0):
            hand_over(isin, parts[index], issuer, account, taker.bank, taker.account)
    return parts


def change_issued(issuer: Party, isin: Isin, change: Shares) -> None:
    """More or fewer shares exist."""
    row = issues.get(issuer, isin)
    before = Shares(0) if row is None else row.quantity
    issues.put(Issued(issuer=issuer, isin=isin, quantity=before + change))


# --- movements ---


@entry(roles=(Role.MEMBER,))
def transfer(
    isin: Isin, quantity: Shares, account: Account, to_bank: Party, to_account: Account
) -> None:
    """Move shares free of payment from an account of the sender's."""
    hand_over(isin, quantity, sender(), account, to_bank, to_account)


def hand_over(
    isin: Isin,
    quantity: Shares,
    from_bank: Party,
    from_account: Account,
    to_bank: Party,
    to_account: Account,
) -> None:
    """Available shares change hands, in every view of the holdings."""
    issuer = require_moving(isin)
    require(quantity > Shares(0), Error.AMOUNT)
    positions.move(
        quantity,
        source=positions.at(from_bank, from_account, isin).available,
        target=positions.at(to_bank, to_account, isin).available,
    )
    record_move(issuer, isin, quantity, from_bank, from_account, to_bank, to_account)


def record_move(
    issuer: Party,
    isin: Isin,
    quantity: Shares,
    from_bank: Party,
    from_account: Account,
    to_bank: Party,
    to_account: Account,
) -> None:
    """The register and the totals follow a movement of positions."""
    if from_bank != to_bank:
        totals.move(
            quantity,
            source=totals.at(from_bank, isin).quantity,
            target=totals.at(to_bank, isin).quantity,
        )
    take_from_register(issuer, isin, from_bank, from_account, quantity)
    add_to_register(issuer, isin, to_bank, to_account, quantity)
    emit(
        Moved(
            isin=isin,
            quantity=quantity,
            from_bank=from_bank,
            from_account=from_account,
            to_bank=to_bank,
            to_account=to_account,
        ),
        to=(ADMINISTRATOR,),
    )


def require_moving(isin: Isin) -> Party:
    """The issuer of a security that may move now."""
    market = expect(markets.get(isin), Error.UNKNOWN_INSTRUMENT)
    require(not market.halted, Error.HALTED)
    return market.issuer


def add_to_register(
    issuer: Party, isin: Isin, bank: Party, account: Account, quantity: Shares
) -> None:
    """A holder gains; a new one is entered with its name. Accounts must exist."""
    line = register_lines.get(issuer, isin, bank, account)
    if line is None:
        name = expect(accounts.get(bank, account), Error.UNKNOWN_ACCOUNT).name
        register_lines.insert(
            Holder(
                issuer=issuer, isin=isin, bank=bank, account=account, name=name, quantity=quantity
            )
        )
    else:
        register_lines.put(line.replace(quantity=line.quantity + quantity))


def take_from_register(
    issuer: Party, isin: Isin, bank: Party, account: Account, quantity: Shares
) -> None:
    """A holder loses; one with nothing left is struck out."""
    line = register_lines[issuer, isin, bank, account]
    set_register(line, line.quantity - quantity)


def set_register(line: Holder, quantity: Shares) -> None:
    """A line of the register with another quantity."""
    if quantity == Shares(0):
        register_lines.delete(line.issuer, line.isin, line.bank, line.account)
    else:
        register_lines.put(line.replace(quantity=quantity))


# --- for trades ---


@export(callers=("trades",))
def require_ready(isin: Isin, bank: Party, account: Account) -> None:
    """The security may move and the account exists."""
    require_moving(isin)
    require((bank, account) in accounts, Error.UNKNOWN_ACCOUNT)


@export(callers=("trades",))
def deliver(
    isin: Isin,
    quantity: Shares,
    seller: Party,
    seller_account: Account,
    buyer: Party,
    buyer_account: Account,
) -> None:
    """The securities leg of a settlement at once."""
    hand_over(isin, quantity, seller, seller_account, buyer, buyer_account)


@export(callers=("trades",))
def earmark(isin: Isin, quantity: Shares, bank: Party, account: Account) -> None:
    """Set shares aside for a settlement that waits."""
    require_moving(isin)
    positions.move(
        quantity,
        source=positions.at(bank, account, isin).available,
        target=positions.at(bank, account, isin).earmarked,
    )


@export(callers=("trades",))
def release(isin: Isin, quantity: Shares, bank: Party, account: Account) -> None:
    """Make earmarked shares available again."""
    require_moving(isin)
    positions.move(
        quantity,
        source=positions.at(bank, account, isin).earmarked,
        target=positions.at(bank, account, isin).available,
    )


@export(callers=("trades",))
def deliver_earmarked(
    isin: Isin,
    quantity: Shares,
    seller: Party,
    seller_account: Account,
    buyer: Party,
    buyer_account: Account,
) -> None:
    """The securities leg of a settlement that waited."""
    issuer = require_moving(isin)
    positions.move(
        quantity,
        source=positions.at(seller, seller_account, isin).earmarked,
        target=positions.at(buyer, buyer_account, isin).available,
    )
    record_move(issuer, isin, quantity, seller, seller_account, buyer, buyer_account)


# --- for corporate actions ---


@export(callers=("corporate_actions",))
def holders_then(issuer: Party, isin: Isin, time: Timestamp, after: Holder | None) -> HolderPage:
    """A page of the register as it stood at a time that has passed."""
    return register_lines.as_of(time).scan(issuer, isin, after=after, limit=HOLDERS_PAGE)


@export(callers=("corporate_actions",))
def set_halted(isin: Isin, halted: Bool) -> None:
    """Stop all movements of a security, or let them go on; one action at a time."""
    market = expect(markets.get(isin), Error.UNKNOWN_INSTRUMENT)
    require(market.halted != halted, Error.HALTED)
    markets.put(market.replace(halted=halted))


@export(callers=("corporate_actions",))
def split_holders(
    issuer: Party, isin: Isin, new: U32, old: U32, after: Holder | None
) -> HolderPage:
    """Split the holdings of one page of the register; the page as it was before.

    The security is halted and nothing of it is earmarked. Each holding is
    rounded down by itself, so the number issued becomes the sum of them.
    """
    page = register_lines.scan(issuer, isin, after=after, limit=HOLDERS_PAGE)
    for line in page:
        split_holding(line, new, old)
    return page


def split_holding(line: Holder, new: U32, old: U32) -> None:
    """One account's shares, in every view, times new over old."""
    after = split_quantity(line.quantity, new, old)
    if after > line.quantity:
        gain = after - line.quantity
        positions.issue(gain, target=positions.at(line.bank, line.account, line.isin).available)
        totals.issue(gain, target=totals.at(line.bank, line.isin).quantity)
    else:
        loss = line.quantity - after
        positions.redeem(loss, source=positions.at(line.bank, line.account, line.isin).available)
        totals.redeem(loss, source=totals.at(line.bank, line.isin).quantity)
    change_issued(line.issuer, line.isin, after - line.quantity)
    set_register(line, after)


# --- queries ---


@query(roles=(Role.MEMBER, Role.ADMINISTRATOR))
def find_account(bank: Party, account: Account) -> InvestorAccount:
    """One account of a bank."""
    return accounts[bank, account]


@query(roles=(Role.MEMBER, Role.ADMINISTRATOR))
def accounts_of(bank: Party, after: InvestorAccount | None) -> list[InvestorAccount]:
    """The accounts of a bank."""
    require_own(bank)
    return accounts.scan(bank, after=after, limit=LIST_MAX)


@query(roles=(Role.MEMBER, Role.ADMINISTRATOR))
def position(bank: Party, account: Account, isin: Isin) -> Position:
    """What an account holds of one instrument; zero if nothing."""
    owner = accounts[bank, account]
    found = positions.get(owner.bank, owner.account, isin)
    if found is not None:
        return found
    return Position(bank=bank, account=account, isin=isin, available=Shares(0), earmarked=Shares(0))


@query(roles=(Role.MEMBER, Role.ADMINISTRATOR))
def positions_of(bank: Party, account: Account) -> list[Position]:
    """All that an account holds."""
    owner = accounts[bank, account]
    return positions.scan(owner.bank, owner.account, limit=LIST_MAX)


@query(roles=(Role.ISSUER, Role.ADMINISTRATOR))
def own_shares(issuer: Party, isin: Isin) -> Position:
    """The issuer's own holding of its shares."""
    found = issues[issuer, isin]
    return positions[issuer, own_account(issuer), found.isin]


@query(roles=(Role.MEMBER, Role.ADMINISTRATOR))
def omnibus_of(bank: Party, isin: Isin) -> Omnibus:
    """What all accounts of a bank hold of an instrument."""
    return totals[bank, isin]


@query(roles=(Role.ISSUER, Role.ADMINISTRATOR))
def issued(issuer: Party, isin: Isin) -> Issued:
    """How much there is of an instrument."""
    return issues[issuer, isin]


@query(roles=(Role.ISSUER, Role.MEMBER, Role.ADMINISTRATOR))
def holders(issuer: Party, isin: Isin, after: Holder | None) -> list[Holder]:
    """The register of holders."""
    found = issues[issuer, isin]
    return register_lines.scan(issuer, found.isin, after=after, limit=LIST_MAX)


@query(roles=(Role.ISSUER, Role.MEMBER, Role.ADMINISTRATOR))
def holders_at(issuer: Party, isin: Isin, time: Timestamp, after: Holder | None) -> list[Holder]:
    """The register of holders as it stood at a time."""
    found = issues[issuer, isin]
    return register_lines.as_of(time).scan(issuer, found.isin, after=after, limit=LIST_MAX)
