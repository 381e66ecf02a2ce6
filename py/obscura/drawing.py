"""Appearance of detections: class colours, readable text colours, and label placement.

Pure arithmetic, shared by everything that draws, so that the page and saved pictures look alike.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

# Ten colours, bright enough for dark pictures, as far apart as a search could put them (CIELAB
# distance) for normal sight and for protanopia, deuteranopia and tritanopia at once, these
# simulated after Machado et al. 2009 (doi 10.1109/TVCG.2009.113). Ten, because then the classes
# that most often meet (person, car, dog, chair, cup, laptop, phone) differ in the last digit.
PALETTE = (
    "#78ffe1",
    "#ff9687",
    "#b4ff0f",
    "#f0a5ff",
    "#964bff",
    "#e13c87",
    "#f0f087",
    "#b44bc3",
    "#96b40f",
    "#3c872d",
)

# Possible places in order of preference: the edge of the box (index into xyxy) that a label's left
# is aligned with, moved by this many of its widths; the same for its top and heights.
_LEFT_EDGE, _TOP_EDGE = np.array([[0, 0, 2, 2, 0, 0, 0, 0], [1, 1, 1, 1, 3, 3, 1, 1]])
_WIDTHS, _HEIGHTS = np.array([[0, 0, -1, -1, 0, 0, 0, 0], [-1, 0, -1, 0, 0, -1, -2, 1]], np.float32)
PLACES = len(_LEFT_EDGE)
MOST_HIDDEN = 0.15
"""Fraction of a box that a label may hide at no cost."""
LABEL_BLOCK = 8
"""Labels placed at once: few enough to compare all their places with each other, and many enough
that numpy is called rarely."""

MANY = 80
"""Boxes from which it is quicker to find first which labels they are near to."""

Floats = NDArray[np.float32]


def colour(class_id: int) -> str:
    """Return the ``#rrggbb`` of a class, the same on every run."""
    return PALETTE[class_id % len(PALETTE)]


@cache
def ink(background: str) -> str:
    """Return black or white, whichever reads better on an ``#rrggbb`` background.

    The better of the two always has a contrast of at least 4.5, as WCAG 2.2 (1.4.3) asks of text.
    """
    light = luminance(background)
    return "#000" if (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) else "#fff"


