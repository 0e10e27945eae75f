"""The sections that describe state, events and what may be called."""

from __future__ import annotations

from daicho.compiler import codes
from daicho.compiler.access import FORMS, MODES, Access, AccessSet
from daicho.compiler.bytecode import COMPARTMENTS
from daicho.compiler.diagnostics import START, Reporter, Span
from daicho.compiler.step2_check.effects import all_functions, all_modules
from daicho.compiler.step2_check.scope import Module
from daicho.compiler.step3_lower.builder import stored_row
from daicho.compiler.step4_emit.code import Pool
from daicho.compiler.step4_emit.fields import text, u8, u16, u32, vector
from daicho.compiler.step4_emit.numbers import PLURALS, functions_of, numbers_of
from daicho.compiler.tree import Function, IndexDecl, TableDecl
from daicho.compiler.types import ROLE

ROW_VERSION = 1


ALL_ROLES = 0xFFFF_FFFF
NO_FUNCTION = 0xFFFF
GAS_CLASSES = "SML"
ACCESSES_MAX = 256
"""Accesses that one access set names."""
DYNAMIC = FORMS.index("dynamic")


def imports(pool: Pool, reporter: Reporter) -> list[bytes]:
    """Section 7: what is called of other contracts."""
    functions, modules = all_functions(pool.module), all_modules(pool.module)
    rows: list[bytes] = []
    for module, name in pool.imports:
        callee = functions[module, name]
        number = numbers_of(pool.ids, modules[module], "export")[name]
        contract = pool.ids.contracts.get(module, 0)
        span = _call_span(pool.module, module, name)
        if not contract:
            hint = f"give it a number in ids.toml: `[contracts]`, `{module} = …`"
            what = f"the contract `{module}` has no id"
            reporter.error(codes.CONTRACT_SET, span, hint, what=what)
        if callee.callers and pool.module.name not in callee.callers:
            what = f"`{name}` of `{module}` may be called by {', '.join(callee.callers)} only"
            hint = f'name this contract there: `@export(callers=(…, "{pool.module.name}"))`'
            reporter.error(codes.CONTRACT_SET, span, hint, what=what)
        params = vector([u16(pool.types.index(item.type)) for item in callee.params])
        rows.append(u32(contract) + u32(number) + params + u16(_result(pool, callee)))
    return rows


def _call_span(module: Module, other: str, name: str) -> Span:
    spans = [s for f in module.functions for m, n, s in f.calls if (m, n) == (other, name)]
    return spans[0] if spans else Span(1, 1, 1, 1)


def _result(pool: Pool, function: Function) -> int:
    return pool.type_or_none(None if str(function.result) == "None" else function.result)


def events(pool: Pool) -> list[bytes]:
    """Section 5."""
    module = pool.module
    numbers = numbers_of(pool.ids, module, "events")
    rows: list[bytes] = []
    for name in sorted(module.events, key=lambda item: numbers[item]):
        event = module.events[name]
        addressees = [
            u8(COMPARTMENTS[kind]) + u16(0 if column is None else event.record.index(column))
            for kind, column in event.addressees
        ]
        record = u16(pool.types.index(event.record))
        rows.append(u16(numbers[name]) + text(name) + record + vector(addressees))
    return rows


def tables(pool: Pool) -> list[bytes]:
    """Section 6."""
    numbers = numbers_of(pool.ids, pool.module, "tables")
    ordered = sorted(pool.module.tables, key=lambda item: numbers[item.name])
    return [_table(pool, table, numbers) for table in ordered]


def indexes(pool: Pool) -> list[bytes]:
    """Section 13."""
    numbers = numbers_of(pool.ids, pool.module, "tables")
    ordered = sorted(pool.module.indexes, key=lambda item: numbers[item.name])
    return [_index(pool, index, numbers[index.name]) for index in ordered]


def _index(pool: Pool, index: IndexDecl, number: int) -> bytes:
    keys = [item.name for item in index.table.keys]
    values = [item.name for item in index.table.values]
    columns = [
        u8(0) + u8(keys.index(name)) if name in keys else u8(1) + u8(values.index(name))
        for name in index.columns
    ]
    return u16(number) + text(index.name) + u16(pool.tables[index.table.name]) + vector(columns)


