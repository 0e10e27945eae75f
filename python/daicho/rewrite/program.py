"""One deployed contract: its functions as Python functions, its numbers, its border."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING

from daicho.compiler import Artefact
from daicho.compiler.step2_check.effects import all_functions, all_modules
from daicho.compiler.step4_emit.numbers import functions_of, numbers_of
from daicho.compiler.tree import Function
from daicho.compiler.types import (
    NONE,
    ROLE,
    EnumType,
    ListType,
    MapType,
    OptionalType,
    RecordType,
    TupleType,
    Type,
)
from daicho.rewrite.encoding import encoder
from daicho.rewrite.expressions import RUN, Globals
from daicho.rewrite.functions import located, rewrite_function
from daicho.rewrite.outside import Scheduled
from daicho.rewrite.run import EventAccess, Import
from daicho.rewrite.stored import Border, table_named
from daicho.rewrite.tables import IndexAccess, TableAccess, access, index_access

if TYPE_CHECKING:
    from daicho.rewrite.run import Run

CONTRACT = "%contract"
"""The contract's number, in the globals of its functions."""
EVERY_ROLE = 0xFFFF_FFFF
GAS_LIMITS = {"S": 100_000, "M": 5_000_000, "L": 50_000_000}
"""By gas class, docs/bytecode.md §9."""
Name = tuple[str, str]


@dataclass(frozen=True)
class Export:
    """A function that other contracts may call."""

    function: FunctionType
    signature: tuple[Type, ...]
    callers: frozenset[int]

    def accepts(self, wanted: tuple[Type, ...]) -> bool:
        """Whether the caller was compiled against the same signature."""
        return [shape(item) for item in self.signature] == [shape(item) for item in wanted]


@dataclass(frozen=True)
class Entry:
    """What a transaction or a query calls."""

    function: FunctionType
    params: tuple[Type, ...]
    result: Type | None
    roles: int
    signed_by: tuple[int, ...]


def shape(type_: Type) -> object:
    """A type without the names of its fields: what a border compares."""
    match type_:
        case RecordType(name=name, fields=fields):
            return (name, *(shape(item.type) for item in fields))
        case EnumType(name=name, members=members):
            return (name, *(member for member, _ in members))
        case ListType(item, length):
            return ("list", shape(item), length)
        case MapType(key, value, length):
            return ("dict", shape(key), shape(value), length)
        case OptionalType(item):
            return ("optional", shape(item))
        case TupleType(items):
            return ("tuple", *(shape(item) for item in items))
    return type_


