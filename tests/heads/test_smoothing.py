"""Smoothing: what is at rest does not flicker, what moves does not trail."""

from __future__ import annotations

from itertools import pairwise
from math import exp, pi

import numpy as np
from numpy.testing import assert_allclose

from obscura.heads.attributes import SteadyPoints
from obscura.heads.smoothing import (
    MEAN_S,
    SPEED_CUTOFF_HZ,
    SPEED_HZ,
    STILL_HZ,
    VOTES_S,
    Mean,
    OneEuro,
    Votes,
)
from obscura.update import Update

from .fakes import update


def test_points_are_filtered_as_the_paper_has_it() -> None:
    """Casiez et al. 2012, algorithm 1, one coordinate after the other."""
    rng = np.random.default_rng(3)
    xs = 100 + np.cumsum(rng.normal(0, 3, 40))
    times = np.cumsum(rng.uniform(0.01, 0.2, 40))
    height = 50.0
    filtered = OneEuro()

    def weight(cutoff: float, elapsed: float) -> float:
        tau = 1 / (2 * pi * cutoff)
        return 1 / (1 + tau / elapsed)

    smooth, speed = xs[0], 0.0
    for i, (x, time) in enumerate(zip(xs, times, strict=True)):
        if i:
            elapsed = time - times[i - 1]
            a = weight(SPEED_CUTOFF_HZ, elapsed)
            speed = a * ((x - smooth) / elapsed) + (1 - a) * speed
            a = weight(STILL_HZ + SPEED_HZ * abs(speed) / height, elapsed)
            smooth = a * x + (1 - a) * smooth
        assert_allclose(filtered.add(np.array([[x, 7.0]]), height, time), [[smooth, 7.0]])


def test_jitter_of_points_at_rest_is_halved_at_least() -> None:
    rng = np.random.default_rng(5)
    noisy = 200 + rng.normal(0, 2, (150, 17, 2))
    filtered = OneEuro()

    smooth = np.array([filtered.add(each, 300.0, i / 15) for i, each in enumerate(noisy)])

    assert smooth[10:].std() < noisy[10:].std() / 2


def test_points_that_move_quickly_trail_by_little() -> None:
    filtered = OneEuro()
    for i in range(60):  # one height of the box a second
        true = np.array([[10.0 * i, 0.0]])
        smooth = filtered.add(true, 150.0, i / 15)

    assert 0 <= (true - smooth)[0, 0] < 0.08 * 150


def test_time_that_stands_still_changes_nothing() -> None:
    filtered = OneEuro()
    first = filtered.add(np.zeros((2, 2)), 10.0, 1.0)

    assert_allclose(filtered.add(np.ones((2, 2)), 10.0, 1.0), first)


def test_a_single_odd_answer_does_not_change_the_class() -> None:
    votes = Votes()
    shown = []
    for i in range(30):
        odd = i % 5 == 4
        shown.append(votes.add(np.array([0.3, 0.7] if odd else [0.8, 0.2]), i / 10)[0])

    assert set(shown) == {0}


def test_answers_around_a_tie_do_not_flicker() -> None:
    rng = np.random.default_rng(1)
    votes = Votes()
    shown = []
    for i in range(300):
        p = float(np.clip(0.5 + rng.normal(0, 0.1), 0, 1))
        shown.append(votes.add(np.array([p, 1 - p]), i / 10)[0])

    assert sum(a != b for a, b in pairwise(shown)) <= 1


def test_another_class_that_stays_is_shown_within_three_seconds() -> None:
    votes = Votes()
    for i in range(100):
        votes.add(np.array([0.9, 0.1]), i / 10)
    shown = [votes.add(np.array([0.1, 0.9]), 10 + i / 10)[0] for i in range(30)]

    assert shown[0] == 0
    assert shown[-1] == 1


def test_the_score_is_the_weighted_mean_probability() -> None:
    votes = Votes()
    votes.add(np.array([0.5, 0.1]), 0.0)
    kept = exp(-1 / VOTES_S)

    index, score = votes.add(np.array([0.9, 0.1]), 1.0)

    assert index == 0
    assert_allclose(score, (0.5 * kept + 0.9) / (kept + 1))


def test_the_first_answers_count_alike() -> None:
    mean = Mean()

    assert_allclose([mean.add(age, 0.0) for age in (20, 30, 40)], [20, 25, 30])


def test_after_a_long_time_only_the_latest_answers_count() -> None:
    mean = Mean()
    for i in range(100):
        mean.add(20, float(i))
    for i in range(100, 150):
        last = mean.add(40, float(i))

    assert_allclose(last, 40 - 20 * exp(-50 / MEAN_S), rtol=1e-6)


def face(x: float, index: int, *, tracks: list[int] | None = None, score: float = 1.0) -> Update:
    """A face with two key points at x, and a person without any, at 15 frames a second."""
    points = np.zeros((2, 2, 3), np.float32)
    points[0] = [[x, 100, score], [x + 20, 100, score]]
    return update(
        [[80, 80, 180, 180], [0, 0, 300, 400]],
        index=index,
        time_s=index / 15,
        tracks=[4, 9] if tracks is None else tracks,
        data={"keypoints": points},
    )


def test_key_points_of_a_tracked_face_at_rest_do_not_flicker() -> None:
    steady, rng = SteadyPoints(), np.random.default_rng(7)
    noisy = 100 + rng.normal(0, 1, 90)  # of a face 100 pixels high

    shown = [
        steady.update(face(x, index)).detections.data["keypoints"] for index, x in enumerate(noisy)
    ]

    xs = np.array([points[0, :, 0] for points in shown])
    assert xs[10:].std(axis=0).max() < noisy[10:].std() / 2
    assert_allclose(xs[:, 1] - xs[:, 0], 20, atol=1e-3)
    assert not np.array(shown)[:, 1].any()  # the person has none, before and after


def test_another_track_and_what_is_not_tracked_are_not_mixed_in() -> None:
    steady = SteadyPoints()
    steady.update(face(100, 0))

    other = steady.update(face(150, 1, tracks=[5, 9])).detections.data["keypoints"]
    untracked = steady.update(face(170, 2, tracks=[-1, 9])).detections.data["keypoints"]

    assert (other[0, 0, 0], untracked[0, 0, 0]) == (150, 170)


def test_a_track_that_was_away_for_long_begins_anew_and_time_may_begin_again() -> None:
    steady = SteadyPoints()
    for index in (0, 300, 1):
        shown = steady.update(face(100.0 + index, index)).detections.data["keypoints"]
        assert shown[0, 0, 0] == 100 + index
