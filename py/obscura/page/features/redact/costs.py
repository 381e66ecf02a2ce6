"""Costs: how late frames are shown, and for how long hiding blocks the page. Pure Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHOWN_MS = 1000
"""Milliseconds between two figures that people read."""


class Costs:
    """Measures frames from when they are kept to when they are shown."""

    def __init__(self, now_ms: Callable[[], float], add: Callable[[float], None]) -> None:
        """
        Args:
            now_ms: returns the time.
            add: receives the milliseconds that a frame has cost.
        """
        self._now_ms, self._add = now_ms, add
        self._figures_ms: float | None = None
        self.reset()

    def reset(self) -> None:
        """Forget all frames."""
        self._kept: dict[int, tuple[float, float]] = {}  # when, and what that took
        self.delay_ms: float | None = None
        """Milliseconds from taking the frame that is showing to showing it; None if unknown."""
        self.ms = 0.0
        """Milliseconds for which that frame has blocked the page."""

    @contextmanager
    def frame(self, index: int) -> Iterator[None]:
        """Measure how a frame is kept."""
        begun = self._now_ms()
        yield
        self._kept[index] = begun, self._now_ms() - begun

    @contextmanager
    def shown(self, index: int) -> Iterator[None]:
        """Measure how a frame is shown."""
        begun = self._now_ms()
        yield
        kept = self._kept.get(index)
        self._kept = {each: value for each, value in self._kept.items() if each > index}
        now = self._now_ms()
        self.ms = now - begun + (kept[1] if kept else 0.0)
        self.delay_ms = now - kept[0] if kept else None
        self._add(self.ms)

    def due(self) -> bool:
        """Whether it is time for people to read other figures."""
        now = self._now_ms()
        if self._figures_ms is not None and now - self._figures_ms < SHOWN_MS:
            return False
        self._figures_ms = now
        return True
