"""Ways to merge overlapping boxes that were measured but not adopted; see docs/accuracy.md.

All take and return Detections in pixels, and merge only within a class.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from obscura.boxes import iou
from obscura.detections import Detections

Box = NDArray[np.float32]  # (4,) xyxy


def soft_nms(
    found: Detections, *, sigma: float | None = None, above: float = 0.5, lowest: float = 0.01
) -> Detections:
    """Lower the scores of boxes that overlap a better one instead of dropping them.

    Bodla et al. 2017, arXiv 1704.04503: the best box stays, all others of its class are scaled down
    by their IoU with it, and again with the best of those left.

    Args:
        sigma: scale by ``exp(-iou² / sigma)``; None for the linear ``1 - iou``.
        above: the IoU from which the linear form scales.
        lowest: boxes whose scores fall below this are dropped.
    """
    overlap = iou(found.xyxy, found.xyxy)
    overlap[found.class_id[:, None] != found.class_id] = 0
    factor = np.exp(-(overlap**2) / sigma) if sigma else np.where(overlap > above, 1 - overlap, 1)
    score = found.score.astype(np.float64)
    left = np.ones(len(found), np.bool_)
    while left.any():
        best = int(np.argmax(np.where(left, score, -1)))
        left[best] = False
        score[left] *= factor[best, left]
    merged = found.replace(score=score)
    return merged[merged.score >= lowest].sorted()


def weighted_fusion(
    views: Sequence[Detections], *, above: float = 0.55, best_score: bool = False
) -> Detections:
    """Fuse overlapping boxes into their mean, weighted by score.

    Solovyev et al. 2021, arXiv 1910.13302: boxes join, best first, the cluster whose fused box they
    overlap most, and the cluster's score is the mean of theirs, times ``boxes / views`` where it
    has fewer boxes than there are views. Gives the same results as the authors' package
    ensemble-boxes 1.0.9 on 200 random cases.

    Args:
        views: detections of the same picture by several models, or of its mirror image.
        above: the IoU from which a box joins a cluster.
        best_score: a cluster's score is that of its best box instead.
    """
    rows = [
        (float(score), int(class_id), box)
        for view in views
        for score, class_id, box in zip(view.score, view.class_id, view.xyxy, strict=True)
    ]
    classes: list[int] = []
    members: list[list[Box]] = []
    scores: list[list[float]] = []
    fused: list[Box] = []
    for score, class_id, box in sorted(rows, key=lambda row: -row[0]):
        joined = -1
        if fused:
            overlap = iou(box[None], np.stack(fused))[0]
            overlap[np.array(classes) != class_id] = 0
            joined = int(overlap.argmax()) if overlap.max() > above else -1
        if joined < 0:
            classes.append(class_id)
            members.append([box])
            scores.append([score])
            fused.append(box)
        else:
            members[joined].append(box)
            scores[joined].append(score)
            mean = np.average(members[joined], axis=0, weights=scores[joined])
            fused[joined] = mean.astype(np.float32)
    if not fused:
        return Detections.empty()
    confidence = [
        each[0] if best_score else np.mean(each) * min(len(each), len(views)) / len(views)
        for each in scores
    ]
    return Detections(
        np.stack(fused), np.array(confidence, np.float32), np.array(classes, np.int32)
    ).sorted()
