"""Test-time flip: also detect on the mirrored picture, and merge both results.

Takes a second run and finds more; see docs/accuracy.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from obscura.boxes import nms
from obscura.detections import Detections


def mirrored(found: Detections, width: float) -> Detections:
    """Return detections with the boxes that they have in the mirrored picture.

    Args:
        found: detections in pixels of a picture. Only ``xyxy`` changes: coordinates in ``data``, if
            there are any, are the caller's to mirror.
        width: width of the picture in pixels.
    """
    left, top, right, bottom = found.xyxy.T
    return found.replace(xyxy=np.stack([width - right, top, width - left, bottom], axis=1))


def joined(views: Sequence[Detections], iou: float) -> Detections:
    """Merge the detections of several views of one picture, so that each object appears once.

    Args:
        views: detections in pixels of the same picture; see `Detections.concatenate` for their
            ``track_id`` and ``data``.
        iou: of two boxes of a class that overlap by more than this, the better one is kept.

    Returns:
        Detections, best first.
    """
    found = Detections.concatenate(views)
    return found[nms(found.xyxy, found.score, iou, found.class_id)]
