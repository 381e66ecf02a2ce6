"""Cover: which rectangles of each frame to hide, also where the detector misses for a while.

Covering a little too much is cheap, covering too little once is the end of it. So boxes are grown,
go on where their object is expected while it is not detected, reach the edge of the picture where
they are close to it, and stay until an object that has left is wholly out of view.

What is not detected yet cannot be covered, unless frames are shown with a delay: see `CoverAhead`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence

from obscura.redaction.geometry import (
    Box,
    Covered,
    CoverOptions,
    area,
    around,
    at_edge,
    boxes_of,
    carried,
    covered,
    moved,
    overlap,
)
from obscura.update import FrameInfo, Update

FACE = "face"
SAME = 0.3
"""IoU above which two boxes without a track, in two frames, are taken for the same object."""
MEASURED_S = 0.1
"""Least seconds by which the way of an object is divided for its velocity: over less, what boxes
jitter by would be a speed."""
STILL: Box = (0.0, 0.0, 0.0, 0.0)


class Sighted:
    """An object that is covered, as it was detected so far.

    Attributes:
        box: where it was detected last.
        seen_s: when.
        first: where it was detected first.
        begun_s: when.
        frames: number of frames in which it was detected.
        velocity: of the edges of its box.
        spared: whether it is shown.
    """

    __slots__ = (
        "_recent",
        "_steady_s",
        "begun_s",
        "box",
        "first",
        "frames",
        "seen_s",
        "spared",
        "velocity",
    )

    def __init__(self, box: Box, now_s: float, steady_s: float, *, spared: bool = False) -> None:
        self.box = self.first = box
        self.seen_s = self.begun_s = now_s
        self.frames = 1
        self.velocity = STILL
        self.spared = spared
        self._steady_s = steady_s
        self._recent: deque[tuple[float, Box]] = deque([(now_s, box)])

    def see(self, box: Box, now_s: float) -> None:
        """Take in where it is; of two boxes in one frame, what is around both."""
        if now_s <= self.seen_s:
            self.box = around(self.box, box)
            self._recent[-1] = (now_s, self.box)
            return
        self.box, self.seen_s, self.frames = box, now_s, self.frames + 1
        self._recent.append((now_s, box))
        # Two more stay, however long ago: at few frames a second they are all there is.
        while len(self._recent) > 3 and self._recent[0][0] < now_s - self._steady_s:
            self._recent.popleft()
        since_s, was = self._recent[0]
        seconds = max(now_s - since_s, MEASURED_S)
        left, top, right, bottom = ((b - a) / seconds for a, b in zip(was, box, strict=True))
        self.velocity = left, top, right, bottom

    def expected(self, now_s: float) -> Box:
        """Return where it may be by now: from where it was last to where it would be if it had
        moved on, as large as it was lately."""
        return around(
            self.box,
            moved(self.box, self.velocity, now_s - self.seen_s),
            *(carried(box, self.velocity, now_s - at_s) for at_s, box in self._recent),
        )

    def at(self, time_s: float) -> Box | None:
        """Return where it may have been at an earlier time, judged from what was detected after it;
        None if nothing was."""
        boxes = [
            carried(box, self.velocity, time_s - at_s)
            for at_s, box in self._recent
            if time_s < at_s <= time_s + self._steady_s
        ]
        if time_s < self.begun_s:
            boxes += [self.first, moved(self.first, self.velocity, time_s - self.begun_s)]
        return around(*boxes) if boxes else None


class Cover:
    """Decides what to cover, frame by frame. Call `update` once per frame, also if nothing was
    found in it."""

    def __init__(self, options: CoverOptions | None = None) -> None:
        self.options = options or CoverOptions()
        self.reset()

    def reset(self) -> None:
        """Forget all objects, because another source or another model follows."""
        self._objects: dict[int, Sighted] = {}
        self._passing: list[Sighted] = []  # without a track
        self._begun_s: float | None = None
        self._time_s = 0.0

    def update(
        self,
        update: Update,
        labels: Sequence[str],
        *,
        spared: Collection[int] = (),
        still: bool = False,
    ) -> Covered:
        """Return what to cover of a frame.

        Args:
            update: all that was found, down to low scores; with track_ids, if there is a tracker.
            labels: names of the classes, by class_id.
            spared: ids of tracks that are shown, with their faces.
            still: whether the frame is a picture of its own.
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
        why = "" if still or not self.options.strict else self._why(update.frame, gap_s)
        return covered(update.frame, boxes, self.options, why, border=not still)

    def sighted(self) -> Iterator[Sighted]:
        """Yield the objects that are known, those included that are shown."""
        yield from self._objects.values()
        yield from self._passing

    def _see(self, update: Update, labels: Sequence[str], spared: Collection[int]) -> None:
        """Take in what was found."""
        found, now_s, steady_s = update.detections, update.frame.time_s, self.options.steady_s
        boxes = boxes_of(found.xyxy)
        tracks = found.track_numbers()
        shown = [box for box, track in zip(boxes, tracks, strict=True) if track in spared]
        hidden = [box for box, track in zip(boxes, tracks, strict=True) if track not in spared]
        for box, track, class_id in zip(boxes, tracks, found.class_id.tolist(), strict=True):
            label = labels[class_id] if class_id < len(labels) else ""
            known = track is not None and track in self._objects
            if label not in self.options.labels and not known:
                continue
            free = track in spared or (label == FACE and _is_face_of(box, shown, hidden))
            if track is None:
                if not free:
                    see_passing(self._passing, box, now_s, steady_s)
                continue
            if known:
                self._objects[track].see(box, now_s)
            else:
                self._objects[track] = Sighted(box, now_s, steady_s)
            self._objects[track].spared = free

    def _why(self, frame: FrameInfo, gap_s: float) -> str:
        """Return why the whole picture is to be covered; "" if it is not."""
        options, now_s = self.options, frame.time_s
        if self._begun_s is None or now_s - self._begun_s < options.settle_s:
            return "start"
        if gap_s > options.most_gap_s:
            return "late"
        for each in self._objects.values():
            lost = now_s - each.seen_s > options.hold_s and each.frames > 1 and not each.spared
            last = each.expected(each.seen_s + options.hold_s)
            if lost and not at_edge(last, frame, options):
                return "lost"
        return ""

    def _forget(self, now_s: float) -> None:
        hold_s = self.options.hold_s
        lasts_s = hold_s + (self.options.lost_s if self.options.strict else 0.0)
        self._objects = {
            track: each for track, each in self._objects.items() if now_s - each.seen_s <= lasts_s
        }
        self._passing = [each for each in self._passing if now_s - each.seen_s <= hold_s]


def see_passing(passing: list[Sighted], box: Box, now_s: float, steady_s: float) -> None:
    """Take in a box without a track: it goes on with the object that it overlaps most, so that
    there are no more of them than objects.

    Args:
        passing: objects without a track; extended where it overlaps none of them.
        box: where something was detected.
        now_s: when.
        steady_s: see `CoverOptions`.
    """
    fit, best = max(
        ((overlap(each.box, box), index) for index, each in enumerate(passing)), default=(0.0, -1)
    )
    if fit > SAME:
        passing[best].see(box, now_s)
    else:
        passing.append(Sighted(box, now_s, steady_s))


def _is_face_of(face: Box, shown: Sequence[Box], hidden: Sequence[Box]) -> bool:
    """Whether a face is that of somebody who is shown: in no smaller box of anybody else."""
    x, y = (face[0] + face[2]) / 2, (face[1] + face[3]) / 2
    inside = [
        (area(box), index < len(shown))
        for index, box in enumerate((*shown, *hidden))
        if box != face and box[0] <= x <= box[2] and box[1] <= y <= box[3]
    ]
    return bool(inside) and min(inside)[1]
