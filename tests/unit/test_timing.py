"""Timings and rates, over a recent window."""

from __future__ import annotations

import pytest

from obscura.timing import Rate, Timings


@pytest.mark.parametrize(
    ("values", "median"),
    [
        ([5.0], 5.0),
        ([9.0, 1.0, 5.0], 5.0),  # odd: the middle one, in whatever order they came
        ([1.0, 9.0, 2.0, 4.0], 3.0),  # even: between the middle two
        ([1.0, 1.0, 500.0], 1.0),  # one slow frame does not show
    ],
)
def test_the_median_of_a_stage(values: list[float], median: float) -> None:
    timings = Timings()
    for value in values:
        timings.add("draw", value)

    assert timings.medians() == {"draw": median}


def test_stages_keep_the_order_in_which_they_first_came() -> None:
    timings = Timings()
    for stage in ("capture", "inference", "draw", "capture"):
        timings.add(stage, 1.0)

    assert list(timings.medians()) == ["capture", "inference", "draw"]


def test_only_the_window_counts() -> None:
    timings = Timings(window=3)
    for value in (100.0, 100.0, 100.0, 1.0, 2.0, 3.0):
        timings.add("draw", value)

    assert timings.medians() == {"draw": 2.0}


def test_clear_forgets_all() -> None:
    timings = Timings()
    timings.add("draw", 1.0)

    timings.clear()

    assert timings.medians() == {}


def ticking(times: list[float]) -> Rate:
    rate = Rate(window_s=2.0)
    for now in times:
        rate.tick(now)
    return rate


@pytest.mark.parametrize(
    ("times", "now", "expected"),
    [
        ([], 5.0, 0.0),
        ([5.0], 5.0, 0.0),  # one event is no rate
        ([0.0, 0.1, 0.2, 0.3], 0.3, 10.0),  # right from the start, before the window is full
        ([i / 30 for i in range(300)], 299 / 30, 30.0),
        ([0.0, 0.01, 0.02, 10.0, 10.5, 11.0], 11.0, 2.0),  # what is older than the window is gone
        ([0.0, 5.0], 5.0, 0.2),  # slower than the window
        ([0.0, 0.1, 0.2], 4.2, 0.25),  # silent since: no more than one in those four seconds
        ([3.0, 3.0], 3.0, 0.0),  # two at once are no rate either
    ],
)
def test_events_per_second(times: list[float], now: float, expected: float) -> None:
    assert ticking(times).per_second(now) == pytest.approx(expected)


def test_a_cleared_rate_starts_anew() -> None:
    rate = ticking([0.0, 0.1])

    rate.clear()
    rate.tick(9.0)

    assert rate.per_second(9.0) == 0.0
