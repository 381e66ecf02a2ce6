"""Regions of a picture in whole pixels. Numpy only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from obscura.redaction.paint import bounds

if TYPE_CHECKING:
    from obscura.redaction import Covered

Region = tuple[int, int, int, int]


def regions_of(covered: Covered, size: tuple[int, int]) -> list[Region]:
    """Return what to cover: left, top, right, bottom in whole pixels, none of them empty.

    Pixels that are covered in part are covered.

    Args:
        size: width and height of the picture that is drawn on; it may be a smaller copy of the
            frame.
    """
    if covered.whole:
        return [(0, 0, *size)]
    width, height = size
    scale = np.array([width / covered.frame.width, height / covered.frame.height] * 2)
    return bounds(covered.xyxy * scale, width, height)
