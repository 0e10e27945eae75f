"""Who and what there is: institutions, issuers, instruments.

The administrator registers them. An LEI (ISO 17442) carries two check digits by
ISO 7064 mod 97-10; an ISIN (ISO 6166) one by the Luhn rule over its digits, each
letter standing for two. An issuer reads its own entry and its own instruments.
"""

from market import LIST_MAX, Error, Isin, Lei, Name, require_own

from daicho.contract import (
    ADMINISTRATOR,
    ANY_CONTRACT,
    Account,
    Bool,
    Int,
    Key,
    Party,
    Role,
    Row,
    Str,
    Table,
    entry,
    expect,
    export,
    party,
    query,
    register,
    require,
)

edition = 1

LEI_LENGTH = 20
ISIN_LENGTH = 12


class Institution(Row):
    """A member of the market: a bank or securities firm."""

    institution: Key[Party]
    lei: Lei
    name: Name


class Issuer(Row):
    """A listed company, and the account that its own shares stand in."""

    issuer: Key[Party]
    lei: Lei
    name: Name
    account: Account


class Instrument(Row):
    """A security, as its issuer sees it."""

    issuer: Key[Party]
    isin: Key[Isin]
    name: Name


class Listing(Row):
    """Whose security an ISIN is, for the contracts."""

    isin: Key[Isin]
    issuer: Party


class LegalEntity(Row):
    """An LEI in use."""

    lei: Key[Lei]
    holder: Party


institutions = Table(Institution, compartment=party(Institution.institution))
issuers = Table(Issuer, compartment=register(Issuer.issuer))
instruments = Table(Instrument, compartment=register(Instrument.issuer))
listings = Table(Listing, compartment=ADMINISTRATOR)
legal_entities = Table(LegalEntity, compartment=ADMINISTRATOR)


# --- registration ---


@entry(roles=(Role.ADMINISTRATOR,))
def register_institution(institution: Party, lei: Lei, name: Name) -> None:
    """Admit a member institution to the market."""
    require(institutions.get(institution) is None, Error.DUP)
    claim_lei(lei, institution)
    institutions.insert(Institution(institution=institution, lei=lei, name=name))


@entry(roles=(Role.ADMINISTRATOR,))
def register_issuer(issuer: Party, lei: Lei, name: Name, account: Account) -> None:
    """Admit an issuer. Its issues are booked to `account`, which the administrator keeps."""
    require(issuers.get(issuer) is None, Error.DUP)
    claim_lei(lei, issuer)
    issuers.insert(Issuer(issuer=issuer, lei=lei, name=name, account=account))


@entry(roles=(Role.ADMINISTRATOR,))
def register_instrument(isin: Isin, issuer: Party, name: Name) -> None:
    """List a security of a registered issuer."""
    require(is_isin(isin), Error.BAD_ISIN)
    require(issuers.get(issuer) is not None, Error.UNKNOWN_ISSUER)
    require(listings.get(isin) is None, Error.DUP)
    listings.insert(Listing(isin=isin, issuer=issuer))
    instruments.insert(Instrument(issuer=issuer, isin=isin, name=name))


def claim_lei(lei: Lei, holder: Party) -> None:
    """One LEI names one party."""
    require(is_lei(lei), Error.BAD_LEI)
    require(legal_entities.get(lei) is None, Error.DUP)
    legal_entities.insert(LegalEntity(lei=lei, holder=holder))


# --- check digits ---


def is_lei(text: Lei) -> Bool:
    """ISO 17442: 20 capitals and digits, the last two digits; ISO 7064: remainder 1 by 97."""
    if len(text) != LEI_LENGTH:
        return False
    remainder = 0
    for position in range(LEI_LENGTH):
        value = value_of(text[position])
        if value < 0 or (position >= LEI_LENGTH - 2 and value > 9):
            return False
        remainder = (remainder * (10 if value < 10 else 100) + value) % 97
    return remainder == 1


def is_isin(text: Isin) -> Bool:
    """ISO 6166: two letters, nine letters or digits, a check digit by Luhn."""
    if len(text) != ISIN_LENGTH:
        return False
    total = 0
    doubled = False
    for back in range(ISIN_LENGTH):
        position = ISIN_LENGTH - 1 - back
        value = value_of(text[position])
        is_letter = value > 9
        if value < 0 or (position < 2 and not is_letter) or (back == 0 and is_letter):
            return False
        total += luhn(value % 10, doubled)
        doubled = not doubled
        if is_letter:
            total += luhn(value // 10, doubled)
            doubled = not doubled
    return total % 10 == 0


def luhn(digit: Int, doubled: Bool) -> Int:
    """A digit's part in the Luhn sum: every second one counts twice, nines cast out."""
    if not doubled:
        return digit
    return 2 * digit if digit < 5 else 2 * digit - 9


def value_of(letter: Str) -> Int:
    """0 to 9 for a digit, 10 to 35 for a capital, -1 for anything else."""
    code = ord(letter)
    if ord("0") <= code and code <= ord("9"):
        return code - ord("0")
    if ord("A") <= code and code <= ord("Z"):
        return code - ord("A") + 10
    return -1


# --- for the other contracts ---


@export(callers=ANY_CONTRACT)
def issuer_of(isin: Isin) -> Party:
    """Whose security this is; UNKNOWN_INSTRUMENT."""
    return expect(listings.get(isin), Error.UNKNOWN_INSTRUMENT).issuer


@export(callers=ANY_CONTRACT)
def own_account(issuer: Party) -> Account:
    """The account that an issuer's own shares stand in; UNKNOWN_ISSUER."""
    return expect(issuers.get(issuer), Error.UNKNOWN_ISSUER).account


@export(callers=ANY_CONTRACT)
def issuer_name(issuer: Party) -> Name:
    """An issuer's name; UNKNOWN_ISSUER."""
    return expect(issuers.get(issuer), Error.UNKNOWN_ISSUER).name


@export(callers=ANY_CONTRACT)
def is_institution(holder: Party) -> Bool:
    """Whether this is a registered institution."""
    return holder in institutions


@export(callers=ANY_CONTRACT)
def is_issuer(holder: Party) -> Bool:
    """Whether this is a registered issuer."""
    return holder in issuers


# --- queries ---


@query(roles=(Role.MEMBER, Role.ADMINISTRATOR))
def find_institution(institution: Party) -> Institution:
    """An institution's entry."""
    return institutions[institution]


@query(roles=(Role.ISSUER, Role.ADMINISTRATOR))
def find_issuer(issuer: Party) -> Issuer:
    """An issuer's entry."""
    return issuers[issuer]


@query(roles=(Role.ISSUER, Role.ADMINISTRATOR))
def find_instrument(issuer: Party, isin: Isin) -> Instrument:
    """One security of an issuer."""
    return instruments[issuer, isin]


@query(roles=(Role.ISSUER, Role.ADMINISTRATOR))
def instruments_of(issuer: Party) -> list[Instrument]:
    """The securities of an issuer."""
    require_own(issuer)
    return instruments.scan(issuer, limit=LIST_MAX)
