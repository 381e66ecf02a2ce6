"""Where the time goes: milliseconds per stage and events per second, over a recent window."""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class FrameTotals:
    """What the frames of the window took as a whole, in milliseconds."""

    median: float  # from the begin of the capture to drawn boxes
    p95: float  # 95 of 100 frames took no longer than this
    blocked: float  # the median of the time for which a frame held the page's thread
    blocked_p95: float  # and 95 of 100 frames held it no longer than this
    count: int  # the frames that these are of


class Timings:
    """The last ``window`` durations of each stage of the frame loop, and of whole frames."""

    def __init__(self, window: int = 120) -> None:
        self._window = window
        self._stages: dict[str, deque[float]] = {}
        self._frames: deque[float] = deque(maxlen=window)
        self._blocked: deque[float] = deque(maxlen=window)

    def add(self, stage: str, ms: float) -> None:
        """Note that ``stage`` took ``ms`` milliseconds."""
        if stage not in self._stages:
            self._stages[stage] = deque(maxlen=self._window)
        self._stages[stage].append(ms)

    def medians(self) -> dict[str, float]:
        """Return the median milliseconds of each stage, in the order the stages first came."""
        return {stage: median(values) for stage, values in self._stages.items()}

    def add_frame(self, ms: float, blocked_ms: float) -> None:
        """Note a whole frame.

        Args:
            ms: from the begin of its capture to its boxes drawn.
            blocked_ms: for how much of the time since the former frame the thread was held.
        """
        self._frames.append(ms)
        self._blocked.append(blocked_ms)

    def frame(self) -> FrameTotals | None:
        """Return what whole frames took; None until there has been one."""
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
        """Forget everything, the stages and their order too."""
        self._stages.clear()
        self._frames.clear()
        self._blocked.clear()


class Held:
    """For how long the thread was held, added up over the sections that are measured.

    A section within another counts once, as a part of that.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """
        Args:
            clock: milliseconds, never running backwards.
        """
        self._clock = clock
        self._total = self._begun = 0.0
        self._depth = 0

    def __enter__(self) -> None:
        if not self._depth:
            self._begun = self._clock()
        self._depth += 1

    def __exit__(self, *_failure: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._total += self._clock() - self._begun

    def take(self) -> float:
        """Return the milliseconds since the last `take`, up to now, and begin anew."""
        taken, self._total = self._total, 0.0
        if self._depth:
            now = self._clock()
            taken += now - self._begun
            self._begun = now
        return taken

    async def during(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Await a coroutine and measure the sections in which it runs, not those it waits for."""
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
            except BaseException as failure:  # noqa: BLE001  (a cancellation, too, is passed on)
                value, resume = failure, coroutine.throw


class Rate:
    """How often something happens: the mean over the last ``window_s`` seconds of ticks.

    The two latest ticks count however old they are, so that less than one event per window still
    reads true; and the rate never reads higher than the silence since the last tick allows, so
    that it falls towards 0 when the ticks stop.
    """

    def __init__(self, window_s: float = 2.0) -> None:
        self._window_s = window_s
        self._ticks: deque[float] = deque()

    def tick(self, now_s: float) -> None:
        """Note an event at ``now_s`` seconds on a clock that never runs backwards."""
        self._ticks.append(now_s)
        while len(self._ticks) > 2 and self._ticks[0] < now_s - self._window_s:
            self._ticks.popleft()

    def per_second(self, now_s: float) -> float:
        """Return events per second at ``now_s``; 0 until there have been two."""
        if len(self._ticks) < 2:
            return 0.0
        last = self._ticks[-1]
        mean_s = (last - self._ticks[0]) / (len(self._ticks) - 1)
        interval_s = max(mean_s, now_s - last)
        return 1 / interval_s if interval_s > 0 else 0.0

    def clear(self) -> None:
        """Forget all ticks, as when the camera stops."""
        self._ticks.clear()


def quantile(values: Collection[float], share: float) -> float:
    """Return the value that `share` (0 to 1) of the values do not exceed, interpolated linearly.

    The same as numpy's, which would bring modules that the page does not carry.

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
    """Return the middle one of the values, or the mean of the middle two."""
    return quantile(values, 0.5)
