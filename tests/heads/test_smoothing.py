"""Smoothing: what is at rest does not flicker, what moves does not trail."""

from __future__ import annotations

from itertools import pairwise
from math import exp, pi

import numpy as np
from numpy.testing import assert_allclose

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
