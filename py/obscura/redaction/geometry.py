"""Boxes of redaction: grown by a margin, onto the edges of the picture, around each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray

from obscura.update import FrameInfo

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the source; or their velocities in pixels per second."""
NEAR, RESIZED = 1.0, 1.6
"""An object that moved by less than NEAR of its longer sides, and grew or shrank by less than the
factor RESIZED, may be the same. A false answer covers too much, never too little."""


@dataclass(frozen=True, slots=True)
class CoverOptions:
    """What is covered, and how carefully.

    Attributes:
        labels: names of the classes to cover.
        margin: by how much a box is grown on each side, as a part of its longer side.
        edge: how close to the picture's edge a grown box reaches onto it, as a part of the
            picture's longer side.
        border: width of the strip along the picture's edges that is always covered in live
            pictures, as a part of its longer side, because people who come in are detected a few
            frames late.
        hold_s: seconds for which an object that is not detected any more stays covered.
        steady_s: seconds for which the size that an object had stays covered, so that a box that
            is too small once uncovers nothing.
        strict: whether the whole picture is covered while anything is uncertain: in the first
            ``settle_s`` seconds, while an object that did not leave at the edge is lost, for up to
            ``lost_s`` seconds, and after more than ``most_gap_s`` seconds between two frames.
        settle_s, lost_s, most_gap_s: see ``strict``.

    Raises:
        ValueError: a number is negative, or not a number.
    """

    labels: frozenset[str] = frozenset({"person"})
    margin: float = 0.1
    edge: float = 0.04
    border: float = 0.0
    hold_s: float = 1.0
    steady_s: float = 0.5
    strict: bool = False
    settle_s: float = 0.5
    lost_s: float = 2.0
    most_gap_s: float = 1.0

    def __post_init__(self) -> None:
        for name in (
            "margin",
            "edge",
            "border",
            "hold_s",
            "steady_s",
            "settle_s",
            "lost_s",
            "most_gap_s",
        ):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name}: wanted 0 or more, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """What is to be covered of a frame.

    Attributes:
        frame: the frame.
        xyxy: ``(n, 4)`` float32, in pixels of the source, inside the picture.
        whole: whether the whole picture is to be covered.
        why: "start", "lost", "late", "failed" or the caller's reason where it is; else "".
    """

    frame: FrameInfo
    xyxy: NDArray[np.float32]
    whole: bool = False
    why: str = ""


def covered(
    frame: FrameInfo,
    boxes: Iterable[Box],
    options: CoverOptions,
    why: str = "",
    *,
    border: bool = False,
) -> Covered:
    """Return what to cover of a frame.

    Args:
        frame: the frame.
        boxes: where objects may be, without margins.
        options: the margins.
        why: why the whole picture is to be covered; "" if it is not.
        border: whether the options' strip along the edges is covered.
    """
    wanted = [grown(box, frame, options) for box in boxes]
    if border and options.border:
        wide, high = float(frame.width), float(frame.height)
        strip = options.border * max(wide, high)
        wanted += [(0.0, 0.0, strip, high), (wide - strip, 0.0, wide, high)]
        wanted += [(0.0, 0.0, wide, strip), (0.0, high - strip, wide, high)]
    inside = [box for box in wanted if box[0] < box[2] and box[1] < box[3]]
    return Covered(frame, np.array(inside, np.float32).reshape(-1, 4), bool(why), why)


def grown(box: Box, frame: FrameInfo, options: CoverOptions) -> Box:
    """Return a box with its margin, onto the edges that it is close to, cut at the picture.

    What is wholly outside, with its margin, has no area.
    """
    margin = options.margin * max(box[2] - box[0], box[3] - box[1])
    near = options.edge * max(frame.width, frame.height)
    left, top, right, bottom = box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin
    return (
        0.0 if left < near else left,
        0.0 if top < near else top,
        float(frame.width) if right > frame.width - near else right,
        float(frame.height) if bottom > frame.height - near else bottom,
    )


def at_edge(box: Box, frame: FrameInfo, options: CoverOptions) -> bool:
    """Whether a box reaches the edge of the picture with its margin."""
    left, top, right, bottom = grown(box, frame, options)
    return left <= 0 or top <= 0 or right >= frame.width or bottom >= frame.height


def is_outside(box: Box, frame: FrameInfo, options: CoverOptions) -> bool:
    """Whether nothing of a box is in the picture, with its margin."""
    margin = options.margin * max(box[2] - box[0], box[3] - box[1])
    return (
        box[2] + margin <= 0
        or box[3] + margin <= 0
        or box[0] - margin >= frame.width
        or box[1] - margin >= frame.height
    )


def moved(box: Box, velocity: Box, seconds: float) -> Box:
    """Return where a box is after so long at the velocity of its edges; its sides stay positive."""
    left, top, right, bottom = (
        edge + seconds * speed for edge, speed in zip(box, velocity, strict=True)
    )
    return min(left, right), min(top, bottom), max(left, right), max(top, bottom)


def carried(box: Box, velocity: Box, seconds: float) -> Box:
    """Return where a box is after so long at the velocity of its centre, of the same size."""
    x, y = (velocity[0] + velocity[2]) / 2 * seconds, (velocity[1] + velocity[3]) / 2 * seconds
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y


def around(first: Box, *others: Box) -> Box:
    """Return the smallest box around all."""
    left, top, right, bottom = first
    for box in others:
        left, top = min(left, box[0]), min(top, box[1])
        right, bottom = max(right, box[2]), max(bottom, box[3])
    return left, top, right, bottom


def overlap(a: Box, b: Box) -> float:
    """Return the IoU of two boxes."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (area(a) + area(b) - width * height)


def follows(box: Box, was: Box) -> float | None:
    """Return how far a box is from an earlier one that may be the same object, in its longer sides;
    None if it is too far off or of another size."""
    side = max(box[2] - box[0], box[3] - box[1])
    before = max(was[2] - was[0], was[3] - was[1])
    if side <= 0 or before <= 0 or not 1 / RESIZED < side / before < RESIZED:
        return None
    x, y = box[0] + box[2] - was[0] - was[2], box[1] + box[3] - was[1] - was[3]
    distance = hypot(x, y) / 2 / side
    return distance if distance < NEAR else None


def is_within(box: Box, others: Iterable[Box]) -> bool:
    """Whether the middle of a box is in one of others."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return any(each[0] <= x <= each[2] and each[1] <= y <= each[3] for each in others)


def area(box: Box) -> float:
    """Return the area of a box."""
    return (box[2] - box[0]) * (box[3] - box[1])


def boxes_of(xyxy: NDArray[np.float32]) -> list[Box]:
    """Return rows as tuples."""
    return [(left, top, right, bottom) for left, top, right, bottom in xyxy.tolist()]
