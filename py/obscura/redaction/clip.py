"""CoverClip: which rectangles of each frame of a clip to hide, once all frames were analysed.

Every object is covered from before it was first detected to after it was last detected, on its way
to the edge of the picture if it came from there or goes there, and in the gaps between.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from obscura.redaction.geometry import (
    Box,
    Covered,
    CoverOptions,
    around,
    boxes_of,
    carried,
    covered,
    follows,
    is_outside,
    is_within,
    moved,
    overlap,
)
from obscura.redaction.heads import names_of, spared_rows
from obscura.redaction.sighted import SAME
from obscura.update import FrameInfo, Update

MEASURED_S = 0.5
"""Seconds at either end of a span from which its velocity there is measured."""
MOST_S = 3.0
"""Seconds for which an object is at most followed to the edge."""
STEP_S = 0.1

Floats = NDArray[np.float64]


@dataclass(slots=True)
class _Span:
    """Where an object was detected: times in seconds, ascending, and boxes."""

    times: list[float] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)

    def see(self, box: Box, now_s: float) -> None:
        """Take in where it is; of two boxes in one frame, what is around both."""
        if self.times and self.times[-1] == now_s:
            self.boxes[-1] = around(self.boxes[-1], box)
        else:
            self.times.append(now_s)
            self.boxes.append(box)

    def velocity(self, end: int) -> Box:
        """Return the velocity of the edges at the beginning (0) or at the end (-1)."""
        times = np.array(self.times)
        near = np.abs(times - times[end]) <= MEASURED_S
        if near.sum() < 2:
            return (0.0, 0.0, 0.0, 0.0)
        since = times[near] - times[near].mean()
        edges = np.array(self.boxes)[near]
        left, top, right, bottom = (since @ (edges - edges.mean(axis=0)) / (since @ since)).tolist()
        return left, top, right, bottom


@dataclass(slots=True)
class _Course:
    """A span that is complete: what it does before and after its detections.

    Attributes:
        begins_s, ends_s: between these it is covered.
        lost_begin, lost_end: whether it appears, disappears in the middle of the picture.
    """

    span: _Span
    before: Box
    after: Box
    begins_s: float
    ends_s: float
    lost_begin: bool
    lost_end: bool

    def at(self, time_s: float, steady_s: float) -> Box:
        """Return where the object may be at a time."""
        times, boxes = self.span.times, self.span.boxes
        if time_s < times[0]:
            return around(boxes[0], moved(boxes[0], self.before, time_s - times[0]))
        if time_s > times[-1]:
            return around(boxes[-1], moved(boxes[-1], self.after, time_s - times[-1]))
        # The neighbours on both sides, so that a gap is covered from end to end, and all that are
        # near in time, where they would be now, so that one box that is too small does no harm.
        following = int(np.searchsorted(times, time_s))
        previous = following if times[following] == time_s else following - 1
        first = int(np.searchsorted(times, time_s - steady_s))
        last = int(np.searchsorted(times, time_s + steady_s, side="right"))
        seconds = times[last - 1] - times[first] if last > first else 0.0
        near = []
        if seconds > 0:
            begin, end = boxes[first], boxes[last - 1]
            left, top, right, bottom = ((b - a) / seconds for a, b in zip(begin, end, strict=True))
            course = left, top, right, bottom
            near = [carried(boxes[i], course, time_s - times[i]) for i in range(first, last)]
        return around(boxes[previous], boxes[following], *near)


class CoverClip:
    """Collects what was found in all frames of a clip, and then says what to cover of each.

    >>> from obscura import Detections, FrameInfo, Update
    >>> from obscura.redaction import CoverOptions
    >>> cover = CoverClip(CoverOptions(hold_s=0.5))
    >>> for index in range(30):
    ...     found = Detections([[40, 40, 60, 80]], [0.9], [0])
    ...     frame = FrameInfo(index, index / 10, 320, 240)
    ...     cover.add(Update(frame, found if index == 15 else found[:0]), ["person"])
    >>> [index for index in range(30) if len(cover.covered(index).xyxy)]
    [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]
    """

    def __init__(self, options: CoverOptions | None = None) -> None:
        self.options = options or CoverOptions()
        self._frames: list[FrameInfo] = []
        self._failed: set[int] = set()
        self._tracks: dict[int, _Span] = {}
        self._passing: list[_Span] = []  # without a track
        self._open: list[_Span] = []  # of those the ones that may go on
        self._bridges: list[_Span] = []  # from one span to another that may be the same object
        self._courses: list[_Course] | None = None
        self._begins_s: Floats = np.zeros(0)
        self._ends_s: Floats = np.zeros(0)

    def __len__(self) -> int:
        """Number of frames."""
        return len(self._frames)

    def add(self, update: Update, labels: Sequence[str], *, spared: Collection[int] = ()) -> None:
        """Take in the next frame.

        Args:
            update: all that was found, down to low scores; with track_ids, if there is a tracker.
            labels: names of the classes, by class_id.
            spared: ids of tracks that are shown, with their faces.
        """
        found, now_s = update.detections, update.frame.time_s
        self._next(update.frame)
        boxes, tracks = boxes_of(found.xyxy), found.track_numbers()
        names, shown = names_of(found, labels), spared_rows(found, labels, spared)
        for row, (box, track, name) in enumerate(zip(boxes, tracks, names, strict=True)):
            known = track is not None and track in self._tracks
            if not known and name not in self.options.labels:
                continue
            if shown[row]:
                continue
            if track in self._tracks:
                self._tracks[track].see(box, now_s)
            elif track is None:
                self._pass(box, now_s)
            else:
                self._tracks[track] = self._begin(box, now_s)

    def fail(self, frame: FrameInfo) -> None:
        """Take in that the next frame could not be analysed: the whole of it is covered."""
        self._failed.add(len(self._frames))
        self._next(frame)

    def covered(self, index: int) -> Covered:
        """Return what to cover of a frame, once all have been added.

        Args:
            index: the number of the frame in the order in which they were added.
        """
        if self._courses is None:
            self._finish()
        frame = self._frames[index]
        now_s = frame.time_s
        active = np.flatnonzero((self._begins_s <= now_s) & (now_s <= self._ends_s)).tolist()
        courses = self._courses or []
        boxes = [courses[each].at(now_s, self.options.steady_s) for each in active]
        why = "failed" if index in self._failed else ""
        if not why and self.options.strict and self._is_lost(now_s):
            why = "lost"
        return covered(frame, boxes, self.options, why)

    def _next(self, frame: FrameInfo) -> None:
        self._frames.append(frame)
        self._courses = None

    def _pass(self, box: Box, now_s: float) -> None:
        """Take in a box without a track: it goes on with the span that it overlaps most."""
        self._open = [each for each in self._open if now_s - each.times[-1] <= self.options.hold_s]
        fit, best = max(
            ((overlap(each.boxes[-1], box), index) for index, each in enumerate(self._open)),
            default=(0.0, -1),
        )
        if fit > SAME:
            self._open[best].see(box, now_s)
        else:
            self._open.append(self._begin(box, now_s))
            self._passing.append(self._open[-1])

    def _begin(self, box: Box, now_s: float) -> _Span:
        """Return a new span. If it may be another one that goes on, the gap is covered, too."""
        spans = (*self._tracks.values(), *self._open)
        before = [
            (distance, number)
            for number, each in enumerate(spans)
            if 0 < now_s - each.times[-1] <= MOST_S
            and (distance := follows(box, each.boxes[-1])) is not None
        ]
        if before:
            was = spans[min(before)[1]]
            self._bridges.append(_Span([was.times[-1], now_s], [was.boxes[-1], box]))
        return _Span([now_s], [box])

    def _finish(self) -> None:
        """Work out where each object comes from, and where it goes."""
        spans = [*self._tracks.values(), *self._passing]
        self._courses = [self._course(span) for span in spans]
        if self.options.strict:
            for course in self._courses:
                # A face that is found where a head was, or the other way round, is not lost.
                if course.lost_begin and self._is_there(course.span.boxes[0], course.begins_s):
                    course.lost_begin = False
                if course.lost_end and self._is_there(course.span.boxes[-1], course.ends_s):
                    course.lost_end = False
        still: Box = (0.0, 0.0, 0.0, 0.0)
        self._courses += [
            _Course(span, still, still, span.times[0], span.times[-1], False, False)
            for span in self._bridges
        ]
        self._begins_s = np.array([each.begins_s for each in self._courses])
        self._ends_s = np.array([each.ends_s for each in self._courses])

    def _is_there(self, box: Box, time_s: float) -> bool:
        """Whether another object was detected around a time where a box is."""
        return any(
            each.span.times[0] <= time_s <= each.span.times[-1]
            and is_within(box, [each.at(time_s, self.options.steady_s)])
            for each in self._courses or []
        )

    def _course(self, span: _Span) -> _Course:
        before, after = span.velocity(0), span.velocity(-1)
        came_s = self._way_out(span.boxes[0], before, -1)
        goes_s = self._way_out(span.boxes[-1], after, 1)
        hold_s = self.options.hold_s
        known = len(span.times) > 1
        # A clip's ends are nobody's coming and going.
        first_s, last_s = self._frames[0].time_s + hold_s, self._frames[-1].time_s - hold_s
        return _Course(
            span,
            before,
            after,
            span.times[0] - max(hold_s, came_s or 0.0),
            span.times[-1] + max(hold_s, goes_s or 0.0),
            known and came_s is None and span.times[0] > first_s,
            known and goes_s is None and span.times[-1] < last_s,
        )

    def _way_out(self, box: Box, velocity: Box, direction: int) -> float | None:
        """Return the seconds until a box is out of the picture; None if it stays in it."""
        frame = self._frames[0]
        for step in range(1, round(MOST_S / STEP_S) + 1):
            there = moved(box, velocity, direction * step * STEP_S)
            if is_outside(there, frame, self.options):
                return step * STEP_S
        return None

    def _is_lost(self, now_s: float) -> bool:
        """Whether an object has disappeared, or is to appear, in the middle of the picture."""
        for each in self._courses or []:
            if each.lost_end and each.ends_s < now_s <= each.ends_s + self.options.lost_s:
                return True
            if each.lost_begin and each.begins_s - self.options.lost_s <= now_s < each.begins_s:
                return True
        return False
