"""Turns: which objects a head is to look at next, so that each gets its share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obscura.boxes import Floats
from obscura.heads.spec import Cadence, Every
from obscura.tracking.assignment import assign
from obscura.tracking.similarity import overlap

WHOLE_FRAME = -2
"""Key of the whole frame."""
NAMELESS = -10
"""Keys from this one downwards are of rows without a track, for one frame."""
FORGET_S = 5.0
"""Time after which an object that is not in view is forgotten."""
SAME_PLACE = 0.3
"""Overlap that a box must exceed to be the same object as in the previous frame."""
PLACE_S = 0.5
"""Time for which a place is kept where nothing is found; those of the previous frame are kept,
however slowly frames come."""


@dataclass(slots=True)
class _Turn:
    due: float  # number of the frame, or time in seconds, from which it is due
    seen_s: float


class Turns:
    """When each object is due, by the head's cadence: the one that is due longest comes first.

    An object that was never looked at is due since it was first seen. So new ones do not push the
    others aside for ever, and with a bounded number of objects each gets its turn.
    """

    def __init__(self, cadence: Cadence) -> None:
        self._cadence = cadence
        self.reset()

    def reset(self) -> None:
        """Forget all objects."""
        self._turns: dict[int, _Turn] = {}
        self._nameless = -np.inf

    def due(self, keys: Sequence[int], frame: int, time_s: float) -> list[int]:
        """Return the places in `keys` of what is due, the longest due first, nameless rows last.

        Args:
            keys: one per object in view, best first: its track, `WHOLE_FRAME`, or from `NAMELESS`
                downwards.
            frame: number of the analysed frame.
            time_s: time of the frame.
        """
        now = self._now(frame, time_s)
        found: list[tuple[float, int]] = []
        nameless: list[int] = []
        for place, key in enumerate(keys):
            if key <= NAMELESS:
                if self._nameless <= now:
                    nameless.append(place)
                continue
            turn = self._turns.setdefault(key, _Turn(now, time_s))
            turn.seen_s = time_s
            if turn.due <= now:
                found.append((turn.due, place))
        self._forget(time_s)
        return [place for _, place in sorted(found)] + nameless

    def answered(self, keys: Sequence[int], frame: int, time_s: float) -> None:
        """Record that the head looked at these."""
        step = self._cadence[0]
        for key in keys:
            if key <= NAMELESS:
                self._nameless = self._now(frame, time_s) + step
            else:
                self._turns[key] = _Turn(self._now(frame, time_s) + step, time_s)

    def known(self) -> set[int]:
        """Return the keys that are not forgotten."""
        return set(self._turns)

    def _now(self, frame: int, time_s: float) -> float:
        return frame if isinstance(self._cadence, Every) else time_s

    def _forget(self, time_s: float) -> None:
        gone = [key for key, turn in self._turns.items() if turn.seen_s < time_s - FORGET_S]
        for key in gone:
            del self._turns[key]


class Places:
    """Numbers for boxes that have no track, as before the tracker: the same from frame to frame for
    what overlaps its place in the previous frame."""

    def __init__(self) -> None:
        self._next = 0
        self.reset()

    def reset(self) -> None:
        """Forget all places; numbers are not used again."""
        self._boxes: Floats = np.zeros((0, 4), np.float32)
        self._keys: NDArray[np.int64] = np.zeros(0, np.int64)
        self._seen_s: NDArray[np.float64] = np.zeros(0)

    def match(self, xyxy: Floats, time_s: float) -> list[int]:
        """Return the number of each of ``(n, 4)`` boxes, 0 or more."""
        keys = np.full(len(xyxy), -1, np.int64)
        kept = self._seen_s >= min(time_s - PLACE_S, self._seen_s.max(initial=-np.inf))
        old, old_keys = self._boxes[kept], self._keys[kept]
        if len(old) and len(xyxy):
            margin = np.full((len(old), 2), 0.1)
            alike = overlap(_centres(old), _centres(xyxy), margin, heights=False)
            rows, columns = assign(np.nan_to_num(alike), SAME_PLACE)
            keys[columns] = old_keys[rows]
        new = keys < 0
        keys[new] = np.arange(self._next, self._next + int(new.sum()))
        self._next += int(new.sum())
        missed = ~(old_keys[:, None] == keys).any(axis=1)
        self._boxes = np.concatenate([old[missed], xyxy])
        self._keys = np.concatenate([old_keys[missed], keys])
        self._seen_s = np.concatenate(
            [self._seen_s[kept][missed], np.full(len(xyxy), time_s)],
        )
        return [int(key) for key in keys]


def _centres(xyxy: Floats) -> NDArray[np.float64]:
    """Return cx, cy, width, height, of one pixel at least."""
    boxes = xyxy.astype(np.float64)
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0)
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, sides], axis=1)
