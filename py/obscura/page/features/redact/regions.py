"""Regions of a picture in whole pixels. Pure Python."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

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
    scale_x, scale_y = width / covered.frame.width, height / covered.frame.height
    regions = (
        (
            max(floor(left * scale_x), 0),
            max(floor(top * scale_y), 0),
            min(ceil(right * scale_x), width),
            min(ceil(bottom * scale_y), height),
        )
        for left, top, right, bottom in covered.xyxy.tolist()
    )
    return [each for each in regions if each[0] < each[2] and each[1] < each[3]]
