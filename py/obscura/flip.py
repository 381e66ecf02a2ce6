"""Detection on the mirrored picture as well, and the merging of both answers.

Takes a second run and finds more; docs/accuracy.md has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from obscura.boxes import nms
from obscura.detections import Detections


def mirrored(found: Detections, width: float) -> Detections:
    """Return detections as they lie in the mirror image of a picture of this width in pixels."""
    left, top, right, bottom = found.xyxy.T
    return found.replace(xyxy=np.stack([width - right, top, width - left, bottom], axis=1))


def joined(views: Sequence[Detections], iou: float) -> Detections:
    """Merge detections of the same picture, each object once, best first.

    Args:
        views: detections in pixels of the same picture.
        iou: overlap above which the worse of two boxes of a class is dropped.

    Raises:
        ValueError: the views have different `data`; see `Detections.concatenate`.
    """
    found = Detections.concatenate(views)
    return found[nms(found.xyxy, found.score, iou, found.class_id)]
