"""The plan that won a race is remembered, as long as it says something about the present."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from obscura.page.models.winners import Winners

from .fakes import GPU_PLAN, TWO_THREADS, Preferences, sealed_card

CARD = sealed_card("first")


def visit(preferences: Preferences, device: str = "a browser and a GPU") -> Winners:
    return Winners(preferences, device)


def test_where_nothing_is_to_be_stored_no_winner_is():
    preferences = Preferences()
    Winners(preferences, "a browser", remember=False).set(CARD, TWO_THREADS)
    assert preferences.current.winners == {}


def test_a_winner_outlives_the_visit_and_is_stored_by_names():
    preferences = Preferences()
    visit(preferences).set(CARD, TWO_THREADS)

    assert visit(preferences).get(CARD) == TWO_THREADS
    assert preferences.current.winners["first"]["plan"] == {
        "backend": "wasm",
        "runtime": "wasm",
        "threads": 2,
        "resident": False,
        "half": False,
        "software": False,
    }


def test_a_winner_that_an_older_version_stored_as_a_list_still_counts():
    preferences = Preferences()
    visit(preferences).set(CARD, GPU_PLAN)
    mark = preferences.current.winners["first"]["of"]
    preferences.set(winners={"first": {"of": mark, "plan": [*GPU_PLAN]}})

    assert visit(preferences).get(CARD) == GPU_PLAN


def test_another_browser_or_gpu_has_no_winner():
    preferences = Preferences()
    visit(preferences).set(CARD, TWO_THREADS)
    assert visit(preferences, "the next version of the browser").get(CARD) is None


def test_another_file_under_the_same_name_has_no_winner():
    preferences = Preferences()
    visit(preferences).set(CARD, TWO_THREADS)
    other = replace(CARD, file=CARD.file._replace(sha256="0" * 64))
    assert visit(preferences).get(other) is None


def test_a_winner_that_failed_is_forgotten_and_others_are_not():
    preferences = Preferences()
    other = sealed_card("second")
    for card in (CARD, other):
        visit(preferences).set(card, TWO_THREADS)

    visit(preferences).forget(CARD)

    assert visit(preferences).get(CARD) is None
    assert visit(preferences).get(other) == TWO_THREADS


@pytest.mark.parametrize(
    "plan", [None, 3, "wasm", [], ["wasm"], {"backend": "wasm"}, ["wasm", "wasm", "2", 0, 0]]
)
def test_what_is_damaged_in_the_store_is_no_winner(plan: Any):
    preferences = Preferences()
    visit(preferences).set(CARD, TWO_THREADS)
    mark = preferences.current.winners["first"]["of"]
    preferences.set(winners={"first": {"of": mark, "plan": plan}})

    assert visit(preferences).get(CARD) is None
