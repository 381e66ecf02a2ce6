"""Cover: which rectangles of each frame to hide, also where the detector misses for a while.

Covering a little too much is cheap, covering too little once is the end of it. So boxes are grown,
go on where their object is expected while it is not detected, reach the edge of the picture where
they are close to it, and stay until an object that has left is wholly out of view.

What is not detected yet cannot be covered, unless frames are shown with a delay: see `CoverAhead`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from obscura.redaction.geometry import (
    Covered,
    CoverOptions,
    at_edge,
    boxes_of,
    covered,
    is_within,
)
from obscura.redaction.heads import names_of, spared_rows
from obscura.redaction.sighted import Passing, Sighted
from obscura.update import FrameInfo, Update


class Cover:
    """Decides what to cover, frame by frame. Call `update` once per frame, also if nothing was
    found in it."""

    def __init__(self, options: CoverOptions | None = None, *, memory_s: float = 0.0) -> None:
        """Start without objects.

        Args:
            options: what is covered.
            memory_s: seconds for which `Sighted.at` knows where objects were.
        """
        self.options = options or CoverOptions()
        self._memory_s = memory_s
        self.reset()

    def reset(self) -> None:
        """Forget all objects, because another source or another model follows."""
        self._objects: dict[int, Sighted] = {}
        self._passing = Passing(self.options.steady_s, self._memory_s)
        self._begun_s: float | None = None
        self._time_s = 0.0

    def update(
        self,
        update: Update,
        labels: Sequence[str],
        *,
        spared: Collection[int] = (),
        still: bool = False,
        why: str = "",
    ) -> Covered:
        """Return what to cover of a frame.

        Args:
            update: all that was found, down to low scores; with track_ids, if there is a tracker.
            labels: names of the classes, by class_id.
            spared: ids of tracks that are shown, with their faces.
            still: whether the frame is a picture of its own.
            why: why the whole of it is to be covered, where the caller knows that something was not
                looked for in it.
        """
        now_s = update.frame.time_s
        gap_s = now_s - self._time_s if self._begun_s is not None else 0.0
        if gap_s < 0 or still:
            self.reset()
            gap_s = 0.0
        if self._begun_s is None:
            self._begun_s = now_s
        self._time_s = now_s
        self._see(update, labels, spared)
        boxes = [
            each.expected(now_s)
            for each in self.sighted()
            if not each.spared and now_s - each.seen_s <= self.options.hold_s
        ]
        self._forget(now_s)
        if not why and self.options.strict and not still:
            why = self._why(update.frame, gap_s)
        return covered(update.frame, boxes, self.options, why, border=not still)

    def sighted(self) -> Iterator[Sighted]:
        """Yield the objects that are known, those included that are shown."""
        yield from self._objects.values()
        yield from self._passing.objects

    def _see(self, update: Update, labels: Sequence[str], spared: Collection[int]) -> None:
        """Take in what was found."""
        found, now_s = update.detections, update.frame.time_s
        boxes, tracks = boxes_of(found.xyxy), found.track_numbers()
        names, shown = names_of(found, labels), spared_rows(found, labels, spared)
        for row, (box, track, name) in enumerate(zip(boxes, tracks, names, strict=True)):
            known = track is not None and track in self._objects
            if name not in self.options.labels and not known:
                continue
            free = shown[row]
            if track is None:
                if not free:
                    self._passing.see(box, now_s)
                continue
            if known:
                self._objects[track].see(box, now_s)
            else:
                self._objects[track] = self._passing.begin(box, now_s)
            self._objects[track].spared = free

    def _why(self, frame: FrameInfo, gap_s: float) -> str:
        """Return why the whole picture is to be covered; "" if it is not."""
        options, now_s = self.options, frame.time_s
        if self._begun_s is None or now_s - self._begun_s < options.settle_s:
            return "start"
        if gap_s > options.most_gap_s:
            return "late"
        there = [each.expected(now_s) for each in self.sighted() if each.seen_s == now_s]
        for each in self._objects.values():
            lost = now_s - each.seen_s > options.hold_s and each.frames > 1 and not each.spared
            last = each.expected(each.seen_s + options.hold_s)
            # A face that was found where a head was, or the other way round, is not lost.
            if lost and not at_edge(last, frame, options) and not is_within(each.box, there):
                return "lost"
        return ""

    def _forget(self, now_s: float) -> None:
        hold_s = self.options.hold_s
        lasts_s = hold_s + (self.options.lost_s if self.options.strict else 0.0)
        self._objects = {
            track: each for track, each in self._objects.items() if now_s - each.seen_s <= lasts_s
        }
        self._passing.forget(now_s - hold_s)
