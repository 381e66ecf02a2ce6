"""Thresholds chosen by F1, and evaluated on pictures that were not used to choose them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from obscura.evaluation.score import Decisions

Places = NDArray[np.int64]
Thresholds = float | NDArray[np.float64]  # one for all classes, or (classes,)

GRID = np.round(np.arange(0.10, 0.80, 0.05), 2)
SPLITS = 20
ENOUGH = 10  # objects of a class, in the half that its threshold is chosen on
CARD, FLATTERED = "the card's", "per class, chosen on the half itself"


def compare(decisions: Decisions, card_threshold: float) -> dict[str, NDArray[np.float64]]:
    """Return F1 in percent by way of choosing thresholds, for both halves of random splits.

    Each half is evaluated with thresholds chosen on the other. The last way uses the same half for
    both, to show how much that flatters.
    """
    random = np.random.default_rng(0)
    pictures = len(decisions.objects)
    found: dict[str, list[float]] = {}
    for _ in range(SPLITS):
        order = random.permutation(pictures)
        halves = order[: pictures // 2], order[pictures // 2 :]
        for other, half in (halves, halves[::-1]):
            ways: dict[str, Thresholds] = {
                CARD: card_threshold,
                "one for all classes": best(decisions, other),
                f"per class with {ENOUGH} objects": best_per_class(decisions, other, ENOUGH),
                "per class": best_per_class(decisions, other, 1),
                FLATTERED: best_per_class(decisions, half, 1),
            }
            for way, thresholds in ways.items():
                found.setdefault(way, []).append(f1(decisions, thresholds, half))
    return {way: np.array(scores) for way, scores in found.items()}


def best(decisions: Decisions, pictures: Places) -> float:
    """Return the threshold of the highest F1 on some pictures."""
    return float(GRID[np.argmax([f1(decisions, threshold, pictures) for threshold in GRID])])


def best_per_class(decisions: Decisions, pictures: Places, enough: int) -> NDArray[np.float64]:
    """Return each class's best threshold; that of all classes if it has too few objects."""
    found = np.full(decisions.objects.shape[1], best(decisions, pictures))
    scores = np.stack([f1_per_class(decisions, threshold, pictures) for threshold in GRID])
    many = decisions.objects[pictures].sum(axis=0) >= enough
    found[many] = GRID[scores.argmax(axis=0)][many]
    return found


def f1(decisions: Decisions, thresholds: Thresholds, pictures: Places | None = None) -> float:
    """Return F1 in percent over all classes together, on some pictures or on all."""
    right, wrong, objects = (part.sum() for part in _counts(decisions, thresholds, pictures))
    return float(200 * right / max(right + wrong + objects, 1))


def precision_recall(decisions: Decisions, thresholds: Thresholds) -> tuple[float, float]:
    """Return precision and recall in percent, over all classes together."""
    right, wrong, objects = (part.sum() for part in _counts(decisions, thresholds, None))
    return float(100 * right / max(right + wrong, 1)), float(100 * right / max(objects, 1))


def f1_per_class(
    decisions: Decisions, thresholds: Thresholds, pictures: Places | None = None
) -> NDArray[np.float64]:
    """Return each class's F1 in percent, ``(classes,)``; 0 if it was neither found nor present."""
    right, wrong, objects = _counts(decisions, thresholds, pictures)
    scores: NDArray[np.float64] = 200 * right / np.maximum(right + wrong + objects, 1)
    return scores


def _counts(
    decisions: Decisions, thresholds: Thresholds, pictures: Places | None
) -> tuple[Places, Places, Places]:
    """Return the right detections, the wrong ones and the objects, per class."""
    count, classes = decisions.objects.shape
    chosen = np.zeros(count, np.bool_)
    chosen[slice(None) if pictures is None else pictures] = True
    limits = np.broadcast_to(thresholds, classes)
    shown = (decisions.score >= limits[decisions.category]) & chosen[decisions.picture]
    right = np.bincount(decisions.category[shown & decisions.right], minlength=classes)
    wrong = np.bincount(decisions.category[shown & ~decisions.right], minlength=classes)
    return right, wrong, decisions.objects[chosen].sum(axis=0)
