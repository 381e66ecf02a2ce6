"""Deadline: shares out the time that a benchmark may take. Pure Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil


class Deadline:
    """A moment by which everything has ended."""

    def __init__(self, seconds: float, now_ms: Callable[[], float]) -> None:
        """
        Args:
            seconds: from now on.
            now_ms: a clock in milliseconds.
        """
        self._now_ms = now_ms
        self._begun_ms = now_ms()
        self._seconds = seconds

    @property
    def left_s(self) -> int:
        """Whole seconds left, rounded up; 0 once it has passed."""
        passed_s = (self._now_ms() - self._begun_ms) / 1000
        return max(0, ceil(self._seconds - passed_s))

    @property
    def passed(self) -> float:
        """The part of the time that has passed, 0 to 1."""
        return min(1.0, (self._now_ms() - self._begun_ms) / (1000 * self._seconds))

    def next_end_ms(self, weights: Sequence[float]) -> float:
        """Return by when the next step should end, on the clock of the constructor.

        A step that ends early leaves its time to the later ones.

        Args:
            weights: of the steps that are left, the next one first.
        """
        now = self._now_ms()
        left = max(0.0, self._begun_ms + 1000 * self._seconds - now)
        return now + left * weights[0] / sum(weights)
