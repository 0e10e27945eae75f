"""Companies are listed: issuers, instruments, the issue and its allotment.

Everything here is entered by the administrator on an outside request, and the
same request is carried out once.
"""

from __future__ import annotations

import secrets
from decimal import Decimal

from blake3 import blake3

from daicho.demo.cast import (
    BANKS,
    HOLDERS,
    HOUSES,
    ISIN_MISTYPED,
    ISIN_X,
    ISIN_Y,
    ISSUE_X,
    ISSUE_Y,
    WEIGHTS_X,
    WEIGHTS_Y,
)
from daicho.demo.stage import Stage


def request(words: str) -> bytes:
    """The digest under which an outside request is entered."""
    return blake3(words.encode()).digest()


def issuers_and_instruments(stage: Stage) -> str:
    """Two issuers with one share each; wrong check digits are turned down."""
    adm, x, y = stage.desk("adm"), stage.desk("issX"), stage.desk("issY")
    for name in BANKS:
        bank = stage.desk(name)
        adm.submit(
            "reference", "register_institution", institution=bank.id, lei=bank.lei, name=name
        )
    wrong = x.lei[:-2] + f"{(int(x.lei[-2:]) + 1) % 100:02}"
    issuer = {"issuer": x.id, "name": "X Industries", "account": secrets.token_bytes(16)}
    code = adm.code("reference", "register_issuer", lei=wrong, **issuer)
    stage.seen.note("listing.wrong_lei", code)
    adm.submit("reference", "register_issuer", lei=x.lei, **issuer)
    other = {"issuer": y.id, "name": "Y Foods", "account": secrets.token_bytes(16)}
    adm.submit("reference", "register_issuer", lei=y.lei, **other)
    share = {"issuer": x.id, "name": "X Industries, ordinary"}
    code = adm.code("reference", "register_instrument", isin=ISIN_MISTYPED, **share)
    stage.seen.note("listing.wrong_isin", code)
    adm.submit("reference", "register_instrument", isin=ISIN_X, **share)
    adm.submit(
        "reference", "register_instrument", isin=ISIN_Y, issuer=y.id, name="Y Foods, ordinary"
    )
    found = x.ask("reference", "find_issuer", issuer=x.id)
    stage.seen.note("listing.issuer_reads_itself", found["lei"] == x.lei)
    return f"{ISIN_X} of X Industries, {ISIN_Y} of Y Foods"


def accounts_are_opened(stage: Stage) -> str:
    """Every bank opens its own account and one for each of its investors."""
    for short, holder in HOLDERS.items():
        stage.ids[short] = secrets.token_bytes(16)
        stage.desk(holder.bank).submit(
            "securities", "open_account", account=stage.ids[short], name=holder.name
        )
    counts = [
        len(stage.desk(bank).ask("securities", "accounts_of", bank=stage.desk(bank).id, after=None))
        for bank in BANKS
    ]
    stage.seen.note("accounts.by_bank", counts)
    return f"{len(HOLDERS)} accounts under {len(BANKS)} banks"


def issue_and_allotment(stage: Stage) -> str:
    """A million shares are booked to the issuer, and go to the underwriters 60/30/10."""
    adm, x = stage.desk("adm"), stage.desk("issX")
    asked = {"isin": ISIN_X, "quantity": ISSUE_X, "request": request("X issues 1,000,000")}
    adm.submit("securities", "issue", **asked)
    own = x.ask("securities", "own_shares", issuer=x.id, isin=ISIN_X)
    stage.seen.note("issue.booked_to_issuer", own["available"])
    stage.seen.note("issue.same_request_again", adm.code("securities", "issue", **asked))
    allotted = _allot(stage, ISIN_X, ISSUE_X, WEIGHTS_X)
    for bank, quantity in zip(BANKS, allotted, strict=True):
        stage.seen.note(f"issue.{bank}", quantity)
    own = x.ask("securities", "own_shares", issuer=x.id, isin=ISIN_X)
    stage.seen.note("issue.left_with_issuer", own["available"])
    adm.submit(
        "securities", "issue", isin=ISIN_Y, quantity=ISSUE_Y, request=request("Y issues 1,000")
    )
    rest = _allot(stage, ISIN_Y, ISSUE_Y, WEIGHTS_Y)
    stage.seen.note("issue.thirds_of_y", list(rest))
    return f"X {', '.join(f'{part:,}' for part in allotted)}; Y {', '.join(map(str, rest))}"


def _allot(stage: Stage, isin: str, quantity: int, weights: dict[str, int]) -> list[Decimal]:
    underwriters = [
        {"bank": stage.desk(bank).id, "account": stage.ids[HOUSES[bank]], "weight": weight}
        for bank, weight in weights.items()
    ]
    parts: list[Decimal] = stage.desk("adm").result(
        "securities", "allot", isin=isin, quantity=quantity, underwriters=underwriters
    )
    return parts
