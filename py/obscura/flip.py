"""Test-time flip: a picture is looked at twice, the second time in a mirror.

Costs a second run and finds more; docs/accuracy.md has how much.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from obscura.boxes import nms
from obscura.detections import Detections


def mirrored(found: Detections, width: float) -> Detections:
    """Return detections as they lie in the mirror image of a picture of this width in pixels."""
    left, top, right, bottom = found.xyxy.T
    xyxy = np.stack([width - right, top, width - left, bottom], axis=1)
    return Detections(xyxy.astype(np.float32), found.score, found.class_id)


def joined(views: Sequence[Detections], iou: float) -> Detections:
    """Return what several views of one picture show, each thing once.

    Args:
        views: detections in pixels of the same picture.
        iou: of two boxes of a class that overlap more than this, the better stays.
    """
    xyxy = np.concatenate([view.xyxy for view in views])
    score = np.concatenate([view.score for view in views])
    class_id = np.concatenate([view.class_id for view in views])
    rows = nms(xyxy, score, iou, class_id)
    return Detections(xyxy[rows], score[rows], class_id[rows])
