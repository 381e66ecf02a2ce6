"""How far two forms of a model agree: open and sealed, exact and compact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura import Detections
from obscura.boxes import iou
from obscura.cards.card import ModelCard
from obscura.engine.native import NativeSession
from obscura.engine.selfcheck import SCORE_TOLERANCE
from obscura.families.decode import Outputs, decode, read

SAME_PLACE = 0.5  # IoU
EXACT = 0.01
"""Forms that compute the same in float32 agree to this, in scores and in overlap."""
CLOSE_SCORE, CLOSE_OVERLAP, CLOSE_MATCHED, CLOSE_POINTS = 0.03, 0.9, 0.99, 0.05
"""What nobody notices. Now and then suppression keeps another of two boxes equally good."""


class Form(NamedTuple):
    """One form of a model, ready to run."""

    card: ModelCard
    session: NativeSession

    def run(self, picture: NDArray[np.uint8]) -> Outputs:
        """Return the rows for a picture, RGBA ``(height, width, 4)`` uint8."""
        return read(self.session.run(picture), self.card)


class Agreement(NamedTuple):
    """What two forms of a model found in the same pictures, at the card's thresholds."""

    pictures: int
    boxes: int  # found by either
    matched: int  # of these, found by both: same class, IoU of `SAME_PLACE` or more
    overlap: float  # smallest IoU of matched boxes; 1 if there are none
    score: float  # largest difference of matched boxes' scores, and of all scores by rank
    points: float = 0.0
    """Largest distance between key points of matched boxes, as a share of the box's longer side;
    also the difference of their scores. Infinite if only one form has any."""

    @property
    def exact(self) -> bool:
        """Whether no difference is more than that of the order of additions."""
        same = self.matched == self.boxes and self.overlap > 1 - EXACT
        return same and max(self.score, self.points) < EXACT

    @property
    def close(self) -> bool:
        """Whether nobody would notice the difference."""
        return (
            self.matched >= CLOSE_MATCHED * self.boxes
            and self.overlap >= CLOSE_OVERLAP
            and self.score <= CLOSE_SCORE
            and self.points <= CLOSE_POINTS
        )

    def __str__(self) -> str:
        places = "1 picture" if self.pictures == 1 else f"{self.pictures} pictures"
        if not self.boxes:
            return f"{places}, nothing found; scores differ by {self.score:.4f} at most"
        return (
            f"{places}, {self.matched} of {self.boxes} boxes found by both; overlap at least "
            f"{self.overlap:.3f}, scores differ by {self.score:.4f} at most"
            + (f", key points by {self.points:.4f} of a box's side" if self.points else "")
        )


class Seen(NamedTuple):
    """What a form makes of one picture."""

    found: Detections  # down to a little below the threshold
    scores: NDArray[np.float32]  # of all rows, however low, falling


def look(form: Form, pictures: Iterable[NDArray[np.uint8]]) -> list[Seen]:
    """Run a form of a model on pictures, RGBA ``(height, width, 4)`` uint8."""
    least = max(form.card.threshold - SCORE_TOLERANCE, 0.0)
    seen = []
    for picture in pictures:
        height, width = picture.shape[:2]
        outputs = form.run(picture)
        found = decode(outputs, form.card, (width, height), threshold=least)
        seen.append(Seen(found, np.sort(outputs.scores)[::-1]))
    return seen


def compare(ours: Sequence[Seen], theirs: Sequence[Seen], threshold: float) -> Agreement:
    """Compare what two forms of a model made of the same pictures.

    A box above the threshold in one form may be a little below it in the other.
    """
    boxes = matched = 0
    overlap, score, points = 1.0, 0.0, 0.0
    for (one, one_scores), (other, other_scores) in zip(ours, theirs, strict=True):
        score = max(score, _farthest(one_scores, other_scores))
        pairs = _pairs(one, other)
        shown = [
            (i, j) for i, j in pairs if max(one.score[i], other.score[j]) >= np.float32(threshold)
        ]
        for i, j in shown:
            overlap = min(overlap, float(iou(one.xyxy[i : i + 1], other.xyxy[j : j + 1])[0, 0]))
            score = max(score, abs(float(one.score[i]) - float(other.score[j])))
            points = max(points, _apart(one[i], other[j]))
        alone = [np.delete(one.score, [i for i, _ in pairs])]
        alone += [np.delete(other.score, [j for _, j in pairs])]
        matched += len(shown)
        boxes += len(shown) + int((np.concatenate(alone) >= np.float32(threshold)).sum())
    return Agreement(len(ours), boxes, matched, overlap, score, points)


def _apart(one: Detections, other: Detections) -> float:
    """How far the key points of one box are from those of another, as `Agreement.points` has it."""
    ours, theirs = (found.data.get("keypoints") for found in (one, other))
    if ours is None and theirs is None:
        return 0.0
    if ours is None or theirs is None or ours.shape != theirs.shape:
        return float("inf")
    side = max(float((one.xyxy[:, 2:] - one.xyxy[:, :2]).max()), 1.0)
    away = np.abs(ours - theirs) / [side, side, 1.0]
    return float(away.max(initial=0.0))


def _farthest(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> float:
    """The largest difference of scores of one rank; a row that is not there has score 0."""
    ranks = np.zeros((2, max(len(ours), len(theirs))), np.float32)
    ranks[0, : len(ours)], ranks[1, : len(theirs)] = ours, theirs
    return float(np.abs(ranks[0] - ranks[1]).max(initial=0.0))


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