def _table(pool: Pool, table: TableDecl, numbers: dict[str, int]) -> bytes:
    columns = [text(item.name) + u16(pool.types.index(item.type)) for item in table.keys]
    row = u16(pool.types.index(stored_row(table.row)))
    head = u16(numbers[table.name]) + text(table.name) + u16(ROW_VERSION) + vector(columns) + row
    head += u8(COMPARTMENTS[table.compartment]) + u8(table.compartment_column)
    if table.kind != "holdings":
        return head + u8(0)
    amounts = vector([u16(index) for index in range(len(table.values))])
    locks = vector([u16(at) + u16(numbers[table.locks(at)]) for at in table.locked])
    return head + u8(1) + u8(table.group) + amounts + locks


def callables(pool: Pool, kind: str, reporter: Reporter) -> list[bytes]:
    """Sections 9 to 11 and 14: what starts from outside, in the order of its numbers."""
    module = pool.module
    numbers = numbers_of(pool.ids, module, kind)
    rows: list[bytes] = []
    for function in sorted(functions_of(module, kind), key=lambda item: numbers[item.name]):
        head = u32(numbers[function.name]) + text(function.name)
        head += u16(pool.functions[module.name, function.name])
        params = [item.name for item in function.params]
        names = vector([text(item) for item in params])
        if kind == "entry":
            signed = vector([u16(params.index(item)) for item in function.signed_by])
            head += u32(_mask(function)) + signed + names
        elif kind == "query":
            head += u32(_mask(function)) + names
        elif kind == "export":
            head += _callers(pool, function, reporter)
        else:
            gas = GAS_CLASSES.index(function.gas)
            head += u8(function.priority) + u8(gas) + u8(function.resumes)
        rows.append(head)
    return rows


def _mask(function: Function) -> int:
    if len(set(function.roles)) == len(ROLE.members):
        return ALL_ROLES
    mask = 0
    for bit in function.roles:
        mask |= 1 << bit
    return mask


def _callers(pool: Pool, function: Function, reporter: Reporter) -> bytes:
    numbers: list[int] = []
    for name in function.callers:
        number = pool.ids.contracts.get(name)
        if number is None:
            hint = f"give it a number in ids.toml: `[contracts]`, `{name} = …`"
            what = f"the contract `{name}`, a caller, has no id"
            reporter.error(codes.CONTRACT_SET, function.span, hint, what=what)
        else:
            numbers.append(number)
    return vector([u32(number) for number in sorted(numbers)])


def migration(pool: Pool) -> bytes:
    """Section 15: the function, or none."""
    chosen = functions_of(pool.module, "migrate")
    return u16(pool.functions[pool.module.name, chosen[0].name] if chosen else NO_FUNCTION)


def accesses(pool: Pool, sets: list[AccessSet], reporter: Reporter) -> list[bytes]:
    """Section 16: what each callable may touch, by the numbers of what it names."""
    rows: list[tuple[int, int, bytes]] = []
    for item in sets:
        kind = tuple(PLURALS).index(item.kind)
        number = numbers_of(pool.ids, pool.module, item.kind)[item.name]
        found = {_access(pool, access) for access in item.accesses}
        if len(found) > ACCESSES_MAX:
            found = {(contract, table, mode, DYNAMIC) for contract, table, mode, _ in found}
        if len(found) > ACCESSES_MAX:
            what = f"`{item.name}` touches more than {ACCESSES_MAX} tables"
            reporter.error(codes.LIMIT, START, what=what)
        entries = [u32(c) + u16(t) + u8(m) + u8(f) for c, t, m, f in sorted(found)]
        rows.append((kind, number, u8(kind) + u32(number) + vector(entries)))
    return [row for _, _, row in sorted(rows)]


def _access(pool: Pool, access: Access) -> tuple[int, int, int, int]:
    module = all_modules(pool.module)[access.module]
    own = access.module == pool.module.name
    contract = 0 if own else pool.ids.contracts.get(access.module, 0)
    table = numbers_of(pool.ids, module, "tables")[access.table]
    return contract, table, MODES.index(access.mode), FORMS.index(access.form)
