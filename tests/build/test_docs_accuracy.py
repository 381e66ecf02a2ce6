"""What the cards say of accuracy and speed agrees with the tables of docs/accuracy.md."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from modelkit.recipes import RECIPES
from obscura import families
from obscura.cards.card import ModelCard

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "accuracy.md").read_text("utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines()]
NAMES = [recipe.name for recipe in RECIPES]


def card(name: str) -> ModelCard:
    text = (ROOT / "models" / name / "model.toml").read_text("utf-8")
    return ModelCard.from_dict(tomllib.loads(text))


CARDS = {name: card(name) for name in NAMES}
SUMMARY = {name: CARDS[name].summary for name in NAMES}
MS = {row[0]: float(row[1]) for row in ROWS if len(row) == 2 and row[0] in NAMES}


def measured(column: str) -> dict[str, float]:
    """Return a column of the models as shipped, natively and looked at once, by model."""
    (header,) = [row for row in ROWS if row[:2] == ["model", "backend"]]
    return {
        row[0]: float(row[header.index(column)].split(" ± ")[0])
        for row in ROWS
        if row[0] in NAMES and re.fullmatch(r"native, \d+ threads?", row[1])
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_card_has_the_run_time_and_the_counts_that_are_documented(name: str) -> None:
    (header,) = [row for row in ROWS if row[0] == "precision, recall"]
    (counts,) = [row for row in ROWS if row[0] == f"{CARDS[name].threshold:g}" and len(row) == 5]
    right, found = map(int, counts[header.index(name)].split(","))

    accuracy = CARDS[name].accuracy

    assert (accuracy["right"], accuracy["found"]) == (right, found)
    assert accuracy["ms"] == MS[name]
    assert accuracy["seen_in_training"] == ("seen in training" in accuracy["dataset"])


def test_the_one_called_fastest_is_and_so_is_the_slowest() -> None:
    (fastest,) = [name for name in NAMES if "astest" in SUMMARY[name]]
    (slowest,) = [name for name in NAMES if "slowest" in SUMMARY[name]]

    assert fastest == min(MS, key=MS.__getitem__)
    assert "fast" in CARDS[fastest].title
    assert slowest == max(MS, key=MS.__getitem__)


def test_what_a_model_is_called_best_at_is_what_it_measured_best_at() -> None:
    for word, column in (("large", "large"), ("small", "small")):
        (best,) = [name for name in NAMES if f"Best at {word} ones" in SUMMARY[name]]
        figures = measured(column)
        assert best == max(figures, key=figures.__getitem__)
    overall = measured("AP")
    (least,) = [name for name in NAMES if "least accurate" in SUMMARY[name]]
    assert least == min(overall, key=overall.__getitem__)


@pytest.mark.parametrize("recipe", RECIPES, ids=NAMES)
def test_a_card_has_the_words_of_its_recipe(recipe) -> None:
    made = CARDS[recipe.name]

    assert (made.title, made.summary) == (recipe.title, recipe.summary)


def test_the_documented_overlaps_are_those_of_the_families() -> None:
    start = TEXT.index("## As the reference")
    rows = [row for row in TEXT[start:].splitlines() if row.startswith("| `")]
    told = {}
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        for name in re.findall(r"`(\w+)`", cells[0]):
            told[name] = (cells[2] == "every", float(cells[3]))

    known = families.FAMILIES.values()
    assert told == {one.name: (one.many, one.own_iou) for one in known if one.own_iou}
