"""How fast a model is on this device: the median of some runs after a few to warm up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from obscura.live.timing import Timings

if TYPE_CHECKING:
    from obscura.page.state.protocols import Clock, EngineSession, Frame

WARM_UP = 3
"""Runs that do not count: the first ones compile shaders and fill caches."""
RUNS = 20


async def measure(
    run: Callable[[], Awaitable[float]],
    progress: Callable[[float], None],
    wanted: Callable[[], bool],
) -> float | None:
    """Return the median milliseconds of a run; None if it is no longer wanted.

    Args:
        run: runs once and returns the milliseconds that took. Its errors are passed on.
        progress: called with the share of the runs that is done, in 0..1.
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


async def time_run(session: EngineSession, frame: Frame, clock: Clock) -> float:
    """Return the milliseconds that a session takes for a frame. Raises as its `run`."""
    begun = clock.now_ms()
    await session.run(frame, keep=False)
    return clock.now_ms() - begun
