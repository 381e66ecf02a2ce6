"""Scores for tracking: derived from what stays in place, and from what a second model sees."""

from __future__ import annotations

import pytest
from tracking.answers import Answers
from tracking.thresholds import evidence, lowest

from obscura.detections import Detections

Row = tuple[float, float]
"""Left edge of a box of 40 x 100 pixels, and its score."""


def clip(*frames: list[Row]) -> Answers:
    """Return what a model found in frames of a tenth of a second."""
    found = [
        Detections([[x, 100, x + 40, 200] for x, _ in rows], [s for _, s in rows], [0] * len(rows))
        if rows
        else Detections.empty()
        for rows in frames
    ]
    times = [i / 10 for i in range(len(frames))]
    return Answers(times, found, [0.0] * len(frames), (640, 480))


EMPTY = clip(*[[]] * 10)


def test_what_stays_in_place_is_real_and_what_flashes_up_is_not() -> None:
    frames = [[(100 + 4.0 * i, 0.8)] for i in range(10)]
    for i in (4, 5):
        frames[i].append((400.0, 0.6))

    births = evidence(clip(*frames), EMPTY, 0.5, 0.5).births

    assert births == [(pytest.approx(0.8), True), (pytest.approx(0.6), False)]


def test_a_place_of_a_single_frame_begins_no_track() -> None:
    frames: list[list[Row]] = [[(100, 0.8)]] * 10
    frames[4] = [(100, 0.8), (400, 0.9)]

    assert len(evidence(clip(*frames), EMPTY, 0.5, 0.5).births) == 1


def test_a_track_is_confirmed_by_a_score_at_the_threshold() -> None:
    scores = [0.3, 0.3, 0.3, 0.9, 0.4, 0.3, 0.3, 0.3, 0.3, 0.3]

    births = evidence(clip(*[[(100, s)] for s in scores]), EMPTY, 0.5, 0.5).births

    assert births == [(pytest.approx(0.4), True)]


def test_a_weak_box_is_right_if_it_is_sure_again() -> None:
    seen = clip(*[[(100, s)] for s in (0.8, 0.3, 0.2, 0.7)])

    weak = evidence(seen, clip([(100, 0.9)], [], [], []), 0.5, 0.5).weak

    assert weak == [(pytest.approx(0.3), True), (pytest.approx(0.2), True)]


def test_a_weak_box_is_right_if_the_second_model_is_sure_of_it() -> None:
    seen = clip(*[[(100, s)] for s in (0.8, 0.3, 0.3, 0.3)])
    judge = clip([(105, 0.6)], [(105, 0.6)], [(105, 0.4)], [(300, 0.9)])

    weak = evidence(seen, judge, 0.5, 0.5).weak

    assert [right for _, right in weak] == [True, False, False]


def test_what_the_second_model_never_sees_says_nothing_of_weak_boxes() -> None:
    seen = clip(*[[(100, s)] for s in (0.8, 0.3, 0.2, 0.7)])

    assert evidence(seen, EMPTY, 0.5, 0.5).weak == []


def test_the_lowest_score_is_the_one_above_which_few_are_false() -> None:
    scored = [(0.3 + 0.005 * i, True) for i in range(100)] + [(0.3, False)] * 10

    assert lowest(scored, 0.05, 0.95) == 0.31
    assert lowest(scored, 0.2, 0.95) < 0.05


def test_too_few_to_say_anything_decide_nothing() -> None:
    assert lowest([(0.5, True)] * 19, 0.05, 0.4) == 0.4
    assert lowest([(0.5, True)] * 20, 0.05, 0.4) < 0.05
