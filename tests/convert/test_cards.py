"""Cards of the shipped models, as they are written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from modelkit.cards import write_model, write_tracking
from modelkit.recipes import RECIPES
from obscura.cards import catalogue
from obscura.cards.card import TrackingScores
from obscura.cards.catalogue import CARD

RECIPE = next(recipe for recipe in RECIPES if recipe.name == "cocossd")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a shipped model's folder."""
    return Path(shutil.copytree(catalogue.find(RECIPE.name), tmp_path / RECIPE.name))


def test_scores_for_tracking_are_written_onto_a_card(folder: Path) -> None:
    before = catalogue.read_card(folder)

    write_tracking(folder, 0.55, 0.11)

    card = catalogue.read_card(folder)
    assert card.tracking == TrackingScores(0.55, 0.11)
    assert (card.accuracy, card.file) == (before.accuracy, before.file)


def test_what_was_measured_stays_when_the_same_network_is_written_again(folder: Path) -> None:
    write_tracking(folder, 0.55, 0.11)
    before = (folder / CARD).read_bytes()

    write_model(RECIPE, (folder / "model.onnx").read_bytes(), folder)

    assert (folder / CARD).read_bytes() == before


def test_what_was_measured_of_another_network_does_not_stay(folder: Path) -> None:
    write_tracking(folder, 0.55, 0.11)
    network = (folder / "model.onnx").read_bytes()
    text = (folder / CARD).read_text("utf-8")
    (folder / CARD).write_text(text.replace(catalogue.read_card(folder).file.sha256, "0" * 64))

    write_model(RECIPE, network, folder)

    card = catalogue.read_card(folder)
    assert (card.tracking, card.accuracy) == (None, {})