def luminance(colour: str) -> float:
    """Return the relative luminance (WCAG 2.2) of ``#rrggbb``, 0 for black to 1 for white."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.2126 * _linear(red) + 0.7152 * _linear(green) + 0.0722 * _linear(blue)


def place_labels(
    xyxy: Floats,
    label_widths: Floats,
    label_heights: Floats | float,
    width: float,
    height: float,
) -> Floats:
    """Return positions for the labels of boxes, so that labels and small objects can be seen.

    A label goes above its box, flush left. If that place is outside the picture, covers the label
    of an earlier row (a better one, if the rows are sorted), or hides a good part of a box, the
    label moves to the first free place among: the box's other corners, inside and outside, then
    one line further up or down. If none is free, it goes where it covers the least.

    Args:
        xyxy: ``(n, 4)`` boxes in pixels of the surface that is drawn on.
        label_widths: ``(n,)`` widths of the labels in the same pixels.
        label_heights: ``(n,)`` heights of the labels, or one for all.
        width, height: size of the surface.

    Returns:
        ``(n, 2)`` float32 left and top edges of the labels, wholly on the surface (a label that is
        larger than the surface starts at its left or top edge).
    """
    count = len(xyxy)
    widths = label_widths[:, None]
    heights = np.broadcast_to(np.asarray(label_heights, np.float32), (count,))[:, None]
    # The four edges lie apart, so that numpy runs along rows of memory.
    left, right, top, bottom = places = np.empty((4, count, PLACES), np.float32)
    np.add(xyxy[:, _LEFT_EDGE], widths * _WIDTHS, out=left, casting="same_kind")
    left.clip(0, np.maximum(width - widths, 0), out=left)
    np.add(left, widths, out=right)
    wanted = xyxy[:, _TOP_EDGE] + heights * _HEIGHTS
    # A place beyond the upper or lower edge is pushed back onto the picture, which puts it
    # somewhere in the middle of its box's edge: worse than the next place, if that is free.
    np.clip(wanted, 0, np.maximum(height - heights, 0), out=top, casting="same_kind")
    np.add(top, heights, out=bottom)
    cost = np.abs(wanted - top)
    options = places.reshape(4, -1)
    cost += _hidden(options, xyxy, widths * heights)

    placed = np.zeros((4, count), np.float32)
    for start in range(0, count, LABEL_BLOCK):
        end = min(start + LABEL_BLOCK, count)
        block = options[:, start * PLACES : end * PLACES]
        own = cost[start:end].reshape(-1)
        if start:
            own += _shared(block, placed[:, :start]).sum(axis=1)
        mutual = _shared(block, block)
        for row, place in zip(range(start, end), range(0, len(own), PLACES), strict=True):
            # argmin takes the first of equals, so the order of the places is their preference.
            best = place + own[place : place + PLACES].argmin()
            placed[:, row] = block[:, best]
            own += mutual[best]  # has no effect on labels already placed
    return placed[[0, 2]].T


def _hidden(options: Floats, xyxy: Floats, areas: Floats) -> Floats:
    """Return what each place costs for the boxes that a label there would hide.

    Args:
        options: ``(4, n * PLACES)`` places.
        areas: ``(n, 1)`` areas of the labels.

    Returns:
        ``(n, PLACES)``, in square pixels.
    """
    sides = xyxy[:, 2:] - xyxy[:, :2]
    own = sides[:, 0] * sides[:, 1]
    small = own * MOST_HIDDEN < areas.max(initial=0)  # no label hides much of the others
    if not small.any():
        return np.zeros((len(xyxy), PLACES), np.float32)
    edges, limits = xyxy[small].T[[0, 2, 1, 3]], own[small] * np.float32(MOST_HIDDEN)
    if len(xyxy) < MANY:
        shared = _shared(options, edges)
        shared -= limits
        np.maximum(shared, 0, out=shared)
        lost: Floats = np.add.reduce(shared, axis=1).reshape(-1, PLACES)
        return lost
    # Most labels are far from most boxes: only pairs that touch are computed.
    left, right, top, bottom = options.reshape(4, -1, PLACES)
    near = left.min(axis=1)[:, None] < edges[1]
    near &= right.max(axis=1)[:, None] > edges[0]
    near &= top.min(axis=1)[:, None] < edges[3]
    near &= bottom.max(axis=1)[:, None] > edges[2]
    labels, boxes = near.nonzero()
    lost = np.zeros((len(xyxy), PLACES), np.float32)
    if not labels.size:
        return lost
    edges = edges[:, boxes, None]
    x = np.minimum(right[labels], edges[1]) - np.maximum(left[labels], edges[0])
    y = np.minimum(bottom[labels], edges[3]) - np.maximum(top[labels], edges[2])
    shared = np.maximum(x, 0) * np.maximum(y, 0)
    shared -= limits[boxes, None]
    np.maximum(shared, 0, out=shared)
    firsts = np.concatenate([[0], (labels[1:] != labels[:-1]).nonzero()[0] + 1])
    lost[labels[firsts]] = np.add.reduceat(shared, firsts, axis=0)
    return lost


def _shared(a: Floats, b: Floats) -> Floats:
    """Return the area that each of ``(4, n)`` rectangles (left, right, top, bottom) shares with
    each of ``(4, m)`` as ``(n, m)``."""
    x: Floats = np.minimum(a[1, :, None], b[1])
    x -= np.maximum(a[0, :, None], b[0])
    y = np.minimum(a[3, :, None], b[3])
    y -= np.maximum(a[2, :, None], b[2])
    np.maximum(x, 0, out=x)
    x *= np.maximum(y, 0, out=y)
    return x


def _linear(channel: float) -> float:
    """Undo sRGB's gamma for one channel in 0..1."""
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
