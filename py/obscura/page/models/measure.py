"""How fast a model is on this device: the median of some runs after a few to warm up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from obscura.live.timing import Timings

WARM_UP = 3
"""Runs that do not count: the first ones compile shaders and fill caches."""
RUNS = 20


async def measure(
    run: Callable[[], Awaitable[float]],
    progress: Callable[[float], None],
    wanted: Callable[[], bool],
) -> float | None:
    """The median milliseconds of a run; None if it is no longer wanted.

    Args:
        run: runs once and answers with the milliseconds that took. What it raises is raised.
        progress: told the share of the runs that is done, in 0..1.
        wanted: asked before each run.
    """
    timings = Timings(window=RUNS)
    for number in range(WARM_UP + RUNS):
        progress(number / (WARM_UP + RUNS))
        if not wanted():
            return None
        ms = await run()
        if number >= WARM_UP:
            timings.add("run", ms)
    return timings.medians()["run"]
