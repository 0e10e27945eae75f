"""The market day, played once for each profile on real processes."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from pathlib import Path

import pytest

from daicho.demo import EXPECTED_FILE, Day, Expectation, compare, judged, load
from daicho.demo.observations import Figure

pytestmark = pytest.mark.slow

REPORT_KEYS = {
    "ok",
    "profile",
    "validators",
    "executors",
    "height",
    "certified_height",
    "view_changes",
    "roots_equal",
    "transactions",
    "seconds",
    "checks",
    "expected_file",
}


def judge(day: Day, wanted: list[Expectation], notes: list[str]) -> dict[str, object]:
    return judged(day, wanted, EXPECTED_FILE, notes.append)


def another(figure: Figure) -> Figure:
    """A figure that is not this one, by as little as can be."""
    match figure:
        case bool():
            return not figure
        case int():
            return figure + 1
        case Decimal():
            return figure + Decimal("0.01")
        case str():
            return figure + "X"
        case list():
            return [another(figure[0]), *figure[1:]]
    raise AssertionError(figure)


def test_every_figure_is_as_expected(day: Day) -> None:
    """R1: the whole chain from issue to split in one run, against a hand-computed table."""
    notes: list[str] = []
    report = judge(day, load(EXPECTED_FILE, day.profile), notes)
    assert report["failed"] == []
    assert report["ok"] is True
    assert notes == []


def test_report_has_the_fields_that_others_rely_on(day: Day) -> None:
    report = judge(day, load(EXPECTED_FILE, day.profile), [])
    assert set(report) >= REPORT_KEYS
    assert isinstance(report["checks"], dict)
    assert all(isinstance(held, bool) for held in report["checks"].values())
    assert Path(str(report["expected_file"])).is_file()


def test_each_figure_changed_in_turn_makes_the_day_false(day: Day) -> None:
    """Every figure is really compared: change one, and that one is named."""
    wanted = load(EXPECTED_FILE, day.profile)
    assert len(wanted) > 100
    for place, each in enumerate(wanted):
        bent = dataclasses.replace(each, figure=another(each.figure))
        notes: list[str] = []
        report = judge(day, [*wanted[:place], bent, *wanted[place + 1 :]], notes)
        assert report["ok"] is False, each.name
        assert [name for name, held in report["checks"].items() if not held] == [each.name]
        assert len(notes) == 1
        assert each.name in notes[0]
        assert each.because in notes[0]


def test_a_figure_that_nobody_expects_and_one_that_never_came_are_false(day: Day) -> None:
    wanted = load(EXPECTED_FILE, day.profile)
    checks = compare(wanted[1:], day.figures)
    assert [check.name for check in checks if not check.holds] == [wanted[0].name]
    more = [*wanted, Expectation("after.nothing", 1, "it does not happen")]
    checks = compare(more, day.figures)
    assert [check.name for check in checks if not check.holds] == ["after.nothing"]


def test_a_leader_was_killed_and_replaced(day: Day) -> None:
    """R71: "crash of any node between legs → never half": of a batch in the middle of which the
    leader is killed every trade settles, once, and every node agrees after.
    """
    assert day.view_changes >= 1
    assert day.roots_equal
    assert day.figures["leader.batch_settled"] == 24


def test_profiles_differ_in_who_orders_and_who_executes(seed_day: Day, blind_day: Day) -> None:
    assert (seed_day.validators, seed_day.executors) == (4, 4)
    assert (blind_day.validators, blind_day.executors) == (7, 3)
    leading = blind_day.figures["network.may_lead"]
    assert leading == ["bankA", "bankB", "bankC", "bankD"]


REQUIREMENTS = {
    "R44": ("listing.issuer_reads_itself", "listing.wrong_lei"),
    "R45": ("issue.booked_to_issuer", "issue.same_request_again"),
    "R46": ("issue.bankA", "issue.bankB", "issue.bankC", "issue.thirds_of_y"),
    "R47": ("sales.status", "sales.ito", "record.ito"),
    "R48": ("events.movements", "events.give_the_register"),
    "R49": ("split.in_register", "registers.names"),
    "R50": ("sales.bankA_omnibus", "registers.names"),
    "R51": ("registers.administrator_sees",),
    "R52": ("registers.names", "registers.issuerY"),
    "R53": ("record.query_agrees", "record.total"),
    "R55": ("dividend.without_request", "dividend.announced"),
    "R56": ("dividend.mori", "dividend.abe", "dividend.issX_cash"),
    "R57": ("split.issued", "split.open_price", "split.open_quantity"),
    "R58": ("dividend.holders", "dividend.paid"),
    "R64": ("open.status_at_buyer", "mismatch.code", "mismatch.then", "after.lapsed"),
    "R69": ("receipts.finality", "receipts.commit_quorum", "signoff.settled_is_final"),
    "R70": ("receipts.same_on_every_node",),
    "R71": ("short.code", "short.legs_moved", "leader.batch_settled"),
    "R72": ("signoff.confirmed", "signoff.shares_earmarked", "signoff.approved"),
    "R73": ("signoff.other_confirmed", "signoff.rejected", "signoff.released"),
    "R79": ("money.outstanding", "money.paid_out_twice", "dividend.all_tokens"),
    "R85": ("double.one_block", "double.settled", "double.other"),
    "R99": ("record.query_agrees", "receipts.bent_refused"),
}
"""Which figures of the day speak of which requirement."""


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_requirement_is_shown(day: Day, requirement: str) -> None:
    """R44 to R58, R64, R69 to R73, R79, R85, R99: the figures of the day that show each."""
    checks = {check.name: check for check in compare(load(EXPECTED_FILE, day.profile), day.figures)}
    for name in REQUIREMENTS[requirement]:
        assert checks[name].holds, checks[name].sentence()
