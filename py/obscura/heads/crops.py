"""Crops: the parts of a frame that a head is to look at."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.boxes import Floats, clip

LEAST_TOP = 1 / 3
"""Side of the square at the top of a box that is higher than wide, at least, in its heights: a
person seen from the side is narrow, and the head is at the top all the same."""


class Crops(NamedTuple):
    """What a head wants to look at in one frame.

    Attributes:
        head: its name.
        rows: ``(m,)`` int64, indices into the update's detections; -1 for the whole frame.
        xyxy: ``(m, 4)`` float32, in pixels of the source: whole pixels, within the frame.
    """

    head: str
    rows: NDArray[np.int64]
    xyxy: Floats


def crop_boxes(xyxy: Floats, shape: str, margin: float, size: tuple[int, int]) -> Floats:
    """Return the part of the frame to cut out for each box.

    Args:
        xyxy: ``(n, 4)`` boxes in pixels of the source.
        shape: "box"; "square" around its centre, with the longer side; "top", a square at its upper
            edge, as wide as the box, but at least `LEAST_TOP` of its height and at most its height.
        margin: what is added on each side, in sides of that shape.
        size: width and height of the frame in pixels.

    Returns:
        ``(n, 4)`` float32: extended to whole pixels, and clipped to the frame. Where nothing is
        left, or a number is not finite, a box without area.
    """
    boxes = np.nan_to_num(xyxy.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    empty = (sides <= 0).any(axis=1) | ~np.isfinite(xyxy).all(axis=1)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    if shape == "square":
        sides = np.repeat(sides.max(axis=1, keepdims=True), 2, axis=1)
    elif shape == "top":
        width, height = sides[:, 0], sides[:, 1]
        side = np.minimum(np.maximum(width, height * LEAST_TOP), height)
        # A box wider than high keeps its width: the head may be at either end.
        sides = np.stack([np.maximum(side, width), side], axis=1)
        centre[:, 1] = boxes[:, 1] + side / 2
    half = sides * (0.5 + margin)
    grown = np.concatenate([np.floor(centre - half), np.ceil(centre + half)], axis=1)
    cut = clip(grown.astype(np.float32), *size)
    cut[empty] = 0
    return cut


def to_frame(crop: Floats, points: Floats) -> Floats:
    """Map points from 0..1 of a crop to pixels of the source.

    Args:
        crop: ``(4,)`` the crop's xyxy.
        points: ``(..., 2)``, or ``(..., 4)`` for boxes.
    """
    mapped: Floats = (_pairs(points) * (crop[2:] - crop[:2]) + crop[:2]).reshape(points.shape)
    return mapped


def moved(points: Floats, old: Floats, new: Floats) -> Floats:
    """Map points that belong to an object from where its box was to where it is now.

    Args:
        points: ``(..., 2)``, or ``(..., 4)`` for boxes, in pixels of the source.
        old, new: ``(4,)`` the object's box then and now; one without area moves nothing.
    """
    sides = old[2:] - old[:2]
    if not (sides > 0).all():
        return points
    if not points.size or (old == new).all():
        return points
    scale = (new[2:] - new[:2]) / sides
    mapped: Floats = ((_pairs(points) - old[:2]) * scale + new[:2]).reshape(points.shape)
    return mapped


def _pairs(points: Floats) -> Floats:
    """Return points, or the two corners of boxes, as ``(..., 2)``."""
    return points.reshape(*points.shape[:-1], points.shape[-1] // 2, 2)
