"""How closely a backend reproduces a model's recorded answer. Pure Python."""

from __future__ import annotations

from typing import Any

from obscura.boxes import iou
from obscura.cards.card import ModelCard
from obscura.engine.selfcheck import SCORE_TOLERANCE
from obscura.families.decode import Outputs, decode


def agreement(outputs: Outputs, card: ModelCard) -> dict[str, Any] | None:
    """Compare a model's rows for the bundled picture with those on its card.

    Returns:
        ``recorded`` and ``found``, numbers of boxes; of those found ``iou``, the least overlap with
        the recorded box, and ``score``, the largest difference of the scores. None if the card
        records no answer.
    """
    if card.check is None:
        return None
    recorded = card.check.detections
    least = max(card.threshold - SCORE_TOLERANCE, 0.0)
    found = decode(outputs, card, card.check.size, threshold=least)
    overlaps = iou(recorded.xyxy, found.xyxy)
    overlaps[recorded.class_id[:, None] != found.class_id] = 0.0
    closest: list[tuple[float, float]] = []
    for row in range(len(recorded)):
        if not len(found):
            break
        best = int(overlaps[row].argmax())
        if overlaps[row, best] > 0:
            difference = abs(float(found.score[best]) - float(recorded.score[row]))
            closest.append((float(overlaps[row, best]), difference))
    return {
        "recorded": len(recorded),
        "found": len(closest),
        "iou": round(min((each[0] for each in closest), default=0.0), 4),
        "score": round(max((each[1] for each in closest), default=0.0), 4),
    }
