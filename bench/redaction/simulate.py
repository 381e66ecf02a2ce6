"""Ways to redact a clip, from what a detector found in its frames; and how much each of them leaves
open. Pure: no network and no pixels, so that the suite runs it with a scripted detector.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obscura.detections import Detections
from obscura.redaction import Cover, Covered, CoverOptions
from obscura.redaction.ahead import CoverAhead
from obscura.redaction.clip import CoverClip
from obscura.redaction.heads import with_heads
from obscura.redaction.paint import bounds
from obscura.tracking import Tracker, TrackerOptions
from obscura.update import FrameInfo, Update

Box = tuple[int, int, int, int]
LABELS = ("person",)
FACE_LABELS = ("person", "face")
LEAST = 0.4
"""Usual threshold of the models, from which people without a track have heads."""


@dataclass(frozen=True)
class Truth:
    """Where people and their faces are in a frame, in whole pixels."""

    frame: FrameInfo
    people: tuple[Box, ...]
    faces: tuple[Box, ...]


@dataclass(frozen=True)
class Score:
    """What a way to redact leaves open.

    Attributes:
        people: number of object-frames: a person in a frame that is shown.
        people_open: number of those with any uncovered pixel inside the person's box.
        faces, faces_open: the same of faces.
        needless: part of the pictures that is covered and in nobody's box, 0..1.
        frames: number of frames shown.
    """

    people: int = 0
    people_open: int = 0
    faces: int = 0
    faces_open: int = 0
    needless: float = 0.0
    frames: int = 0

    def __add__(self, other: Score) -> Score:
        frames = self.frames + other.frames
        needless = self.needless * self.frames + other.needless * other.frames
        return Score(
            self.people + other.people,
            self.people_open + other.people_open,
            self.faces + other.faces,
            self.faces_open + other.faces_open,
            needless / frames if frames else 0.0,
            frames,
        )


def score(shown: Iterable[Covered], truths: Sequence[Truth]) -> Score:
    """Return what is open in the frames shown, each compared with the truth of its own index."""
    total = Score()
    for each in shown:
        truth = truths[each.frame.index]
        width, height = truth.frame.width, truth.frame.height
        covered = np.full((height, width), each.whole)
        for left, top, right, bottom in bounds(each.xyxy, width, height):
            covered[top:bottom, left:right] = True
        needless = covered.copy()
        for left, top, right, bottom in truth.people:
            needless[top:bottom, left:right] = False
        people, faces = (
            sum(not covered[top:bottom, left:right].all() for left, top, right, bottom in boxes)
            for boxes in (truth.people, truth.faces)
        )
        total += Score(
            len(truth.people), people, len(truth.faces), faces, float(needless.mean()), 1
        )
    return total


# ---- as others do --------------------------------------------------------------------------------


def frame_by_frame(
    updates: Iterable[Update], threshold: float, class_id: int = 0
) -> Iterator[Covered]:
    """Cover each frame's own boxes of a class from the usual threshold, as they are."""
    for update in updates:
        yield Covered(update.frame, _usual(update, threshold, class_id))


def laid_over(
    updates: Sequence[Update], threshold: float, every: int, delay_s: float, class_id: int = 0
) -> Iterator[Covered]:
    """Show the newest frame with the boxes of the latest answer, as an overlay does.

    Args:
        every: every nth frame is analysed.
        delay_s: seconds after which a frame's answer is there.
    """
    for update in updates:
        there = [
            each
            for each in updates[::every]
            if each.frame.time_s + delay_s <= update.frame.time_s + 1e-9
        ]
        empty = np.zeros((0, 4), np.float32)
        boxes = _usual(there[-1], threshold, class_id) if there else empty
        yield Covered(update.frame, boxes)


# ---- as Obscura does -----------------------------------------------------------------------------


def live(
    updates: Sequence[Update],
    options: CoverOptions,
    tracking: TrackerOptions,
    every: int,
    labels: Sequence[str] = LABELS,
) -> Iterator[Covered]:
    """Show each frame that was analysed, every nth, covered."""
    cover = Cover(options)
    for update in _tracked(updates[::every], tracking, labels):
        yield cover.update(update, labels)


def held_back(
    updates: Sequence[Update],
    options: CoverOptions,
    tracking: TrackerOptions,
    every: int,
    ahead_s: float,
    labels: Sequence[str] = LABELS,
    frames: int = 0,
) -> Iterator[Covered]:
    """Show each frame that was analysed, every nth, after a moment."""
    cover = CoverAhead(options, ahead_s=ahead_s, frames=frames)
    for update in _tracked(updates[::every], tracking, labels):
        yield from cover.update(update, labels)
    yield from cover.close()


def whole(
    updates: Sequence[Update],
    options: CoverOptions,
    tracking: TrackerOptions,
    labels: Sequence[str] = LABELS,
) -> Iterator[Covered]:
    """Cover all frames, once all were analysed."""
    cover = CoverClip(options)
    for update in _tracked(updates, tracking, labels):
        cover.add(update, labels)
    for index in range(len(cover)):
        yield cover.covered(index)


def _tracked(
    updates: Iterable[Update], tracking: TrackerOptions, labels: Sequence[str]
) -> Iterator[Update]:
    """Yield what is covered: down to low scores, tracked, and where there are faces, with heads."""
    tracker = Tracker(tracking)
    for update in updates:
        low = Update(update.frame, _from(update, tracking.live))
        yield with_heads(tracker.update(low), labels, LEAST)


def _usual(update: Update, threshold: float, class_id: int) -> NDArray[np.float32]:
    found = _from(update, threshold)
    return found[found.class_id == class_id].xyxy


def _from(update: Update, threshold: float) -> Detections:
    return update.detections[update.detections.score >= np.float32(threshold)]
