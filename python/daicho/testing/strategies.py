"""Values for hypothesis, made from a contract's types.

    from daicho.testing.strategies import arguments, from_type

    @given(call=arguments(abi, "lend", parties=[bank_a, bank_b], length=integers(1, 30)))
    def test_no_loan_makes_shares(new_chain, call): ...

Every value fits its type as the border checks it, at the bounds too; what the
contract makes of it is the test's business. Needs hypothesis (`daicho[test]`).
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from daicho.compiler import Abi
from daicho.compiler.artefact import Shape
from daicho.testing.parties import Party

LONGEST = 8
"""Elements of a list or map, characters of a text, unless its type has less."""

_BITS = {1: 128, 2: 8, 3: 16, 4: 32, 5: 64, 6: 128, 7: 8, 8: 16, 9: 32, 10: 64, 16: 64}
_SIGNED = {1, 7, 8, 9, 10, 16}
_EXACT = Context(prec=60)

Values = SearchStrategy[Any]
# Bounds are worth more tries than chance gives them; so are days that calendars err on.
_DATES: Values = st.dates() | st.sampled_from(
    [
        datetime.date.min,
        datetime.date.max,
        datetime.date(2000, 2, 29),
        datetime.date(2024, 2, 29),
        datetime.date(2026, 12, 31),
    ]
)


def from_type(
    abi: Abi, type_: int | str, *, parties: Sequence[Party] = (), longest: int = LONGEST
) -> Values:
    """Values of a type of the contract: a record's or enum's name, or an index of its ABI.

    `parties` are those that a Party may be; any sixteen bytes if there are none.
    """
    index = abi.type_named(type_) if isinstance(type_, str) else type_
    return _Maker(abi, parties, longest).of(index)


def arguments(
    abi: Abi,
    name: str,
    *,
    parties: Sequence[Party] = (),
    longest: int = LONGEST,
    **given: Values,
) -> SearchStrategy[dict[str, Any]]:
    """All arguments of an entry or a query by name; `given` ones come from the test."""
    params = dict(abi.signature(name).params)
    unknown = sorted(set(given) - set(params))
    if unknown:
        raise ValueError(f"{name} has no parameter {', '.join(unknown)}; it has {list(params)}")
    maker = _Maker(abi, parties, longest)
    return st.fixed_dictionaries(
        {key: given[key] if key in given else maker.of(type_) for key, type_ in params.items()}
    )


class _Maker:
    """Strategies for one contract's types."""

    def __init__(self, abi: Abi, parties: Sequence[Party], longest: int) -> None:
        self.abi = abi
        self.parties = [party.id for party in parties]
        self.longest = longest

    def of(self, type_: int) -> Values:
        """Values of the type with that index."""
        if type_ in _BITS:
            bits = _BITS[type_] - (type_ in _SIGNED)
            low = -(1 << bits) if type_ in _SIGNED else 0
            return st.integers(low, (1 << bits) - 1)
        match type_:
            case 0:
                return st.booleans()
            case 12 if self.parties:
                return st.sampled_from(self.parties)
            case 11 | 12:
                return st.binary(min_size=16, max_size=16)
            case 13:
                return st.binary(min_size=32, max_size=32)
            case 14:
                return _DATES
            case 15:
                return st.integers(0, (1 << 63) - 1)
        return self._shaped(self.abi.shape(type_))

    def _shaped(self, shape: Shape) -> Values:
        numbers = shape.numbers
        match shape.kind:
            case 1:
                return _decimals(*numbers)
            case 2:
                return st.text(st.characters(codec="utf-8"), max_size=self._most(numbers[0]))
            case 3:
                return st.binary(max_size=self._most(numbers[0]))
            case 4:
                return st.sampled_from(shape.names)
            case 5:
                fields = self.abi.fields(shape)
                return st.fixed_dictionaries({name: self.of(type_) for name, type_ in fields})
            case 6:
                return st.lists(self.of(numbers[0]), max_size=self._most(numbers[1]))
            case 7:
                most = self._most(numbers[2])
                return st.dictionaries(self.of(numbers[0]), self.of(numbers[1]), max_size=most)
            case 8:
                return st.none() | self.of(numbers[0])
        raise AssertionError(f"type kind {shape.kind}")

    def _most(self, bound: int) -> int:
        return min(bound, self.longest)


def _decimals(digits: int, scale: int) -> Values:
    """Every number of so many digits, so many of them after the point."""
    most = 10**digits - 1

    def scaled(mantissa: int) -> Decimal:
        return Decimal(mantissa).scaleb(-scale, _EXACT)

    return (st.integers(-most, most) | st.sampled_from([most, -most])).map(scaled)
