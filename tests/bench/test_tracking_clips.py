"""The figures of bench/tracking/clips.py, on clips whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
from tracking import clips
from tracking.clips import Clip

from obscura.detections import Detections
from obscura.tracking import TrackerOptions

SIDE = 100
THRESHOLD = 0.5
OPTIONS = TrackerOptions(birth=THRESHOLD)


def clip(*scores: float, pace: float = 10) -> Clip:
    """Return a clip of 10 frames per second, in which one object moves by ``pace`` pixels a frame;
    0 is a frame in which it is not found."""
    found = []
    for index, score in enumerate(scores):
        left = pace * index
        box = [[left, 100, left + SIDE, 100 + SIDE]] if score else []
        found.append(
            Detections(
                np.array(box, np.float32).reshape(-1, 4),
                np.array([score] if score else [], np.float32),
                np.zeros(len(box), np.int32),
            )
        )
    return Clip([index / 10 for index in range(len(scores))], found, (640, 480), THRESHOLD, OPTIONS)


def test_an_object_is_visible_where_the_model_is_unsure_for_a_moment() -> None:
    (chain,) = clips.objects(clip(*[0.9] * 6, 0.2, 0.0, *[0.9] * 6))

    assert sorted(chain) == list(range(14))
    assert chain[7].tolist() == pytest.approx([70, 100, 170, 200])


def test_who_is_away_for_longer_is_not_visible_meanwhile() -> None:
    chains = clips.objects(clip(*[0.9] * 12, *[0.0] * 12, *[0.9] * 12, pace=0))

    assert [(min(chain), max(chain)) for chain in chains] == [(0, 11), (24, 35)]


def test_blinking_is_what_raw_boxes_do_and_tracked_ones_do_not() -> None:
    shown = clip(*[0.9] * 8, 0.2, 0.2, *[0.9] * 10)
    chains = clips.objects(shown)

    assert clips.blinking(clips.raw(shown, 1), chains) == pytest.approx(2 / 20)
    assert clips.blinking(clips.tracked(shown, 1), chains) == 0


def test_blips_are_boxes_that_are_there_for_two_answers_at_most() -> None:
    shown = clip(*[0.9] * 5, 0, 0.9, 0.9, 0, *[0.9] * 5, pace=0)

    assert clips.blips(clips.raw(shown, 1)) == pytest.approx(2 / 12)


def test_a_box_is_held_for_less_than_half_a_second() -> None:
    shown = clip(*[0.9] * 20, *[0.0] * 20)

    assert clips.held_s(clips.raw(shown, 1), shown, 0.1) == 0
    assert 0.2 <= clips.held_s(clips.tracked(shown, 1), shown, 0.1) <= 0.4 + 1e-6


def test_predicted_boxes_trail_less_than_raw_ones() -> None:
    shown = clip(*[0.9] * 40)
    chains = clips.objects(shown)

    # Every second frame is answered, half an interval later: boxes are 10 or 20 pixels behind.
    assert clips.trailing(clips.raw(shown, 2), chains, shown, 0.2) == pytest.approx(0.74, abs=0.08)
    assert clips.trailing(clips.tracked(shown, 2), chains, shown, 0.2) > 0.98
