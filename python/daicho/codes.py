"""Every code of the five families, in one registry; none is ever reused.

- *ledger*: refusals, failed receipts, halted executors. Names, numbers and the
  retry flag come from Rust (`daicho_types::codes`); what to do about them is
  written here, and a test holds the two lists against each other.
- *configuration*: `CFG_...`, from the checks before anything runs.
- *verify*: `VFY_...`, from checks of stored or received data.
- *compiler*: `DC0001...`, from `daicho.compiler`.
- *machine*: why a contract's call ended, from `daicho.machine_codes`. Where the
  ledger refuses under the same name, the entry is the ledger's and tells both.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass

from daicho import _native
from daicho.machine_codes import OF_THE_LANGUAGE, TRAPS


@dataclass(frozen=True)
class Explanation:
    """A code, what it means, and what to do."""

    code: str
    family: str
    meaning: str
    remedy: str


_LEDGER = {
    "OK": ("Nothing is wrong.", "Nothing to do."),
    "MALFORMED": (
        "The bytes are no message of the format.",
        "Build the message with this version of the client.",
    ),
    "WRONG_CHAIN": (
        "The message was made for another chain, version or suite.",
        "Check that client and node hold the same genesis.",
    ),
    "SIGNATURE": (
        "The signature does not verify under the sender's key.",
        "Check which party folder signed; a renewed key must be admitted first.",
    ),
    "UNKNOWN_SENDER": (
        "The sender is not admitted.",
        "Have the administrator admit it with a control transaction.",
    ),
    "REVOKED": ("The sender was revoked.", "Ask the administrator for a new admission."),
    "READ_ONLY": ("The sender may read but not submit.", "Submit through a member institution."),
    "REPLAY": (
        "The sequence lies below the replay window.",
        "The transaction is old: ask for its receipt instead.",
    ),
    "SEQUENCE_USED": (
        "Other bytes have used this sequence.",
        "Take the next sequence; two processes may be sharing a party folder.",
    ),
    "SEQUENCE_AHEAD": (
        "The sequence lies above the replay window.",
        "Wait for earlier transactions, then send the same bytes again.",
    ),
    "EXPIRED": (
        "The expiry is past, or too far off.",
        "Seal the transaction again with a later expiry; check the clock.",
    ),
    "TOO_LARGE": ("It is above a size bound.", "Split it."),
    "BUSY": ("The node's pool is full.", "Send the same bytes again after a pause."),
    "SEAL": (
        "The body does not open under the epoch key.",
        "Seal it to the current epoch's key from the genesis.",
    ),
    "ROLE": (
        "The role that the entry point asks for is not held.",
        "Submit as a party that holds it.",
    ),
    "QUORUM": ("There are not enough approvals.", "Collect more approvers' signatures."),
    "ACCESS": (
        "Not found, or not visible: the two look the same.",
        "Check the key, and that the asking party holds the compartment.",
    ),
    "NO_CONTRACT": (
        "There is no such contract or entry point.",
        "Check the contract's number and version.",
    ),
    "BAD_ARTEFACT": (
        "The bytecode does not run: it does not verify, it changes what an id means, or its "
        "migration failed. The version before it goes on.",
        "Build it with this version's compiler; `daicho contract diff` says what it changes.",
    ),
    "ENTITY_LIMIT": (
        "The entity has a node of that kind already.",
        "Revoke the other one first.",
    ),
    "GAS": (
        "The call ran out of gas.",
        "Use a larger gas class, or do less in one transaction.",
    ),
    "NO_EXECUTOR": (
        "The node has no executor, or it is not running.",
        "Ask another node, or again later.",
    ),
    "NOT_YET": (
        "The height or time asked for is not certified here.",
        "Ask again later.",
    ),
    "DIVERGED": (
        "The executor's result differs from the certified one.",
        "Keep its store for the inquiry; rebuild the executor from the log.",
    ),
    "UNCERTIFIED": (
        "A block came with no valid commit certificate.",
        "Keep the evidence: somebody tampers between node and executor.",
    ),
    "DAMAGED": (
        "Stored bytes do not match their checksum or digest.",
        "Run `daicho verify`; restore the file from another node.",
    ),
    "CLOCK": (
        "The steered clock was moved where time is the system's, or backwards.",
        'Only a genesis with clock = "steered" takes this command.',
    ),
    "NONCE_USED": ("The query's nonce was used before.", "Ask with a fresh nonce."),
    "NOT_KEPT": (
        "A block of the past, or what ran in it, is not at hand there.",
        "Ask through another node (`--node`).",
    ),
}

_CONFIGURATION = {
    "CFG_FILE": ("A file is missing or cannot be read.", "Check the path and its permissions."),
    "CFG_SYNTAX": ("The file is no valid TOML.", "Mend the line that the message names."),
    "CFG_MISSING": ("A key is missing.", "Add it."),
    "CFG_UNKNOWN_KEY": ("A key is not known.", "Remove it, or mend its spelling."),
    "CFG_TYPE": ("A value has the wrong type.", "Write the type that the message names."),
    "CFG_CHOICE": ("A value is none of the choices.", "Take one of those in the message."),
    "CFG_RANGE": ("A value is out of range.", "Keep it within the bounds in the message."),
    "CFG_FORM": ("A value has the wrong form.", "Write it in the form that the message names."),
    "CFG_STEERED_PRODUCTION": (
        "A production network takes its time from the system clock.",
        'Set clock = "system"; steered time is for tests.',
    ),
    "CFG_GENESIS_RULE": ("The genesis breaks a rule between its fields.", "See the message."),
    "CFG_CHAIN": (
        "Two files belong to different chains.",
        "Take both from the same network folder.",
    ),
    "CFG_DUPLICATE": ("A name, key or address stands there twice.", "Make it unique."),
    "CFG_REFERENCE": ("A name refers to nothing.", "Name something that the file defines."),
    "CFG_SOURCE": (
        "The source is not the one that ran.",
        "Take the source of the version that ran then, with the compiler that built it.",
    ),
    "CFG_EXISTS": ("What would be made is there already.", "Take another, or remove it first."),
    "CFG_KEY_FILE": (
        "A secret is missing, readable by others, or does not open.",
        "Check the mode (0600) and that the unlock key is this folder's.",
    ),
    "CFG_CERT_CHAIN": (
        "The certificate was not issued by this network's authority.",
        "Have it issued with `daicho ca issue`.",
    ),
    "CFG_CERT_EXPIRED": ("The certificate has expired.", "Have a new one issued."),
    "CFG_CERT_NOT_YET": ("The certificate is not valid yet.", "Check the clock."),
    "CFG_CERT_REVOKED": ("The certificate was revoked.", "Have a new one issued."),
    "CFG_CERT_LEI": ("The LEI is missing or its check digits fail.", "Mend the LEI."),
    "CFG_CERT_FORM": ("It is no certificate or request of the form.", "Build it anew."),
    "CFG_CERT_BINDING": (
        "The CURVE key is not bound to the certificate.",
        "Sign a new binding with the certificate's key.",
    ),
    "CFG_CERT_UNKNOWN": (
        "The authority has issued no such certificate.",
        "See `daicho ca list`.",
    ),
    "CFG_ARGUMENTS": (
        "The arguments do not fit the entry point or query.",
        "Write them as the contract declares them.",
    ),
    "CFG_USAGE": (
        "The command line does not fit the command.",
        "See `--help` of the command.",
    ),
    "CFG_UNREACHABLE": (
        "No answer came in time: what was asked may or may not have happened.",
        "Send the same bytes again, or ask for the receipt; see `daicho net status`.",
    ),
    "CFG_NOT_BUILT": (
        "This part is not in the installed version.",
        "Install a version that has it.",
    ),
    "CFG_PROCESS": (
        "A process did not start, or is running already.",
        "See the node's log file; `daicho net status` shows who runs.",
    ),
}

_VERIFY = {
    "VFY_RECEIPT": (
        "A receipt does not prove what it claims.",
        "Ask another node, and keep the reply: a gateway that does this is faulty.",
    ),
    "VFY_BLOCK": (
        "A block does not hash to what its certificate or its child says.",
        "Fetch the block from another node.",
    ),
    "VFY_CERTIFICATE": (
        "A commit or result certificate has no quorum.",
        "Fetch it from another node; keep the evidence.",
    ),
    "VFY_CHAIN": ("A height is missing, or its parent differs.", "Fetch the range again."),
    "VFY_RECORD": (
        "A stored record is damaged or torn.",
        "Restore the file from another node.",
    ),
    "VFY_FORM": ("The file is no export of this format.", "Check which file was given."),
    "VFY_SIGNATURE": (
        "No administrator of this ledger signed the document, or it was altered since.",
        "Ask for the document anew; an altered one proves nothing.",
    ),
    "VFY_HOLDING": (
        "The certified state does not hold the row that the document states.",
        "Keep the document: if its signature is good, the administrator signed an untruth.",
    ),
    "VFY_RESULT": (
        "A result body does not hash to what its certificate says.",
        "Fetch the result from another node.",
    ),
}


def registry() -> dict[str, Explanation]:
    """All codes of this installation, by name."""
    found = [
        Explanation(code, family, *_with_trap(code, meaning, remedy))
        for family, table in (
            ("ledger", _LEDGER),
            ("configuration", _CONFIGURATION),
            ("verify", _VERIFY),
        )
        for code, (meaning, remedy) in table.items()
    ]
    found += _compiler_codes()
    found += [
        Explanation(code, "machine", meaning, remedy)
        for code, (meaning, remedy) in (TRAPS | OF_THE_LANGUAGE).items()
        if code not in _LEDGER
    ]
    by_name = {entry.code: entry for entry in found}
    assert len(by_name) == len(found), "a code stands in one family once"
    return by_name


def retry_codes() -> frozenset[str]:
    """Ledger codes after which the same bytes may succeed later."""
    return frozenset(name for _, name, retry in _native.codes() if retry)


def _with_trap(code: str, meaning: str, remedy: str) -> tuple[str, str]:
    """The words of a ledger's code, and of the trap that has the same name."""
    if code not in TRAPS:
        return meaning, remedy
    trap, advice = TRAPS[code]
    return f"{meaning} As a contract's failure: {trap}", f"{remedy} In a contract: {advice}"


def _compiler_codes() -> list[Explanation]:
    if importlib.util.find_spec("daicho.compiler.codes") is None:
        return []
    table = importlib.import_module("daicho.compiler.codes").REGISTRY
    return [
        Explanation(row.id, "compiler", f"{row.title}: {row.text}", row.hint)
        for row in table.values()
    ]
