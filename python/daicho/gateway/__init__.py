"""The client of a node's gateway: seals, signs, sends, and checks what comes back.

Nothing that a gateway says is believed: receipts are checked against the
genesis (commit quorum, place in the block, result quorum, place in the result)
before they are handed on.
"""

from daicho.gateway.client import Answer, LedgerClient, Rows, SealedItem
from daicho.gateway.errors import BadReplyError, GatewayError, RefusedError, UnreachableError
from daicho.gateway.party import Party
from daicho.gateway.sequences import MemorySequences, SequenceFile

__all__ = [
    "Answer",
    "BadReplyError",
    "GatewayError",
    "LedgerClient",
    "MemorySequences",
    "Party",
    "RefusedError",
    "Rows",
    "SealedItem",
    "SequenceFile",
    "UnreachableError",
]
