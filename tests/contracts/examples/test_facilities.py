"""Time, feeds and chance are anybody's: a greenhouse, which has no money in it."""

from __future__ import annotations

import pytest

from daicho.compiler import CompileError, compile_source
from daicho.testing import BACKENDS, Chain, aborts

USES = {
    "scheduled": '''
opened: Var[Int] = Var(0, compartment=PUBLIC)


@scheduled()
def open_window(last: Int | None) -> Int | None:
    """Three windows, one in a block."""
    opened.set(opened.get() + 1)
    return opened.get() if opened.get() < 3 else None


@entry(roles=(Role.MEMBER,))
def begin(minutes_from_now: Int) -> Hash:
    return open_window.at(now() + minutes(1) * minutes_from_now, None)


@query(roles=ANY_ROLE)
def windows() -> Int:
    return opened.get()
''',
    "oracle": """
Degrees = Annotated[Decimal, Digits(5, 2)]
temperature: Feed[Degrees] = Feed(7)


@query(roles=ANY_ROLE)
def is_warm() -> Bool:
    return oracle.read(temperature, max_age=minutes(10)) > Decimal("25")
""",
    "random": """
@entry(roles=(Role.MEMBER,))
def bed_to_weed(beds: Int) -> Int:
    return random("bed").below(beds)
""",
}
"""Each facility's use; the name is what its import declares."""

OTHERS = (
    "ANY_ROLE, PUBLIC, Annotated, Bool, Decimal, Digits, Feed, Hash, Int, Role, Var, "
    "entry, minutes, now, query"
)


def source(facility: str, *, is_imported: bool = True) -> str:
    used = [name for name in OTHERS.split(", ") if name in USES[facility]]
    names = ", ".join([*used, *([facility] if is_imported else [])])
    head = f'"""A greenhouse."""\n\nfrom daicho.contract import {names}\n\nedition = 1\n'
    return head + USES[facility]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def greenhouse(facility: str, backend: str) -> Chain:
    chain = Chain(backend_name=backend)
    chain.deploy(compile_source(source(facility), "greenhouse.py"), 1)
    return chain


@pytest.mark.parametrize("facility", USES)
def test_it_takes_the_import_and_nothing_else(facility: str) -> None:
    """R133: "available to any contract by declared import": with it, it compiles, and without
    it, it does not.
    """
    compile_source(source(facility), "greenhouse.py")
    with pytest.raises(CompileError) as refused:
        compile_source(source(facility, is_imported=False), "greenhouse.py")
    assert any(facility in item.message for item in refused.value.diagnostics)


def test_the_scheduler(backend: str) -> None:
    """R133: "Scheduler" "available to any contract by declared import"."""
    chain = greenhouse("scheduled", backend)
    gardener = chain.party("gardener", "MEMBER")
    chain.call(gardener, "greenhouse", "begin", minutes_from_now=5)
    counts = []
    for wait in (4, 2, 0, 0, 0):
        chain.clock.advance(minutes=wait)
        chain.block([])
        counts.append(chain.query(gardener, "greenhouse", "windows"))
    assert counts == [0, 1, 2, 3, 3]


def test_the_oracle(backend: str) -> None:
    """R133: "oracle" "available to any contract by declared import"."""
    chain = greenhouse("oracle", backend)
    gardener = chain.party("gardener", "MEMBER")
    with aborts("FEED"):
        chain.query(gardener, "greenhouse", "is_warm")
    for degrees, is_warm in (("25.00", False), ("25.01", True)):
        chain.oracle.set("temperature", degrees)
        chain.block([])
        assert chain.query(gardener, "greenhouse", "is_warm") is is_warm
    chain.clock.advance(minutes=11)
    chain.block([])
    with aborts("FEED"):
        chain.query(gardener, "greenhouse", "is_warm")


def test_chance(backend: str) -> None:
    """R133: "random available to any contract by declared import": every bed has its turn."""
    chain = greenhouse("random", backend)
    gardener = chain.party("gardener", "MEMBER")
    drawn = [chain.call(gardener, "greenhouse", "bed_to_weed", beds=4) for _ in range(60)]
    assert set(drawn) == {0, 1, 2, 3}
    with aborts("DOMAIN"):
        chain.call(gardener, "greenhouse", "bed_to_weed", beds=0)
