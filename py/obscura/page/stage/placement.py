"""Placement: where a picture lies in the view, and how its pixels map to the screen. Pure Python.

Detections stay in pixels of the source. Scaling, cropping, zooming and mirroring happen here and
nowhere else, so labels are never mirrored.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_ZOOM = 16.0

Size = tuple[float, float]  # width, height


class Zoom(NamedTuple):
    """How far a picture is magnified, and where its centre was moved to."""

    scale: float = 1.0
    """1 for the size at which it fits or fills the view."""
    x: float = 0.0
    """How far the centre lies right of the view's, in CSS pixels."""
    y: float = 0.0
    """How far it lies below."""


class Placement(NamedTuple):
    """Where a picture lies in the view. It may be larger than the view.

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

    def to_source(self, x: float, y: float) -> tuple[float, float]:
        """Return the point of the source that is seen at a point of the view."""
        if self.mirrored:
            x = self.left + self.right - x
        return (x - self.left) / self.scale, (y - self.top) / self.scale


def place(
    view: Size,
    source: Size,
    *,
    mirrored: bool = False,
    fill: bool = False,
    zoom: Zoom = Zoom(),  # noqa: B008  (immutable)
) -> Placement:
    """Place a source of this width and height into a view of this width and height, centred.

    Args:
        mirrored: shown as in a mirror.
        fill: cover the whole view, which may crop the picture (CSS `object-fit: cover`); else show
            the whole picture, which may leave bars (`contain`).
        zoom: applied to that.
    """
    fits = (view[0] / source[0], view[1] / source[1])
    scale = (max(fits) if fill else min(fits)) * zoom.scale
    shown_width, shown_height = source[0] * scale, source[1] * scale
    left = (view[0] - shown_width) / 2 + zoom.x
    top = (view[1] - shown_height) / 2 + zoom.y
    right, bottom = left + shown_width, top + shown_height
    return Placement(left, top, right, bottom, (right - left) / source[0], mirrored)


def zoomed(zoom: Zoom, factor: float, at: tuple[float, float], view: Size) -> Zoom:
    """Magnify by a factor so that what is seen at a point of the view stays there."""
    scale = min(max(zoom.scale * factor, 1.0), MOST_ZOOM)
    ratio = scale / zoom.scale
    from_centre = (at[0] - view[0] / 2, at[1] - view[1] / 2)
    return Zoom(
        scale,
        from_centre[0] + (zoom.x - from_centre[0]) * ratio,
        from_centre[1] + (zoom.y - from_centre[1]) * ratio,
    )


def limited(zoom: Zoom, view: Size, source: Size, *, fill: bool = False) -> Zoom:
    """Return the zoom moved so that no more of the view stays empty than has to."""
    shown = place(view, source, fill=fill, zoom=zoom)
    spare_x = max((shown.right - shown.left - view[0]) / 2, 0.0)
    spare_y = max((shown.bottom - shown.top - view[1]) / 2, 0.0)
    return Zoom(
        zoom.scale,
        min(max(zoom.x, -spare_x), spare_x),
        min(max(zoom.y, -spare_y), spare_y),
    )
