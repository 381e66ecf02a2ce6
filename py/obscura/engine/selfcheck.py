"""Self-check: a backend is used only if it reproduces the recorded answer."""

from __future__ import annotations

from collections.abc import Sequence

from obscura.boxes import iou
from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.errors import BackendError, CardError
from obscura.families.decode import Outputs, decode

# Decoders of JPEG and scalers of pictures differ by a few grey levels from browser to browser,
# and half precision by a few thousandths; a backend that computes wrongly differs by far more.
SCORE_TOLERANCE = 0.1
IOU_AT_LEAST = 0.8


def verify(outputs: Outputs, card: ModelCard) -> None:
    """Check a backend's outputs for the card's check picture against the recorded answer.

    Raises:
        BackendError: they disagree; the message says how.
        CardError: the card has no recorded answer.
    """
    if card.check is None:
        raise CardError(
            "The card records no answer to check against",
            card.name,
            remedy="Add the table [check] to model.toml.",
        )
    # A little below the threshold, because a row recorded just above it may be found just below.
    least = max(card.threshold - SCORE_TOLERANCE, 0.0)
    found = decode(outputs, card, card.check.size, threshold=least)
    reason = disagreement(
        found, card.check.detections, threshold=card.threshold, labels=card.labels
    )
    if reason is not None:
        raise BackendError(f"The backend gives a wrong answer on a known picture: {reason}")


def disagreement(
    found: Detections,
    recorded: Detections,
    *,
    threshold: float,
    score_tolerance: float = SCORE_TOLERANCE,
    iou_at_least: float = IOU_AT_LEAST,
    labels: Sequence[str] | None = None,
) -> str | None:
    """Describe how ``found`` differs from ``recorded``; None if it does not.

    Two rows match if they have the same class, their boxes overlap with an IoU of at least
    ``iou_at_least``, and their scores differ by at most ``score_tolerance``. Every recorded row
    must have a match of its own, and so must every row found above ``threshold + score_tolerance``.

    Args:
        found: in pixels of the check picture, down to ``threshold - score_tolerance``.
        recorded: also in its pixels, down to ``threshold``.
        threshold: lowest recorded score.
        labels: names of the classes, for the description.

    Returns:
        A clause such as ``it does not see person (93%)``.
    """
    classes = [*_ids(found), *_ids(recorded)]
    names = labels or [f"class {i}" for i in range(max(classes, default=0) + 1)]
    overlaps = iou(recorded.xyxy, found.xyxy)
    taken: set[int] = set()
    for i, (class_id, score) in enumerate(zip(_ids(recorded), recorded.score, strict=True)):
        same_place = (found.class_id == class_id) & (overlaps[i] >= iou_at_least)
        free = [j for j in same_place.nonzero()[0].tolist() if j not in taken]
        if not free:
            return f"it does not see {names[class_id]} ({score:.0%})"
        nearest = min(free, key=lambda j: abs(found.score[j] - score))
        if abs(found.score[nearest] - score) > score_tolerance:
            return f"it sees {names[class_id]} at {found.score[nearest]:.0%} instead of {score:.0%}"
        taken.add(nearest)
    for j, (class_id, score) in enumerate(zip(_ids(found), found.score, strict=True)):
        if j not in taken and score > threshold + score_tolerance:
            return f"it sees {names[class_id]} ({score:.0%}) that is not there"
    return None


def _ids(detections: Detections) -> list[int]:
    ids: list[int] = detections.class_id.tolist()
    return ids
