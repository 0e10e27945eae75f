"""Records, lists, maps, optionals. Every change makes a new one: nothing aliases.

An optional is its value or None; there is none of an optional.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from daicho.compiler.types import RecordType
from daicho.rewrite.faults import Trap

ITEMS_MAX = 65_536
"""Where a list or map has no bound of its own."""
Items = list[Any]
Pairs = dict[Any, Any]


class RecordValue(tuple[Any, ...]):
    """A record: its fields in order; equal if they are. Subclasses know the names."""

    __slots__ = ()
    names: ClassVar[tuple[str, ...]] = ()

    def __getattr__(self, name: str) -> object:
        if name in self.names:
            return self[self.names.index(name)]
        raise AttributeError(name)

    def __repr__(self) -> str:
        fields = ", ".join(
            f"{name}={value!r}" for name, value in zip(self.names, self, strict=True)
        )
        return f"{type(self).__name__}({fields})"


def record_class(type_: RecordType) -> type[RecordValue]:
    """The class whose values are the records of a type."""
    names = tuple(item.name for item in type_.fields)
    return type(type_.name, (RecordValue,), {"__slots__": (), "names": names})


def replaced(record: RecordValue, *changes: tuple[int, object]) -> RecordValue:
    """Another record with some fields changed."""
    fields = list(record)
    for index, value in changes:
        fields[index] = value
    return type(record)(fields)


def unwrap(value: object) -> object:
    """What is there."""
    if value is None:
        raise Trap("NONE")
    return value


# --- lists ---


def _bounded(length: int, bound: int | None) -> None:
    if length > (ITEMS_MAX if bound is None else bound):
        raise Trap("LENGTH")


def _checked(items: Items, index: int) -> int:
    if not -len(items) <= index < len(items):
        raise Trap("INDEX")
    return index


def list_get(items: Items, index: int) -> object:
    """`items[index]`."""
    return items[_checked(items, index)]


def list_set(value: object, items: Items, index: int, _bound: int | None) -> Items:
    """`items[index] = value`: the value comes first."""
    changed = list(items)
    changed[_checked(items, index)] = value
    return changed


def list_append(items: Items, value: object, bound: int | None) -> Items:
    """`items.append(value)`."""
    _bounded(len(items) + 1, bound)
    return [*items, value]


def list_extend(items: Items, more: Items, bound: int | None) -> Items:
    """`items + more`."""
    _bounded(len(items) + len(more), bound)
    return [*items, *more]


def list_insert(items: Items, index: int, value: object, bound: int | None) -> Items:
    """`items.insert(index, value)`: any index is good."""
    _bounded(len(items) + 1, bound)
    at = max(-len(items), min(index, len(items)))
    changed = list(items)
    changed.insert(at, value)
    return changed


def list_remove(items: Items, index: int) -> Items:
    """`del items[index]`."""
    changed = list(items)
    del changed[_checked(items, index)]
    return changed


def list_last(items: Items) -> object:
    """The last, which `pop` gives; INDEX if there is none."""
    return list_get(items, -1)


def list_pop(items: Items) -> Items:
    """All but the last; INDEX if there is none."""
    return list_remove(items, -1)


def bounded(items: Items | Pairs, bound: int | None) -> Items | Pairs:
    """A list or map as one of another bound."""
    _bounded(len(items), bound)
    return items


# --- maps ---


def dict_of(pairs: Iterable[tuple[Any, Any]], bound: int | None) -> Pairs:
    """A map of pairs, the later one where a key comes twice."""
    made = dict(sorted(dict(pairs).items(), key=lambda pair: pair[0]))
    _bounded(len(made), bound)
    return made


def dict_put(value: object, items: Pairs, key: object, bound: int | None) -> Pairs:
    """`items[key] = value`: the value comes first."""
    return dict_of([*items.items(), (key, value)], bound)


def dict_delete(items: Pairs, key: object) -> Pairs:
    """`del items[key]`; KEY if there is none."""
    dict_get(items, key)
    return {known: value for known, value in items.items() if known != key}


def dict_get(items: Pairs, key: object) -> object:
    """`items[key]`."""
    if key not in items:
        raise Trap("KEY")
    return items[key]


def dict_find(items: Pairs, key: object) -> object:
    """`items.get(key)`."""
    return items.get(key)