class Program:
    """A contract as Python code, under the number it was deployed with."""

    def __init__(self, number: int, artefact: Artefact) -> None:
        self.number = number
        self._artefact = artefact
        self._module = artefact.module
        self._ids = artefact.ids
        self._functions = all_functions(self._module)
        self._modules = all_modules(self._module)
        self._names = Globals()
        self._names.names[CONTRACT] = number
        self._tables: dict[Name, TableAccess] = {}
        self._compile()
        self.entries, self.queries = self._opened("entry"), self._opened("query")
        self.scheduled = self._opened("scheduled")
        self.limits = {at: GAS_LIMITS[item.gas] for at, item in self._numbered("scheduled")}
        self.migration = next(
            (self._entry(item) for item in functions_of(self._module, "migrate")), None
        )
        self.exports = {
            number: self._export(function) for number, function in self._numbered("export")
        }

    def attach(self, run: Run) -> None:
        """From now on this program's code belongs to `run`."""
        self._names.names[RUN] = run

    def detach(self) -> None:
        """No run holds what it ran: both end when the last name of them goes."""
        del self._names.names[RUN]

    # --- code ---

    def _compile(self) -> None:
        """Each file's functions in one piece, under the file's name."""
        for module, functions in self._taken().items():
            definitions: list[ast.stmt] = [
                rewrite_function(item, qualified(item), self._border(item)) for item in functions
            ]
            tree = located(ast.Module(definitions, []))
            exec(compile(tree, self._path(module), "exec"), self._names.names)  # noqa: S102

    def _taken(self) -> dict[str, list[Function]]:
        """The module's own functions, and the helpers it takes from others, by module."""
        taken = {self._module.name: list(self._module.functions)}
        waiting = list(self._module.functions)
        while waiting:
            for module, name, _ in waiting.pop().calls:
                callee = self._functions[module, name]
                if not self._leaves(callee) and callee not in taken.setdefault(module, []):
                    taken[module].append(callee)
                    waiting.append(callee)
        return taken

    def _leaves(self, callee: Function) -> bool:
        return callee.module != self._module.name and callee.kind == "export"

    def _path(self, module: str) -> str:
        filename = self._modules[module].parsed.source.filename
        folder = self._artefact.folder
        return filename if folder is None else str(folder.resolve() / filename)

    def _border(self, function: Function) -> Border:
        table = partial(self._table, function.module)
        return Border(
            self._names,
            self.number,
            table,
            self._index,
            self._event,
            self._callee,
            self._scheduled,
        )

    def _callee(self, name: Name) -> object:
        callee = self._functions[name]
        if not self._leaves(callee):
            return qualified(callee)
        module = self._modules[name[0]]
        number = numbers_of(self._ids, module, "export")[name[1]]
        contract = self._ids.contracts.get(module.name, 0)
        return Import(self.number, contract, number, _signature(callee))

    def _table(self, module: str, name: str) -> TableAccess:
        if (module, name) not in self._tables:
            owner = self._modules[module]
            numbers = numbers_of(self._ids, owner, "tables")
            decl = table_named(owner.tables, name)
            made = access(self.number, numbers[name], decl)
            made.locks.update({at: numbers[decl.locks(at)] for at in decl.locked})
            self._tables[module, name] = made
            for index in owner.indexes:
                if index.table.name == name:
                    made.indexes.append(index_access(numbers[index.name], made, index))
        return self._tables[module, name]

    def _index(self, name: str) -> IndexAccess:
        decl = next(item for item in self._module.indexes if item.name == name)
        table = self._table(self._module.name, decl.table.name)
        return next(item for item in table.indexes if item.decl.name == name)

    def _scheduled(self, name: str) -> Scheduled:
        function = self._functions[self._module.name, name]
        number = numbers_of(self._ids, self._module, "scheduled")[name]
        types = tuple(item.type for item in function.params)
        return Scheduled(self.number, number, function.priority, types, function.resumes)

    def _event(self, name: str) -> EventAccess:
        module = self._module
        numbers = numbers_of(self._ids, module, "events")
        event = module.events[name]
        addressees = tuple(
            (kind, None if column is None else event.record.index(column))
            for kind, column in event.addressees
        )
        return EventAccess(self.number, numbers[name], encoder(event.record), addressees)

    # --- border ---

    def _numbered(self, kind: str) -> Iterable[tuple[int, Function]]:
        numbers = numbers_of(self._ids, self._module, kind)
        return [(numbers[item.name], item) for item in functions_of(self._module, kind)]

    def _function(self, function: Function) -> FunctionType:
        made = self._names.names[qualified(function)]
        assert isinstance(made, FunctionType)
        return made

    def _opened(self, kind: str) -> dict[int, Entry]:
        return {number: self._entry(function) for number, function in self._numbered(kind)}

    def _entry(self, function: Function) -> Entry:
        names = [item.name for item in function.params]
        return Entry(
            self._function(function),
            tuple(item.type for item in function.params),
            None if function.result == NONE else function.result,
            _mask(function),
            tuple(names.index(name) for name in function.signed_by),
        )

    def _export(self, function: Function) -> Export:
        callers = frozenset(self._ids.contracts[name] for name in function.callers)
        return Export(self._function(function), _signature(function), callers)


def qualified(function: Function) -> str:
    """A function's name in the globals of a program, and in a debugger."""
    return f"{function.module}.{function.name}"


def _signature(function: Function) -> tuple[Type, ...]:
    return (*(item.type for item in function.params), function.result)


def _mask(function: Function) -> int:
    if len(set(function.roles)) == len(ROLE.members):
        return EVERY_ROLE
    return sum(1 << bit for bit in set(function.roles))
