"""Suggestions: what a person meant, whatever case and spaces they wrote."""

from __future__ import annotations

import pytest

from obscura.suggest import matching, suggestion

KNOWN = ("traffic\N{NO-BREAK SPACE}light", "zero\N{ZERO WIDTH SPACE}width", "Person")


@pytest.mark.parametrize(
    ("written", "known"),
    [("traffic light", KNOWN[0]), ("zerowidth", KNOWN[1]), (" person ", KNOWN[2])],
)
def test_what_looks_the_same_is_the_same(written: str, known: str) -> None:
    assert matching(written, KNOWN) == [known]


def test_the_very_name_comes_before_others_of_its_kind() -> None:
    assert matching("cup", ("Cup", "cup")) == ["cup"]


def test_a_slip_is_corrected() -> None:
    assert suggestion("persn", KNOWN) == 'Did you mean "Person"?'
    assert suggestion("xylophone", KNOWN, "It knows three.") == "It knows three."
