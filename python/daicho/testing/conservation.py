"""What CONSERVATION says: in which group of which holdings the sums do not agree.

A failure's result is the contract, the table, the group's ordered key bytes, and two
sums: what the movements changed, and what `issue` and `redeem` declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from daicho.compiler import Artefact
from daicho.compiler.tree import TableDecl
from daicho.compiler.types import AmountType, FixedType, StrType

_SUM = 16
"""Bytes of a sum: little-endian, signed."""


def unbalanced(result: bytes, artefacts: Mapping[int, Artefact], names: Mapping[bytes, str]) -> str:
    """`cash: of bank = bank B moved -588000, issued 0`; "" where the contract is not known.

    `artefacts` by number; `names` are those of parties, by id.
    """
    artefact = artefacts.get(int.from_bytes(result[:4], "little"))
    table = _table(artefact, int.from_bytes(result[4:6], "little")) if artefact else None
    if table is None:
        return ""
    size = int.from_bytes(result[6:10], "little")
    group, sums = result[10 : 10 + size], result[10 + size :]
    unit, column = table.values[0].type, table.keys[table.group]
    moved, declared = (_amount(sums[at : at + _SUM], unit) for at in (0, _SUM))
    key = group.hex()
    if isinstance(column.type, StrType):
        key = group.removesuffix(b"\0\0").replace(b"\0\xff", b"\0").decode()
    elif isinstance(column.type, FixedType):
        key = names.get(group, key)
    return f"{table.name}: of {column.name} = {key} moved {moved}, issued {declared}"


def _table(artefact: Artefact, number: int) -> TableDecl | None:
    module = artefact.module
    numbers = artefact.ids.number(module.name, "tables", module.stored)
    return next((item for item in module.tables if numbers[item.name] == number), None)


def _amount(data: bytes, unit: object) -> Decimal:
    scale = unit.scale if isinstance(unit, AmountType) else 0
    return Decimal(int.from_bytes(data, "little", signed=True)).scaleb(-scale)
