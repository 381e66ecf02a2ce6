"""Where the time goes: milliseconds per stage and events per second, over a recent window."""

from __future__ import annotations

from collections import deque


class Timings:
    """The last ``window`` durations of each stage of the frame loop."""

    def __init__(self, window: int = 120) -> None:
        self._window = window
        self._stages: dict[str, deque[float]] = {}

    def add(self, stage: str, ms: float) -> None:
        """Note that ``stage`` took ``ms`` milliseconds."""
        if stage not in self._stages:
            self._stages[stage] = deque(maxlen=self._window)
        self._stages[stage].append(ms)

    def medians(self) -> dict[str, float]:
        """Return the median milliseconds of each stage, in the order the stages first came."""
        return {stage: _median(values) for stage, values in self._stages.items()}

    def clear(self) -> None:
        """Forget everything, the stages and their order too."""
        self._stages.clear()


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


def _median(values: deque[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
