"""Client records of banks: what one bank may ask about another's, and what it learns.

Every way to ask is here once: a row, a scan, an index, the past by time and by
height, and an attempt. A bank sees its own clients and nobody else's; whether
others exist shows in no answer.
"""

from words import Error

from daicho.contract import (
    ADMINISTRATOR,
    ANY_ROLE,
    Account,
    Annotated,
    Enum,
    Event,
    Index,
    Int,
    Key,
    MaxLen,
    Party,
    Role,
    Row,
    Str,
    Table,
    Timestamp,
    attempt,
    emit,
    entry,
    party,
    query,
    require,
    sender,
)

edition = 1

PAGE = 100

Name = Annotated[Str, MaxLen(64)]
Banks = Annotated[list[Party], MaxLen(8)]


class Grade(Enum):
    RETAIL = 0
    PROFESSIONAL = 1


class Client(Row):
    bank: Key[Party]
    client: Key[Account]
    grade: Grade
    name: Name


class Opened(Event):
    bank: Party
    client: Account


clients = Table(Client, compartment=party(Client.bank))
clients_by_grade = Index(clients, Client.bank, Client.grade)


@entry(roles=(Role.MEMBER,))
def enter(client: Account, grade: Grade, name: Name) -> None:
    """A new client of the sender."""
    require(clients.get(sender(), client) is None, Error.DUP)
    clients.insert(Client(bank=sender(), client=client, grade=grade, name=name))
    emit(Opened(bank=sender(), client=client), to=(party(Opened.bank), ADMINISTRATOR))


@entry(roles=(Role.MEMBER,))
def regrade(client: Account, grade: Grade) -> None:
    clients.put(clients[sender(), client].replace(grade=grade))


@entry(roles=(Role.MEMBER,))
def close(client: Account) -> None:
    require((sender(), client) in clients, Error.UNKNOWN)
    clients.delete(sender(), client)


# --- one client ---


@query(roles=ANY_ROLE)
def find(bank: Party, client: Account) -> Client:
    return clients[bank, client]


@query(roles=ANY_ROLE)
def find_then(bank: Party, client: Account, time: Timestamp) -> Client:
    return clients.as_of(time)[bank, client]


@query(roles=ANY_ROLE)
def find_at(bank: Party, client: Account, height: Int) -> Client:
    return clients.as_of(height)[bank, client]


@query(roles=ANY_ROLE)
def is_client(bank: Party, client: Account) -> bool:
    return (bank, client) in clients


@query(roles=ANY_ROLE)
def code_of_finding(bank: Party, client: Account) -> Int:
    """What it fails with, found out from inside."""
    with attempt() as tried:
        _ = clients[bank, client].grade
    return tried.code


# --- many ---


@query(roles=ANY_ROLE)
def all_of(banks: Banks) -> list[Client]:
    """The clients of several banks, as far as the caller may see them."""
    found: list[Client] = []
    for bank in banks:
        found.extend(clients.scan(bank, limit=PAGE))
    return found


@query(roles=ANY_ROLE)
def graded(banks: Banks, grade: Grade) -> list[Client]:
    found: list[Client] = []
    for bank in banks:
        found.extend(clients_by_grade.scan(bank, grade, limit=PAGE))
    return found


@query(roles=ANY_ROLE)
def graded_then(banks: Banks, grade: Grade, time: Timestamp) -> list[Client]:
    found: list[Client] = []
    for bank in banks:
        found.extend(clients_by_grade.as_of(time).scan(bank, grade, limit=PAGE))
    return found


@query(roles=ANY_ROLE)
def graded_at(banks: Banks, grade: Grade, height: Int) -> list[Client]:
    found: list[Client] = []
    for bank in banks:
        found.extend(clients_by_grade.as_of(height).scan(bank, grade, limit=PAGE))
    return found
