"""The file of figures and the comparison, without a network."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from daicho.config import ConfigError
from daicho.demo import EXPECTED_FILE, Expectation, compare, load
from daicho.demo.expectations import equal, shown


def test_every_figure_has_its_arithmetic() -> None:
    for profile in ("seed", "blind"):
        for each in load(EXPECTED_FILE, profile):
            assert each.because.strip(), each.name


def test_true_is_not_one_and_decimals_are_exact() -> None:
    assert not equal(True, 1)
    assert equal(Decimal("1000.50"), Decimal("1000.5"))
    assert equal(Decimal(3), 3)
    assert not equal(Decimal("0.1") + Decimal("0.2"), Decimal("0.31"))
    assert equal(["a", Decimal(1)], ["a", 1])
    assert not equal(["a"], ["a", "b"])
    assert not equal("1", 1)


def test_a_false_figure_is_said_with_its_arithmetic() -> None:
    wanted = [Expectation("issue.bankA", 600_001, "1,000,000 x 60 / 100")]
    [check] = compare(wanted, {"issue.bankA": Decimal("600000.00")})
    assert not check.holds
    assert check.sentence() == (
        "issue.bankA: expected 600,001 (1,000,000 x 60 / 100), observed 600,000.00"
    )


def test_figures_read_as_people_write_them() -> None:
    assert shown([Decimal("2000.50"), True, "ACCESS"]) == "2,000.50, yes, ACCESS"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[day.x]\na = 1\n", "CFG_FORM"),
        ("[day.x]\na = { is = 1, because = 2 }\n", "CFG_FORM"),
        ('[day.x]\na = { is = 1979-05-27, because = "no figure" }\n', "CFG_FORM"),
        ("[day.x\n", "CFG_SYNTAX"),
        ("[night.x]\n", "CFG_FORM"),
    ],
)
def test_a_file_out_of_form_is_refused(tmp_path: Path, text: str, code: str) -> None:
    file = tmp_path / "expectations.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file, "seed")
    assert caught.value.problems[0].code == code
