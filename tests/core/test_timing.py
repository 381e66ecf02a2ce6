"""Timings and rates, over a recent window."""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from obscura.live.timing import BlockedTime, FrameTotals, Rate, Timings, quantile


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.95, 1.0])
@pytest.mark.parametrize("values", [[3.0], [5.0, 1.0], [5.0, 1.0, 4.0, 4.0, 2.0]])
def test_a_quantile_lies_between_its_neighbours(values: list[float], share: float) -> None:
    # numpy's own (method "linear", its default) is not there in Pyodide, which has no numpy.ma.
    between = np.interp(share * (len(values) - 1), np.arange(len(values)), sorted(values))

    assert quantile(values, share) == pytest.approx(between)


def test_a_quantile_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


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


def test_whole_frames_have_a_median_a_95th_percentile_and_a_count() -> None:
    timings = Timings()
    for number in range(1, 102):
        timings.add_frame(float(number), blocked_ms=number / 10)

    assert timings.frame() == FrameTotals(51.0, 96.0, blocked=5.1, blocked_p95=9.6, count=101)
    assert timings.medians() == {}


def test_a_single_frame_is_its_own_percentile() -> None:
    timings = Timings()
    timings.add_frame(40.0, 2.0)

    assert timings.frame() == FrameTotals(40.0, 40.0, blocked=2.0, blocked_p95=2.0, count=1)


def test_frames_too_have_a_window_and_can_be_forgotten() -> None:
    timings = Timings(window=2)
    for ms in (900.0, 10.0, 10.0):
        timings.add_frame(ms, ms)
    assert timings.frame() == FrameTotals(10.0, 10.0, blocked=10.0, blocked_p95=10.0, count=2)

    timings.clear()

    assert timings.frame() is None


class Clock:
    """Goes only when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_thread_is_held_for_the_sum_of_the_sections() -> None:
    clock = Clock()
    blocked = BlockedTime(clock)
    with blocked:
        clock.now += 2
    clock.now += 10
    with blocked:
        clock.now += 1
        with blocked:  # counts once
            clock.now += 1

    assert blocked.lap() == 4
    assert blocked.lap() == 0


def test_a_section_under_way_counts_up_to_now_and_then_anew() -> None:
    clock = Clock()
    blocked = BlockedTime(clock)
    with blocked:
        clock.now += 3
        first = blocked.lap()
        clock.now += 2

    assert (first, blocked.lap()) == (3, 2)


@pytest.mark.skipif(sys.platform == "emscripten", reason="no loop can be run to its end there")
@pytest.mark.parametrize("end", ["result", "failure", "cancelled"])
def test_a_coroutine_holds_the_thread_where_it_runs_and_not_where_it_waits(end: str) -> None:
    clock = Clock()
    blocked = BlockedTime(clock)

    async def work(gate: asyncio.Future[str]) -> str:
        clock.now += 2
        try:
            answer = await gate
        finally:
            clock.now += 3
        return answer

    async def scene() -> str:
        gate: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        task = asyncio.ensure_future(blocked.during(work(gate)))
        await asyncio.sleep(0)
        clock.now += 50
        if end == "result":
            gate.set_result("done")
        elif end == "failure":
            gate.set_exception(ValueError("broken"))
        else:
            task.cancel()
        return await task

    # In a thread of its own: after browser tests a loop of Playwright's runs on in this one.
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(lambda: asyncio.run(scene()))
    if end == "result":
        assert ended.result() == "done"
    else:
        with pytest.raises(ValueError if end == "failure" else asyncio.CancelledError):
            ended.result()
    assert blocked.lap() == 5


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
