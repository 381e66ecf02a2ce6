"""Placement: where a picture lies in the view, and how its pixels map to the screen. Pure Python.

Detections stay in pixels of the source. Scaling and mirroring happen here and nowhere else, so
labels are never mirrored.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Placement(NamedTuple):
    """A picture fitted into a view like CSS `object-fit: contain`, mirrored or not.

    All values are CSS pixels of the view, except `scale`: CSS pixels per pixel of the source.
    """

    left: float
    top: float
    right: float
    bottom: float
    scale: float
    mirrored: bool

    def to_view(self, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return `(n, 4)` float32 boxes of the source as boxes of the view."""
        origin = np.array([self.left, self.top, self.left, self.top], np.float32)
        boxes = xyxy * self.scale + origin
        if self.mirrored:
            boxes[:, [0, 2]] = self.left + self.right - boxes[:, [2, 0]]
        return boxes.astype(np.float32, copy=False)


def contain(
    view: tuple[float, float], source: tuple[float, float], *, mirrored: bool = False
) -> Placement:
    """Fit a source of this width and height into a view of this width and height, centred."""
    scale = min(view[0] / source[0], view[1] / source[1])
    shown_width, shown_height = source[0] * scale, source[1] * scale
    left, top = (view[0] - shown_width) / 2, (view[1] - shown_height) / 2
    right, bottom = left + shown_width, top + shown_height
    return Placement(left, top, right, bottom, (right - left) / source[0], mirrored)
