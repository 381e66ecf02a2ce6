"""How detections look: a colour per class, ink that reads on it, and where the labels go.

Pure arithmetic, shared by everything that draws, so that a page and a saved picture look alike.
"""

from __future__ import annotations

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

Floats = NDArray[np.float32]


def colour(class_id: int) -> str:
    """Return the ``#rrggbb`` of a class, the same in every session."""
    return PALETTE[class_id % len(PALETTE)]


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
    xyxy: Floats, label_widths: Floats, label_height: float, width: float, height: float
) -> Floats:
    """Return where to put the label of each box so that all can be read.

    A label goes above its box, flush left. Where that leaves the picture or covers the label of an
    earlier row (a better one, if the rows are sorted), it moves to the first free place among: the
    box's other corners, inside and outside, then one line further up or down. If all are taken, to
    where it covers least.

    Args:
        xyxy: ``(n, 4)`` boxes in pixels of the surface that is drawn on.
        label_widths: ``(n,)`` widths of the labels in the same pixels.
        label_height: their common height.
        width, height: size of the surface.

    Returns:
        ``(n, 2)`` float32 left and top edges of the labels, wholly on the surface (a label that is
        larger than the surface starts at its left or top edge).
    """
    places = _places(xyxy, label_widths, label_height)
    room_x = np.maximum(width - label_widths, 0)[:, None]
    places[..., 0] = np.clip(places[..., 0], 0, room_x)
    # A place beyond the upper or lower edge is pushed back onto the picture, which puts it
    # somewhere in the middle of its box's edge: worse than the next place, if that is free.
    inside_y = np.clip(places[..., 1], 0, max(height - label_height, 0))
    pushed = np.abs(places[..., 1] - inside_y)
    places[..., 1] = inside_y

    placed = np.zeros((len(xyxy), 2), np.float32)
    for i, options in enumerate(places):
        x, y = options[:, :1], options[:, 1:]
        earlier = placed[:i]
        shared_x = np.minimum(x + label_widths[i], earlier[:, 0] + label_widths[:i]) - np.maximum(
            x, earlier[:, 0]
        )
        shared_y = label_height - np.abs(y - earlier[:, 1])
        covered = (np.maximum(shared_x, 0) * np.maximum(shared_y, 0)).sum(axis=1)
        # argmin takes the first of equals, so the order of the places is their preference.
        placed[i] = options[np.argmin(covered + pushed[i])]
    return placed


def _places(xyxy: Floats, label_widths: Floats, label_height: float) -> Floats:
    """Return ``(n, 8, 2)`` left and top edges to choose from, in order of preference."""
    left, top, right, bottom = xyxy.T
    flush_right = right - label_widths
    above, below = top - label_height, bottom - label_height
    options = (
        (left, above),
        (left, top),
        (flush_right, above),
        (flush_right, top),
        (left, bottom),
        (left, below),
        (left, above - label_height),
        (left, top + label_height),
    )
    return np.stack([np.stack(option, axis=-1) for option in options], axis=1).astype(np.float32)


def _linear(channel: float) -> float:
    """Undo sRGB's gamma for one channel in 0..1."""
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
