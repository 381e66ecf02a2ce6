"""The models in the repo: each is what its card says, and sees what is on the bundled picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from obscura import Detector
from obscura.boxes import iou
from obscura.cards import catalogue
from obscura.engine.native import NativeSession
from obscura.engine.selfcheck import disagreement, verify
from obscura.families import FAMILIES
from obscura.families.decode import read
from obscura.pictures import open_picture, to_rgba

ASSETS = Path(__file__).parents[2] / "assets"
MODELS = ("centernet-320", "centernet-416", "centernet-512", "cocossd")
ASTRONAUT = np.array([[10, 8, 370, 512]], np.float32)  # by eye, in pixels of sample.jpg

pytestmark = pytest.mark.usefixtures("repo_models")


@pytest.fixture
def repo_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for models where the repo keeps them, whatever the surroundings say."""
    monkeypatch.delenv("OBSCURA_MODELS", raising=False)


def test_all_of_them_are_there() -> None:
    assert set(MODELS) <= set(catalogue.known())


@pytest.mark.parametrize("name", MODELS)
def test_the_card_and_its_folder_agree(name: str) -> None:
    card = catalogue.read_card(catalogue.find(name))

    assert card.name == name
    assert card.family in FAMILIES
    assert len(card.labels) == 80


@pytest.mark.parametrize("name", MODELS)
def test_the_recorded_answer_is_reproduced(name: str) -> None:
    folder = catalogue.find(name)
    card = catalogue.read_card(folder)
    assert card.check is not None
    pixels = to_rgba(open_picture(ASSETS / card.check.picture))
    assert pixels.shape[1::-1] == card.check.size

    session = NativeSession(card, catalogue.read_network(folder, card))

    verify(read(session.run(pixels), card), card)


@pytest.mark.parametrize("name", MODELS)
def test_rows_reach_down_to_the_score_that_tracks_live_on(name: str) -> None:
    folder = catalogue.find(name)
    card = catalogue.read_card(folder)
    assert card.tracking is not None
    assert card.tracking.live < card.threshold <= card.tracking.birth

    session = NativeSession(card, catalogue.read_network(folder, card))
    rows = read(session.run(to_rgba(open_picture(ASSETS / "sample.jpg"))), card)

    assert rows.scores.min() < card.tracking.live


@pytest.mark.parametrize("name", MODELS)
def test_the_record_is_of_this_very_network(name: str) -> None:
    with Detector(name) as detector:
        assert detector.card.check is not None
        found = detector.detect(ASSETS / detector.card.check.picture)
        recorded = detector.card.check.detections

    assert len(found) == len(recorded)
    difference = disagreement(
        found, recorded, threshold=detector.card.threshold, score_tolerance=2e-3, iou_at_least=0.99
    )
    assert difference is None


@pytest.mark.parametrize("name", MODELS)
def test_the_astronaut_is_seen_as_a_person_where_she_stands(name: str) -> None:
    with Detector(name, classes=["person"]) as detector:
        found = detector.detect(ASSETS / "sample.jpg")

    assert len(found) == 1
    assert iou(found.xyxy, ASTRONAUT).item() > 0.7
