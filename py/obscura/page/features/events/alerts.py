"""Alerts: how often events are said at most. Pure Python."""

from __future__ import annotations

from math import inf

from obscura.page.features.events import words

TONES = {"crossings": (880.0,), "zones": (660.0, 880.0), "views": (440.0,)}
"""Frequencies in Hz, one after the other, by kind of event."""
TONES_EVERY_MS = 1000


class Digest:
    """Collects sentences, and hands them out as one, from time to time."""

    def __init__(self, every_ms: float) -> None:
        """
        Args:
            every_ms: milliseconds from one to the next, at least.
        """
        self._every_ms, self._last_ms = every_ms, -inf
        self._sentences: list[str] = []

    def add(self, sentence: str) -> None:
        """Collect a sentence."""
        self._sentences.append(sentence)

    def clear(self) -> None:
        """Forget what was collected."""
        self._sentences.clear()

    def take(self, now_ms: float) -> str:
        """Return what was collected since the last time; "" for nothing, or if it is too soon."""
        if not self._sentences or now_ms - self._last_ms < self._every_ms:
            return ""
        self._last_ms = now_ms
        taken, self._sentences = self._sentences, []
        return words.digest(taken)


class Chime:
    """Decides which tones are played: those of the first event of a second."""

    def __init__(self) -> None:
        self._last_ms = -inf

    def tones(self, kind: str, now_ms: float) -> tuple[float, ...]:
        """Return the tones to play for an event; none if there was one in the last second."""
        if now_ms - self._last_ms < TONES_EVERY_MS:
            return ()
        self._last_ms = now_ms
        return TONES[kind]
