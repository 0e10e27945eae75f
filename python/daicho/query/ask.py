"""A query whose answer does not rest on one executor's word.

Where no proof exists, as many different executors as certify a result are
asked at the same height; their answers must be equal, and the state root they
answer from must be the certified one (design, Queries).
"""

from __future__ import annotations

from dataclasses import dataclass

from daicho.gateway.client import Answer, At, LedgerClient
from daicho.gateway.errors import BadReplyError
from daicho.gateway.party import Party


@dataclass(frozen=True)
class ProvedAnswer:
    """An answer and who gave it."""

    answer: Answer
    nodes: tuple[str, ...]


def executors_of(party: Party) -> list[str]:
    """The nodes that execute, in the order of the genesis."""
    return [node.name for node in party.genesis.file.nodes if node.executor is not None]


def ask_quorum(
    party: Party,
    contract: int,
    query: int,
    arguments: bytes,
    *,
    at: At = None,
    timeout_s: float,
) -> ProvedAnswer:
    """Ask a majority of executors; BadReplyError unless they agree."""
    nodes = executors_of(party)
    nodes = nodes[: len(nodes) // 2 + 1]
    answers: list[Answer] = []
    for node in nodes:
        with LedgerClient(party, node=node, timeout_s=timeout_s) as client:
            answer = client.query(contract, query, arguments, at=at)
            client.root_certified(answer)
            answers.append(answer)
            at = ("height", answer.height)
    first = answers[0]
    same = (first.height, first.state_root, first.result)
    if any((a.height, a.state_root, a.result) != same for a in answers):
        raise BadReplyError(f"{', '.join(nodes)} do not give the same answer")
    return ProvedAnswer(first, tuple(nodes))
