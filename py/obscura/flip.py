"""Test-time flip: also detect on the mirrored picture, and merge both results.

Takes a second run and finds more; see docs/accuracy.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from obscura import families
from obscura.boxes import nms
from obscura.cards.card import ModelCard
from obscura.detections import Detections


def mirrored(found: Detections, width: float, pairs: Iterable[tuple[int, int]] = ()) -> Detections:
    """Return detections with the boxes and key points that they have in the mirrored picture.

    Args:
        found: detections in pixels of a picture. ``xyxy`` and ``data["keypoints"]`` change; other
            coordinates in ``data``, if there are any, are the caller's to mirror.
        width: width of the picture in pixels.
        pairs: indices of key points of which one is on the left and the other on the right of an
            object, such as two eyes: they change places. See `families.keypoint_pairs`.
    """
    left, top, right, bottom = found.xyxy.T
    xyxy = np.stack([width - right, top, width - left, bottom], axis=1)
    if "keypoints" not in found.data:
        return found.replace(xyxy=xyxy)
    points = found.data["keypoints"].copy()
    points[:, :, 0] = np.float32(width) - points[:, :, 0]
    for one, other in pairs:
        points[:, [one, other]] = points[:, [other, one]]
    return found.replace(xyxy=xyxy, data=found.data | {"keypoints": points})


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


def with_mirrored(
    found: Detections, second: Detections, card: ModelCard, width: float, iou: float
) -> Detections:
    """Merge what a model finds in a picture with what it finds in the mirrored one.

    Args:
        found: detections in pixels of the picture.
        second: detections in pixels of the mirrored picture.
        card: the model's card.
        width: width of the picture in pixels.
        iou: as of `joined`.

    Returns:
        Detections in pixels of the picture, best first.

    Raises:
        CardError: the family is unknown.
    """
    count = second.data["keypoints"].shape[1] if "keypoints" in second.data else 0
    return joined((found, mirrored(second, width, families.keypoint_pairs(card, count))), iou)
