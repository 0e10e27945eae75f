"""A line or two for every command, shown at the end of its help."""

from __future__ import annotations

import click

EXAMPLES = {
    "demo": ("daicho demo", "daicho demo --profile blind --keep"),
    "net init": ("daicho net init ledger", "daicho net init ledger --validators 7 --members 5"),
    "net up": ("daicho net up ledger", "daicho net up ledger --node bankA"),
    "net down": ("daicho net down ledger",),
    "net status": ("daicho net status ledger",),
    "node": ("daicho node --home ledger/nodes/bankA",),
    "ca init": ("daicho ca init --network ledger",),
    "ca issue": ("daicho ca issue bankZ.csr --out bankZ.pem --network ledger",),
    "ca enrol": ("daicho ca enrol bankZ --lei LEI --organisation 'Bank Z' --role member",),
    "ca revoke": ("daicho ca revoke bankZ --reason key-compromise --network ledger",),
    "ca list": ("daicho ca list --network ledger",),
    "status": ("daicho status --as bankA --network ledger",),
    "new": ("daicho new bonds",),
    "check": ("daicho check", "daicho check contracts/bonds.py --watch"),
    "test": ("daicho test -k coupon -x", "daicho test --backend=python --pdb"),
    "contract build": ("daicho contract build contracts/bonds.py --out v1.dcb",),
    "contract diff": ("daicho contract diff v1.dcb contracts/bonds.py",),
    "contract deploy": (
        "daicho contract deploy contracts/bonds.py --as exchange --network ledger",
    ),
    "contract upgrade": (
        "daicho contract upgrade contracts/bonds.py --as exchange --network ledger --yes",
    ),
    "control admit": ("daicho control admit bankZ --as exchange --network ledger",),
    "control revoke": ("daicho control revoke bankZ --as exchange --network ledger",),
    "tx submit": (
        """daicho tx submit paper redeem --as bankA --args '{"paper": "CP"}' --network ledger""",
        "daicho tx submit paper issue --as bankA --args @issue.json --cosign bankB",
    ),
    "tx get": (
        "daicho tx get TXID --as bankA --network ledger",
        "daicho tx get TXID --as bankA --export evidence.json",
    ),
    "tx trace": ("daicho tx trace TXID --as bankA --source contracts/paper.py",),
    "query": (
        """daicho query paper find_paper --as bankA --args '{"paper": "CP"}' --network ledger""",
        """daicho query paper find_paper --as bankA --args '{"paper": "CP"}' --prove""",
    ),
    "events": ("daicho events --as bankA --from 100 --follow",),
    "audit certify": (
        "daicho audit certify --as exchange --contract paper --table papers "
        """--key '{"paper": "CP"}' --out holding.json""",
    ),
    "audit verify": ("daicho audit verify evidence.json --genesis ledger/genesis.toml",),
    "verify": ("daicho verify --home ledger/nodes/bankA",),
    "replay": ("daicho replay --home ledger/nodes/bankA",),
    "explain": ("daicho explain DC0009", "daicho explain CONSERVATION"),
    "bench": ("daicho bench dvp --seconds 20",),
}


def show_examples(command: click.Command, name: str) -> None:
    """Put its examples under a command's help, or under that of each in its group."""
    if isinstance(command, click.Group):
        for inner, found in command.commands.items():
            show_examples(found, f"{name} {inner}")
        return
    lines = "\n".join(f"  {line}" for line in EXAMPLES[name])
    command.epilog = f"\b\nExamples:\n{lines}"
