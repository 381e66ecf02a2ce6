"""Timings of the frame loop: milliseconds per stage and events per second, lately."""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class FrameTotals:
    """Durations of whole frames within the window, in milliseconds."""

    median: float  # from the start of the capture to drawn boxes
    p95: float  # 95 of 100 frames took at most this long
    blocked: float  # median of the time for which a frame blocked the page's thread
    blocked_p95: float  # 95 of 100 frames blocked it at most this long
    count: int  # number of frames


class Timings:
    """The last ``window`` durations of each stage of the frame loop, and of whole frames."""

    def __init__(self, window: int = 120) -> None:
        self._window = window
        self._stages: dict[str, deque[float]] = {}
        self._frames: deque[float] = deque(maxlen=window)
        self._blocked: deque[float] = deque(maxlen=window)

    def add(self, stage: str, ms: float) -> None:
        """Record that ``stage`` took ``ms`` milliseconds."""
        if stage not in self._stages:
            self._stages[stage] = deque(maxlen=self._window)
        self._stages[stage].append(ms)

    def medians(self) -> dict[str, float]:
        """Return the median milliseconds of each stage, in order of first occurrence."""
        return {stage: median(values) for stage, values in self._stages.items()}

    def add_frame(self, ms: float, blocked_ms: float) -> None:
        """Record a whole frame.

        Args:
            ms: from the start of its capture until its boxes are drawn.
            blocked_ms: for how long the thread was blocked since the previous frame.
        """
        self._frames.append(ms)
        self._blocked.append(blocked_ms)

    def frame(self) -> FrameTotals | None:
        """Return the durations of whole frames; None before the first."""
        if not self._frames:
            return None
        return FrameTotals(
            median=median(self._frames),
            p95=quantile(self._frames, 0.95),
            blocked=median(self._blocked),
            blocked_p95=quantile(self._blocked, 0.95),
            count=len(self._frames),
        )

    def clear(self) -> None:
        """Forget all durations, and the stages."""
        self._stages.clear()
        self._frames.clear()
        self._blocked.clear()


class BlockedTime:
    """Time spent in measured sections, which block the thread. A context manager is one section.

    A section within another one counts once.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """
        Args:
            clock: returns milliseconds; never runs backwards.
        """
        self._clock = clock
        self._total = self._started = 0.0
        self._depth = 0

    def __enter__(self) -> None:
        if not self._depth:
            self._started = self._clock()
        self._depth += 1

    def __exit__(self, *_failure: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._total += self._clock() - self._started

    def lap(self) -> float:
        """Return the milliseconds spent in sections since the previous call, and start again."""
        spent, self._total = self._total, 0.0
        if self._depth:
            now = self._clock()
            spent += now - self._started
            self._started = now
        return spent

    async def during(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Await a coroutine, measuring the sections in which it runs, not those where it waits."""
        return await self._stepped(coroutine)

    @types.coroutine
    def _stepped(self, coroutine: Coroutine[Any, Any, Result]) -> Generator[Any, Any, Result]:
        value: Any = None
        resume: Callable[[Any], Any] = coroutine.send
        while True:
            try:
                with self:
                    waiting = resume(value)
            except StopIteration as end:
                result: Result = end.value
                return result
            try:
                value, resume = (yield waiting), coroutine.send
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as failure:  # noqa: BLE001  (a cancellation is passed on too)
                value, resume = failure, coroutine.throw


class Rate:
    """Events per second: the mean over the ticks of the last ``window_s`` seconds.

    The last two ticks count however old they are, so that rates below one event per window are
    right too. The time since the last tick limits the rate, so that it falls towards 0 when the
    ticks stop.
    """

    def __init__(self, window_s: float = 2.0) -> None:
        self._window_s = window_s
        self._ticks: deque[float] = deque()

    def tick(self, now_s: float) -> None:
        """Record an event at ``now_s`` seconds on a clock that never runs backwards."""
        self._ticks.append(now_s)
        while len(self._ticks) > 2 and self._ticks[0] < now_s - self._window_s:
            self._ticks.popleft()

    def per_second(self, now_s: float) -> float:
        """Return events per second at ``now_s``; 0 before the second event."""
        if len(self._ticks) < 2:
            return 0.0
        last = self._ticks[-1]
        mean_s = (last - self._ticks[0]) / (len(self._ticks) - 1)
        interval_s = max(mean_s, now_s - last)
        return 1 / interval_s if interval_s > 0 else 0.0

    def clear(self) -> None:
        """Forget all ticks, for example when the camera stops."""
        self._ticks.clear()


def quantile(values: Collection[float], share: float) -> float:
    """Return the value that `share` (0 to 1) of the values do not exceed, interpolated linearly.

    Same as numpy's, whose function would need modules that the page does not ship.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("there are no values")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def median(values: Collection[float]) -> float:
    """Return the middle value, or the mean of the middle two."""
    return quantile(values, 0.5)
