"""Measuring a model's speed: warm up, run, take the median; stop when asked to."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator

import pytest

from obscura.page.models.measure import RUNS, WARM_UP, measure


def runs(times: Iterator[float]):
    """A model whose runs take these milliseconds."""

    async def run() -> float:
        return next(times)

    return run


def outcome(measuring: Coroutine[None, None, float | None]):
    """What comes of it; without an event loop, for the browser's tests leave theirs running."""
    try:
        measuring.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits for something other than its runs")


def test_the_first_runs_do_not_count_and_one_slow_run_changes_nothing():
    times = [900.0] * WARM_UP + [20.0] * (RUNS - 1) + [5000.0]
    shares: list[float] = []

    ms = outcome(measure(runs(iter(times)), shares.append, lambda: True))

    assert ms == 20.0
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] < 1.0


def test_what_is_no_longer_wanted_stops_before_the_next_run():
    answers = iter([True, True, False])
    times = iter([1.0] * 2)

    assert outcome(measure(runs(times), lambda _share: None, lambda: next(answers))) is None

    assert list(times) == [], "both runs that were wanted were made, and no more"


def test_a_run_that_fails_ends_the_measuring():
    with pytest.raises(RuntimeError, match="StopIteration"):
        outcome(measure(runs(iter([1.0])), lambda _share: None, lambda: True))
