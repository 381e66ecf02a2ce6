"""Still pictures: what is inside a zone in one of them, without tracks and time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from obscura.counting.counter import contains
from obscura.counting.shapes import Zone
from obscura.counting.sight import WITHIN
from obscura.detections import Detections


def inside(zone: Zone, detections: Detections, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return ``(n,)``: which detections are inside a zone in this picture.

    Args:
        zone: its anchor says which point of a box has to be inside; its delays mean nothing here.
        detections: of one picture, with or without tracks.
        size: width and height of the picture in pixels.
    """
    anchors = detections.anchors("centre" if zone.anchor == "centre" else "foot")
    places = (anchors / size).clip(*WITHIN).tolist()
    return np.array([contains(zone.corners, (x, y)) for x, y in places], bool)
