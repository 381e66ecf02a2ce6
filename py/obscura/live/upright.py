"""Upright: whether a captured frame lies as its video shows it, seen from the pixels of both.

A video may carry a turn in its metadata, as a phone held upside down writes it. Firefox 153 and
WebKitGTK 2.50 show the video turned, and hand out its frames as they are stored, without a word.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE = 16
"""Pixels of a side at which two pictures are compared."""
CONTRAST = 3.0
"""Mean difference, of 255, by which pictures differ at least: a sensor's noise is less."""


def lies_alike(
    shown: NDArray[np.uint8], captured: NDArray[np.uint8], *, square: bool
) -> bool | None:
    """Return whether two small copies lie the same way.

    Args:
        shown: uint8 [SIDE, SIDE, 4], RGBA of the picture as the video shows it.
        captured: the same of the frame.
        square: whether the video is, so that a quarter turn would keep its size, too.

    Returns:
        None if nothing can be said, because the picture looks much the same when it is turned.
    """
    alike = _difference(shown, captured)
    turns = (1, 2, 3) if square else (2,)
    turned = min(_difference(shown, np.rot90(captured, turn)) for turn in turns)
    # Between the two copies a video may have moved on by a frame, so they need not be equal.
    if 2 * alike + CONTRAST < turned:
        return True
    return False if 2 * turned + CONTRAST < alike else None


def _difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(np.abs(one[..., :3].astype(np.int16) - other[..., :3]).mean())
