"""Step 4, emit: from named code to the bytes of `docs/bytecode.md`.

Types, constants and failure codes are interned in the order of their first
use, so equal input gives equal bytes on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

from daicho.compiler import codes
from daicho.compiler.access import AccessSet
from daicho.compiler.bytecode import FORMAT, GAS_SCHEDULE, MAGIC
from daicho.compiler.diagnostics import START, Reporter, Span
from daicho.compiler.ids import Ids
from daicho.compiler.ir import Code
from daicho.compiler.step2_check.effects import all_functions
from daicho.compiler.step2_check.scope import Module
from daicho.compiler.step4_emit.code import FunctionWriter, Pool
from daicho.compiler.step4_emit.code import MapEntry as MapEntry
from daicho.compiler.step4_emit.fields import text, u8, u16, u32, vector
from daicho.compiler.step4_emit.numbers import PLURALS, functions_of, numbers_of, positions
from daicho.compiler.step4_emit.sections import (
    accesses,
    callables,
    events,
    imports,
    indexes,
    migration,
    tables,
)

EDITION = 1
CODE_BYTES_MAX = 65_535
LOCALS_MAX = 256
NAME_BYTES_MAX = 64
DECLARATIONS_MAX = {
    "types": 4_096,
    "constants": 4_096,
    "failure codes": 1_024,
    "events": 256,
    "tables": 256,
    "imported functions": 256,
    "functions": 1_024,
    "entry points": 256,
    "queries": 256,
    "exports": 256,
    "source maps": 1_024,
    "indexes": 256,
    "scheduled functions": 256,
}
"""Items of sections 2 to 14."""
ARTEFACT_BYTES_MAX = 524_288


@dataclass
class Emitted:
    """An artefact, and where each instruction comes from, by function."""

    data: bytes
    source_map: dict[str, list[MapEntry]]


@dataclass
class Written:
    """The code of every function, and what all of it names."""

    pool: Pool
    writers: list[FunctionWriter]
    bodies: list[bytes]


def write(module: Module, functions: list[Code], ids: Ids, reporter: Reporter) -> Written:
    """The code of `functions`, in this order; a report where one is too large."""
    numbers = {(code.module, code.name): index for index, code in enumerate(functions)}
    pool = _pool(module, numbers, ids)
    spans = {key: item.span for key, item in all_functions(module).items()}
    writers: list[FunctionWriter] = []
    bodies: list[bytes] = []
    for code in functions:
        writer = FunctionWriter(pool, code)
        body = writer.write()
        _check_size(spans[code.module, code.name], code, body, reporter)
        writers.append(writer)
        bodies.append(_function(pool, code, body))
    return Written(pool, writers, bodies)


def _pool(module: Module, functions: dict[tuple[str, str], int], ids: Ids) -> Pool:
    stored = numbers_of(ids, module, "tables")
    events = positions(numbers_of(ids, module, "events"), list(module.events))
    pool = Pool(
        module,
        ids,
        functions,
        tables=positions(stored, [item.name for item in module.tables]),
        indexes=positions(stored, [item.name for item in module.indexes]),
        scheduled=positions(
            numbers_of(ids, module, "scheduled"),
            [item.name for item in functions_of(module, "scheduled")],
        ),
        events=events,
    )
    for event in module.events.values():
        pool.types.index(event.record)
    return pool


def _check_size(span: Span, code: Code, body: bytes, reporter: Reporter) -> None:
    if len(body) > CODE_BYTES_MAX:
        reporter.error(
            codes.LIMIT, span, what=f"`{code.name}` has more than {CODE_BYTES_MAX} bytes of code"
        )
    if len(code.locals) > LOCALS_MAX:
        reporter.error(codes.LIMIT, span, what=f"`{code.name}` needs more than {LOCALS_MAX} locals")


def function_name(contract: str, module: str, name: str) -> str:
    """What a function is called in the artefact: what is compiled in has its file in front."""
    return name if module == contract else f"{module}_{name}"[:NAME_BYTES_MAX]


def _function(pool: Pool, code: Code, body: bytes) -> bytes:
    names = list(code.locals)
    params = [u16(pool.types.index(item)) for item in code.params]
    declared = [u16(pool.types.index(code.locals[name])) for name in names[len(params) :]]
    name = function_name(pool.module.name, code.module, code.name)
    head = text(name) + vector(params) + u16(pool.type_or_none(code.result))
    return head + vector(declared) + u32(len(body)) + body


def emit(written: Written, sets: list[AccessSet], reporter: Reporter) -> Emitted:
    """The artefact."""
    pool, writers, bodies = written.pool, written.writers, written.bodies
    module = pool.module
    imported = imports(pool, reporter)
    declared_events, declared_tables = events(pool), tables(pool)
    entries, queries, exports, scheduled = (callables(pool, kind, reporter) for kind in PLURALS)
    declared_indexes = indexes(pool)
    errors = [
        u16(item.code)
        + text(item.name)
        + vector([u16(pool.types.index(detail)) for detail in item.details])
        for item in pool.errors
    ]
    maps = [
        vector([u32(i.pc) + u32(i.line) + u16(i.column) for i in writer.map]) for writer in writers
    ]
    access_rows = accesses(pool, sets, reporter)
    lists = [
        pool.types.bodies,
        list(pool.constants),
        errors,
        declared_events,
        declared_tables,
        imported,
        bodies,
        entries,
        queries,
        exports,
        maps,
        declared_indexes,
        scheduled,
    ]
    for (what, most), items in zip(DECLARATIONS_MAX.items(), lists, strict=True):
        if len(items) > most:
            reporter.error(codes.LIMIT, START, what=f"the contract has more than {most} {what}")
    sections = [
        text(module.name) + text(module.parsed.source.filename.rpartition("/")[2]),
        *map(vector, lists),
        migration(pool),
        vector(access_rows),
    ]
    body = b"".join(u8(number) + u32(len(item)) + item for number, item in enumerate(sections, 1))
    head = MAGIC + u16(FORMAT) + u16(EDITION) + u16(GAS_SCHEDULE) + u16(0) + u32(len(body))
    if len(head) + len(body) > ARTEFACT_BYTES_MAX:
        reporter.error(
            codes.LIMIT,
            START,
            what=f"the contract has more than {ARTEFACT_BYTES_MAX} bytes",
        )
    return Emitted(head + body, {writer.code.name: writer.map for writer in writers})
