"""Marks: where on a time line something was found. Pure numpy."""

from __future__ import annotations

from array import array
from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np

MOST_NAMED = 3
"""Classes that a mark names."""


class Mark(NamedTuple):
    """A stretch of a video in which something was found."""

    start_s: float
    """Time of its first frame with something in seconds."""
    end_s: float
    """Time of its last."""
    labels: tuple[str, ...]
    """The classes that most of its frames have, at most `MOST_NAMED`."""


class Finds:
    """Which classes were found when, of all frames of a video.

    Takes 16 bytes for each class that a frame has.
    """

    def __init__(self) -> None:
        self.labels: list[str] = []
        """Names of the classes that were found at any score, in the order in which they came."""
        self._numbers: dict[str, int] = {}
        self._time_s, self._label, self._score = array("d"), array("i"), array("f")
        self._tracks: dict[int, tuple[float, float]] = {}

    def add(self, record: dict[str, Any]) -> None:
        """Add a frame, as `export.records` has it, which is later than those before."""
        time_s, best = float(record["time_s"]), dict[str, float]()
        for row in record["detections"]:
            label, score = str(row["label"]), float(row["score"])
            best[label] = max(score, best.get(label, 0.0))
            track = row.get("track_id")
            if track is not None:
                begun_s, highest = self._tracks.get(track, (time_s, 0.0))
                self._tracks[track] = begun_s, max(highest, score)
        for label, score in best.items():
            if label not in self._numbers:
                self._numbers[label] = len(self.labels)
                self.labels.append(label)
            self._time_s.append(time_s)
            self._label.append(self._numbers[label])
            self._score.append(score)

    def track(self, track_id: int) -> tuple[float, float]:
        """Return when a track began, in seconds, and its highest score so far."""
        return self._tracks.get(track_id, (0.0, 0.0))

    @property
    def last_track(self) -> int:
        """The highest track_id; 0 if there is none."""
        return max(self._tracks, default=0)

    def found(self, threshold: float, hidden: Collection[str] = ()) -> list[str]:
        """Return the classes that reached a score, those that are not hidden."""
        score = np.frombuffer(self._score, np.float32) if self._score else np.zeros(0, np.float32)
        numbers = np.frombuffer(self._label, np.int32) if self._label else np.zeros(0, np.int32)
        reached = set(numbers[score >= np.float32(threshold)].tolist())
        return [
            label
            for number, label in enumerate(self.labels)
            if number in reached and label not in hidden
        ]

    def marks(self, labels: Collection[str], threshold: float, gap_s: float) -> list[Mark]:
        """Return where any of these classes reached a score, in order of time.

        Args:
            gap_s: seconds without them that do not end a mark.
        """
        if not self._time_s:
            return []
        wanted = np.array([label in labels for label in self.labels])
        # Copies, because arrays that are looked at cannot grow.
        time_s, number = np.array(self._time_s), np.array(self._label)
        kept = (np.array(self._score) >= np.float32(threshold)) & wanted[number]
        time_s, number = time_s[kept], number[kept]
        if not time_s.size:
            return []
        breaks = (np.diff(time_s) > gap_s).nonzero()[0] + 1
        marks = []
        for first, last in zip([0, *breaks], [*breaks, len(time_s)], strict=True):
            counts = np.bincount(number[first:last])
            most = (-counts).argsort(kind="stable")[:MOST_NAMED]
            names = tuple(self.labels[each] for each in most.tolist() if counts[each])
            marks.append(Mark(float(time_s[first]), float(time_s[last - 1]), names))
        return marks


def beside(marks: list[Mark], time_s: float, steps: int) -> Mark | None:
    """Return the next mark after a time, or with -1 the one before; None if there is none."""
    if steps > 0:
        return next((mark for mark in marks if mark.start_s > time_s + NEAR_S), None)
    return next((mark for mark in reversed(marks) if mark.start_s < time_s - NEAR_S), None)


NEAR_S = 0.05
"""A mark that begins so close to the frame that shows is the one that a person is at."""
