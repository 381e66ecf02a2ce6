"""Scores of a tracker: by the model's card, and by what a person wants to count as detected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.tracking import Tracker, TrackerOptions
from obscura.tracking.options import MOST_BIRTH
from obscura.update import FrameInfo, Update


@pytest.fixture
def card(card_table: dict[str, Any]) -> ModelCard:
    """A model with a threshold of 0.5."""
    return ModelCard.from_dict({**card_table, "tracking": {"birth": 0.6, "live": 0.2}})


@pytest.fixture
def bare(card_table: dict[str, Any]) -> ModelCard:
    """The same without scores for tracking."""
    return ModelCard.from_dict(card_table)


def test_tracks_begin_and_live_by_the_card(card: ModelCard) -> None:
    options = TrackerOptions.for_card(card)

    assert (options.birth, options.strong, options.live) == (0.6, 0.5, 0.2)
    assert TrackerOptions.for_card(card, card.threshold) == options


def test_without_a_table_the_scores_follow_from_the_threshold(bare: ModelCard) -> None:
    options = TrackerOptions.for_card(bare)

    assert (options.birth, options.strong, options.live) == (0.5, 0.5, pytest.approx(0.2))


@pytest.mark.parametrize(
    ("threshold", "birth", "live"),
    [
        (0.25, 0.3, 0.2),
        (0.75, 0.8, 0.2),
        (0.1, 0.12, 0.12),  # what is to count as detected begins tracks, also below live
        (0.0, 0.0, 0.0),
        (1.0, MOST_BIRTH, 0.2),
    ],
)
def test_birth_moves_with_the_threshold_of_a_person(
    card: ModelCard, threshold: float, birth: float, live: float
) -> None:
    options = TrackerOptions.for_card(card, threshold)

    assert (options.birth, options.live) == pytest.approx((birth, live))


@pytest.mark.parametrize("usual", [0.0, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("scores", [None, (0.0, 0.0), (0.5, 0.5), (1.0, 0.0), (1.0, 1.0)])
def test_a_higher_threshold_never_begins_more_tracks(
    card_table: dict[str, Any], usual: float, scores: tuple[float, float] | None
) -> None:
    card_table["output"]["threshold"] = usual
    if scores is not None:
        card_table["tracking"] = dict(zip(("birth", "live"), scores, strict=True))
    card = ModelCard.from_dict(card_table)

    options = [TrackerOptions.for_card(card, t) for t in np.linspace(0, 1, 21).tolist()]

    births = [each.birth for each in options]
    assert births == sorted(births)
    assert births[-1] <= MOST_BIRTH
    assert all(each.live <= each.strong <= each.birth for each in options)


def test_the_times_stay_when_a_card_is_used(card: ModelCard) -> None:
    tracker = Tracker(TrackerOptions(lost_s=5, hold_s=1))

    tracker.use_card(card, 0.25)

    assert tracker.options == TrackerOptions(0.3, 0.3, 0.2, lost_s=5, hold_s=1)


def test_a_model_that_returns_nothing_below_a_score_has_its_tracks_held(card: ModelCard) -> None:
    """Networks with suppression inside often return no rows below a score of their own."""
    tracker = Tracker(TrackerOptions.for_card(card))
    shown = []
    for index, score in enumerate([0.9, 0.9, 0.9, 0.3, 0.3, 0.9]):
        found = Detections([[100, 100, 140, 200]], [score], [0])
        found = found[found.score >= 0.4]
        update = Update(FrameInfo(index, index / 10, 640, 480), found)
        shown.append(tracker.visible(tracker.update(update), card.threshold).detections)

    assert [each.track_id.tolist() for each in shown if each.track_id is not None] == [[1]] * 6
    assert [round(float(each.data["missed_s"][0]), 1) for each in shown] == [0, 0, 0, 0.1, 0.2, 0]
