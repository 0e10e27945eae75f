"""Values for hypothesis: every type, its bounds, and what the border makes of them."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from daicho.compiler import AbiError
from daicho.testing import Chain
from daicho.testing.strategies import arguments, from_type

CHAIN = Chain.of_folder(Path(__file__).parent / "samples")
ABI = CHAIN.abi("deposits")
BANK, OTHER = (CHAIN.party(name, "MEMBER") for name in ("bank", "other"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(terms=from_type(ABI, "Terms"))
def test_every_value_crosses_the_border_unchanged(terms: dict[str, Any]) -> None:
    """All of the types in one record, through the machine's own checks and back."""
    assert CHAIN.query(BANK, "deposits", "same", terms=terms) == terms


BOUNDS: list[tuple[str, Callable[[Any], bool]]] = [
    ("amount", lambda value: value == Decimal("9" * 36 + ".99")),
    ("rate", lambda value: value == Decimal("-99999.9999")),
    ("small", lambda value: value == 255),
    ("kind", lambda value: value == "CALL"),
    ("flags", lambda value: len(value) == 3),
    ("counts", lambda value: len(value) == 3),
    ("data", lambda value: len(value) == 4),
    ("day", lambda value: value == datetime.date(9999, 12, 31)),
    ("day", lambda value: value == datetime.date(1, 1, 1)),
    ("time", lambda value: value == 2**63 - 1),
    ("length", lambda value: value == -(2**63)),
    ("maybe", lambda value: value is None),
    ("maybe", lambda value: value is not None),
]


@pytest.mark.parametrize(("field", "reached"), BOUNDS)
def test_the_bounds_are_values_too(field: str, reached: Callable[[Any], bool]) -> None:
    fields = dict(ABI.fields(ABI.shape(ABI.type_named("Terms"))))
    values = from_type(ABI, fields[field])
    assert reached(find(values, reached, settings=settings(max_examples=5_000)))


def test_one_beyond_a_bound_does_not_fit() -> None:
    base = find(from_type(ABI, "Terms"), lambda _: True)
    for field, value in (
        ("rate", Decimal(10**5)),
        ("small", 256),
        ("data", bytes(5)),
        ("flags", [True] * 4),
    ):
        with pytest.raises(AbiError):
            CHAIN.query(BANK, "deposits", "same", terms={**base, field: value})


@settings(max_examples=50, deadline=None)
@given(
    call=arguments(
        ABI, "place", parties=[BANK, OTHER], amount=st.just("1.00"), due=st.integers(0, 9)
    )
)
def test_arguments_of_an_entry(call: dict[str, Any]) -> None:
    assert set(call) == {"bank", "amount", "due"}
    assert call["bank"] in {BANK.id, OTHER.id}
    assert (call["amount"], call["due"] in range(10)) == ("1.00", True)


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="nothing"):
        arguments(ABI, "place", nothing=st.none())
    with pytest.raises(KeyError, match="Terms"):
        from_type(ABI, "Nothing")
    with pytest.raises(KeyError):
        arguments(ABI, "nothing")
