"""Cover: which rectangles of each frame to hide, also where the detector misses for a while.

Covering a little too much is cheap, covering too little once is the end of it. So boxes are grown,
go on where their object is expected while it is not detected, reach the edge of the picture where
they are close to it, and stay until an object that has left is wholly out of view.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import NDArray

from obscura.update import FrameInfo, Update

Box = tuple[float, float, float, float]
FACE = "face"
SAME = 0.3
"""IoU above which two boxes without a track, in two frames, are taken for the same object."""


@dataclass(frozen=True, slots=True)
class CoverOptions:
    """What is covered, and how carefully.

    Attributes:
        labels: names of the classes to cover.
        margin: by how much a box is grown on each side, as a part of its longer side.
        edge: how close to the picture's edge a grown box reaches onto it, as a part of the
            picture's longer side.
        hold_s: seconds for which an object that is not detected any more stays covered.
        strict: whether the whole picture is covered while anything is uncertain: in the first
            ``settle_s`` seconds, while an object that did not leave at the edge is lost, for up to
            ``lost_s`` seconds, and after more than ``most_gap_s`` seconds between two frames.
        settle_s, lost_s, most_gap_s: see ``strict``.

    Raises:
        ValueError: a number is negative, or not a number.
    """

    labels: frozenset[str] = frozenset({"person"})
    margin: float = 0.15
    edge: float = 0.04
    hold_s: float = 1.0
    strict: bool = False
    settle_s: float = 0.5
    lost_s: float = 2.0
    most_gap_s: float = 1.0

    def __post_init__(self) -> None:
        for name in ("margin", "edge", "hold_s", "settle_s", "lost_s", "most_gap_s"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name}: wanted 0 or more, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """What is to be covered of a frame.

    Attributes:
        frame: the frame.
        xyxy: ``(n, 4)`` float32, in pixels of the source, inside the picture.
        whole: whether the whole picture is to be covered.
        why: "start", "lost" or "late" where it is; else "".
    """

    frame: FrameInfo
    xyxy: NDArray[np.float32]
    whole: bool = False
    why: str = ""


@dataclass(slots=True)
class _Object:
    """An object that is covered, as it was detected last."""

    box: Box
    seen_s: float
    frames: int = 1
    velocity: Box = (0.0, 0.0, 0.0, 0.0)  # of the edges, in pixels per second
    spared: bool = False

    def see(self, box: Box, now_s: float) -> None:
        """Take in where it is; velocities are averaged over a quarter of a second."""
        seconds = now_s - self.seen_s
        if seconds > 0:
            share = 1 - exp(-seconds / 0.25)
            self.velocity = _box(
                old + share * ((new - was) / seconds - old)
                for old, new, was in zip(self.velocity, box, self.box, strict=True)
            )
        self.box, self.seen_s, self.frames = box, now_s, self.frames + 1

    def expected(self, now_s: float) -> Box:
        """Return where it may be by now: from where it was last to where it would be if it had
        moved on."""
        seconds = now_s - self.seen_s
        moved = _box(
            edge + seconds * speed for edge, speed in zip(self.box, self.velocity, strict=True)
        )
        return _around(self.box, moved)


class Cover:
    """Decides what to cover, frame by frame. Call `update` once per frame, also if nothing was
    found in it."""

    def __init__(self, options: CoverOptions | None = None) -> None:
        self.options = options or CoverOptions()
        self.reset()

    def reset(self) -> None:
        """Forget all objects, because another source or another model follows."""
        self._objects: dict[int, _Object] = {}
        self._passing: list[_Object] = []  # without a track
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
            self._grown(each.expected(now_s), update.frame)
            for each in (*self._objects.values(), *self._passing)
            if not each.spared and now_s - each.seen_s <= self.options.hold_s
        ]
        why = "" if still or not self.options.strict else self._why(update.frame, gap_s)
        self._forget(now_s)
        kept = [box for box in boxes if box[0] < box[2] and box[1] < box[3]]
        xyxy = np.array(kept, np.float32).reshape(-1, 4)
        return Covered(update.frame, xyxy, bool(why), why)

    def _see(self, update: Update, labels: Sequence[str], spared: Collection[int]) -> None:
        """Take in what was found."""
        found, now_s = update.detections, update.frame.time_s
        boxes = [_box(row) for row in found.xyxy.tolist()]
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
                    self._pass(box, now_s)
                continue
            if known:
                self._objects[track].see(box, now_s)
            else:
                self._objects[track] = _Object(box, now_s)
            self._objects[track].spared = free

    def _pass(self, box: Box, now_s: float) -> None:
        """Take in a box without a track: it goes on with one that was there before, so that there
        are no more of them than objects."""
        for each in self._passing:
            if _overlap(each.box, box) > SAME:
                each.box, each.seen_s = _around(each.box, box) if each.seen_s == now_s else box, now_s
                return
        self._passing.append(_Object(box, now_s))

    def _why(self, frame: FrameInfo, gap_s: float) -> str:
        """Return why the whole picture is to be covered; "" if it is not."""
        options, now_s = self.options, frame.time_s
        if self._begun_s is None or now_s - self._begun_s < options.settle_s:
            return "start"
        if gap_s > options.most_gap_s:
            return "late"
        for each in self._objects.values():
            unseen_s = now_s - each.seen_s
            inside = not self._at_edge(each.expected(each.seen_s + options.hold_s), frame)
            if unseen_s > options.hold_s and each.frames > 1 and inside and not each.spared:
                return "lost"
        return ""

    def _forget(self, now_s: float) -> None:
        lasts_s = self.options.hold_s + (self.options.lost_s if self.options.strict else 0.0)
        self._objects = {
            track: each for track, each in self._objects.items() if now_s - each.seen_s <= lasts_s
        }
        hold_s = self.options.hold_s
        self._passing = [each for each in self._passing if now_s - each.seen_s <= hold_s]

    def _grown(self, box: Box, frame: FrameInfo) -> Box:
        """Return the box with its margin, onto the edges that it is close to, inside the frame."""
        margin = self.options.margin * max(box[2] - box[0], box[3] - box[1])
        near = self.options.edge * max(frame.width, frame.height)
        left, top, right, bottom = (
            box[0] - margin,
            box[1] - margin,
            box[2] + margin,
            box[3] + margin,
        )
        return (
            0.0 if left < near else left,
            0.0 if top < near else top,
            float(frame.width) if right > frame.width - near else right,
            float(frame.height) if bottom > frame.height - near else bottom,
        )

    def _at_edge(self, box: Box, frame: FrameInfo) -> bool:
        left, top, right, bottom = self._grown(box, frame)
        return left <= 0 or top <= 0 or right >= frame.width or bottom >= frame.height


def _is_face_of(face: Box, shown: Sequence[Box], hidden: Sequence[Box]) -> bool:
    """Whether a face is that of somebody who is shown: in no smaller box of anybody else."""
    x, y = (face[0] + face[2]) / 2, (face[1] + face[3]) / 2
    around = [
        (_area(box), index < len(shown))
        for index, box in enumerate((*shown, *hidden))
        if box != face and box[0] <= x <= box[2] and box[1] <= y <= box[3]
    ]
    return bool(around) and min(around)[1]


def _box(values: object) -> Box:
    left, top, right, bottom = values  # type: ignore[misc,attr-defined]
    return float(left), float(top), float(right), float(bottom)


def _around(a: Box, b: Box) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _overlap(a: Box, b: Box) -> float:
    """Return the IoU of two boxes."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (_area(a) + _area(b) - width * height)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
