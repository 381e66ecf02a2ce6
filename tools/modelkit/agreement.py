"""How far two forms of a model agree: open and sealed, exact and compact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura import Detections
from obscura.boxes import iou
from obscura.card import ModelCard
from obscura.check import SCORE_TOLERANCE
from obscura.engine.ort_native import NativeSession
from obscura.families import decode

SAME_PLACE = 0.5  # IoU
EXACT = 0.01
"""Forms that compute the same in float32 agree to this, in scores and in overlap."""
CLOSE_SCORE, CLOSE_OVERLAP = 0.03, 0.9
"""What nobody notices."""


class Form(NamedTuple):
    """One form of a model, ready to run."""

    card: ModelCard
    session: NativeSession


class Agreement(NamedTuple):
    """What two forms of a model found in the same pictures, at the card's thresholds."""

    pictures: int
    boxes: int  # found by either
    matched: int  # of these, found by both: same class, IoU of `SAME_PLACE` or more
    overlap: float  # smallest IoU of matched boxes; 1 if there are none
    score: float  # largest difference of matched boxes' scores, and of the best scores

    @property
    def exact(self) -> bool:
        """Whether no difference is more than that of the order of additions."""
        return self.matched == self.boxes and self.overlap > 1 - EXACT and self.score < EXACT

    @property
    def close(self) -> bool:
        """Whether nobody would notice the difference."""
        return (
            self.matched == self.boxes
            and self.overlap >= CLOSE_OVERLAP
            and self.score <= CLOSE_SCORE
        )

    def __str__(self) -> str:
        places = "1 picture" if self.pictures == 1 else f"{self.pictures} pictures"
        if not self.boxes:
            return f"{places}, nothing found; the best scores differ by {self.score:.4f} at most"
        return (
            f"{places}, {self.matched} of {self.boxes} boxes found by both; overlap at least "
            f"{self.overlap:.3f}, scores differ by {self.score:.4f} at most"
        )


def compare(first: Form, second: Form, pictures: Iterable[NDArray[np.uint8]]) -> Agreement:
    """Run two forms of a model on pictures, RGBA ``(height, width, 4)`` uint8.

    A box above the threshold in one form may be a little below it in the other.
    """
    count = boxes = matched = 0
    overlap, score = 1.0, 0.0
    for picture in pictures:
        count += 1
        (ours, our_best), (theirs, their_best) = (_found(form, picture) for form in (first, second))
        score = max(score, abs(our_best - their_best))
        pairs = _pairs(ours, theirs)
        threshold = np.float32(first.card.threshold)
        shown = [(i, j) for i, j in pairs if max(ours.score[i], theirs.score[j]) >= threshold]
        for i, j in shown:
            overlap = min(overlap, float(iou(ours.xyxy[i : i + 1], theirs.xyxy[j : j + 1])[0, 0]))
            score = max(score, abs(float(ours.score[i]) - float(theirs.score[j])))
        alone = [np.delete(ours.score, [i for i, _ in pairs])]
        alone += [np.delete(theirs.score, [j for _, j in pairs])]
        matched += len(shown)
        boxes += len(shown) + int((np.concatenate(alone) >= threshold).sum())
    return Agreement(count, boxes, matched, overlap, score)


def _found(form: Form, picture: NDArray[np.uint8]) -> tuple[Detections, float]:
    """What a form finds down to a little below the threshold, and the best of all its scores."""
    height, width = picture.shape[:2]
    outputs = form.session.run(picture)
    least = max(form.card.threshold - SCORE_TOLERANCE, 0.0)
    found = decode(outputs, form.card, (width, height), threshold=least)
    return found, float(outputs.scores.max(initial=0.0))


def _pairs(ours: Detections, theirs: Detections) -> list[tuple[int, int]]:
    """Rows of one class at the same place, each in one pair at most, our best first."""
    overlaps = iou(ours.xyxy, theirs.xyxy) * (ours.class_id[:, None] == theirs.class_id)
    pairs = []
    for i, row in enumerate(overlaps):
        if len(row) and row.max() >= SAME_PLACE:
            j = int(row.argmax())
            pairs.append((i, j))
            overlaps[:, j] = 0
    return pairs
