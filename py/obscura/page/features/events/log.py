"""Log of events: bounded, in the order in which they happened. Pure Python."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Collection, Iterator
from heapq import merge
from typing import Any, NamedTuple

KINDS = {
    "appeared": "views",
    "vanished": "views",
    "crossing": "crossings",
    "zone_entered": "zones",
    "zone_left": "zones",
}
"""The kind that people choose by, for each ``event`` of `export.events`."""
MOST = 10_000
"""Events that are held; of the kind with the most, the oldest go first."""
MOST_MOMENTS = 1000
"""Frames whose times are remembered: an event is reported seconds after it happened."""


class Entry(NamedTuple):
    """An event in the log."""

    order: tuple[int, float, int]
    """Number of the source, the event's time on a clock that never runs backwards, and the number
    of the event: of those of one frame, which came first."""
    record: dict[str, Any]
    """As `export.events.to_record` returns it."""
    when: str
    """Its time in words."""

    @property
    def kind(self) -> str:
        """One of `KINDS`."""
        return KINDS[self.record["event"]]


class Log:
    """Holds events. Those that are reported late are put where they happened.

    Attributes:
        changes: how often it has changed.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most, self.changes = most, 0
        self._entries: dict[str, list[Entry]] = {kind: [] for kind in KINDS.values()}
        self._cleared: list[Entry] = []

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))

    @property
    def can_restore(self) -> bool:
        """Whether there are events that were cleared last."""
        return bool(self._cleared)

    def add(self, entry: Entry) -> None:
        """Add an event."""
        self.changes += 1
        insort(self._entries[entry.kind], entry, key=_order)
        if len(self) > self._most:
            del max(self._entries.values(), key=len)[0]

    def oldest_first(self, kinds: Collection[str]) -> Iterator[Entry]:
        """Yield the events of these kinds."""
        return merge(*(self._entries[kind] for kind in kinds), key=_order)

    def newest_first(self, kinds: Collection[str]) -> Iterator[Entry]:
        """Yield the events of these kinds, the latest first."""
        newest = (reversed(self._entries[kind]) for kind in kinds)
        return merge(*newest, key=_order, reverse=True)

    def clear(self) -> None:
        """Remove all events; `restore` brings them back."""
        cleared = [*self.oldest_first(self._entries)]
        if cleared:
            self._cleared = cleared
        self.changes += 1
        for entries in self._entries.values():
            entries.clear()

    def restore(self) -> None:
        """Bring back what was cleared last."""
        for entry in self._cleared:
            self.add(entry)
        self._cleared = []


class Moments:
    """The times of the latest frames of a source, on two clocks.

    Events have times that never run backwards. People want those of the video, which may begin
    again, or those of the clock on the wall.
    """

    def __init__(self) -> None:
        self._frames: deque[tuple[float, float]] = deque(maxlen=MOST_MOMENTS)

    def add(self, time_s: float, other_s: float) -> None:
        """Take in a frame.

        Args:
            time_s: its time as in `FrameInfo`.
            other_s: its time on the other clock.
        """
        self._frames.append((time_s, other_s))

    def clear(self) -> None:
        """Another source follows."""
        self._frames.clear()

    def at(self, time_s: float) -> float:
        """Return the time on the other clock: of the last frame until then, and as much later."""
        after = bisect_right(self._frames, time_s, key=lambda frame: frame[0])
        frame_s, other_s = self._frames[max(after - 1, 0)]
        return max(other_s + time_s - frame_s, 0.0)


def _order(entry: Entry) -> tuple[int, float, int]:
    return entry.order
