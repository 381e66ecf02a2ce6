"""Geometry of boxes: area, overlap, suppression, and mapping between picture and model input.

A box is a row ``x1, y1, x2, y2`` of a float32 array of shape ``(n, 4)``: left, top, right, bottom
edges, x to the right and y downwards. Functions work in any coordinates (pixels, or 0..1 of
the input), as long as both sides of a comparison share them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Size = tuple[float, float]  # width, height
RESIZES = ("stretch", "letterbox", "letterbox-corner")
NMS_BLOCK = 256
MANY_PAIRS = 1000
_LEAST = np.finfo(np.float32).tiny


def area(xyxy: Floats) -> Floats:
    """Return the area of each of ``(n, 4)`` boxes as ``(n,)``, in square units of their frame.

    A negative or NaN side counts as zero.
    """
    sides: Floats = np.fmax(xyxy[:, 2:] - xyxy[:, :2], 0)
    return sides[:, 0] * sides[:, 1]


def iou(a: Floats, b: Floats) -> Floats:
    """Return intersection over union of ``(n, 4)`` with ``(m, 4)`` boxes as ``(n, m)`` in 0..1.

    A box without area overlaps nothing, not even itself: its row or column is 0.
    """
    width = np.minimum(a[:, None, 2], b[:, 2]) - np.maximum(a[:, None, 0], b[:, 0])
    height = np.minimum(a[:, None, 3], b[:, 3]) - np.maximum(a[:, None, 1], b[:, 1])
    shared: Floats = np.fmax(width, 0) * np.fmax(height, 0)
    union = area(a)[:, None] + area(b) - shared
    overlap: Floats = shared / np.maximum(union, _LEAST)  # so that 0 / 0 is 0
    return overlap


def clip(xyxy: Floats, width: float, height: float) -> Floats:
    """Return the ``(n, 4)`` boxes clipped to ``width`` by ``height`` (same coordinates)."""
    return np.clip(xyxy, 0, np.array([width, height, width, height], np.float32))


def nms(
    xyxy: Floats,
    score: Floats,
    threshold: float,
    class_id: NDArray[np.int32] | None = None,
) -> NDArray[np.int64]:
    """Suppress boxes that overlap a better one, as greedy non-maximum suppression does.

    The greedy answer is the one fixed point of "a box stays if no staying box ranked above it
    overlaps it", and repeating that rule on the whole overlap matrix reaches it after as many
    rounds as the longest chain of suppressions, in practice two or three (the observation behind
    Cluster-NMS, Zheng et al. 2020, arXiv 2005.03572). That is done for `NMS_BLOCK` boxes at a time,
    each block against those that stayed before it, so memory grows with n and not with n squared.

    Args:
        xyxy: ``(n, 4)`` boxes.
        score: ``(n,)`` confidences; among equals the lower index ranks first.
        threshold: a box is dropped if its IoU with a better one is **above** this.
        class_id: ``(n,)``; if given, boxes compete only within their class.

    Returns:
        Indices of the boxes that stay, by descending score. A row with a NaN never stays; a box
        without area suppresses nothing and stays.
    """
    order = (-score).argsort(kind="stable")
    sums = np.add.reduce(xyxy, axis=1) + score
    known = sums == sums  # NaN is not equal to itself
    if not np.logical_and.reduce(known):
        order = order[known[order]]
    # Explicit, because numpy's index type has 32 bits in wasm.
    order = order.astype(np.int64, copy=False)
    if class_id is not None and len(set(class_id.tolist())) == len(class_id):
        return order  # no two boxes of a class, as in most pictures
    ranked = np.concatenate([xyxy, area(xyxy)[:, None]], axis=1)[order].T.copy()
    kept: list[tuple[NDArray[np.int64], Floats]] = []  # of each block: indices, and their boxes
    for start in range(0, len(order), NMS_BLOCK):
        block, boxes = order[start : start + NMS_BLOCK], ranked[:, start : start + NMS_BLOCK]
        for before, better in kept:
            near = None if class_id is None else class_id[before][:, None] == class_id[block]
            beaten = _rivals(better, boxes, threshold, near)
            free = ~np.logical_or.reduce(beaten, axis=0)
            block, boxes = block[free], boxes[:, free]
        near = _ABOVE[: len(block), : len(block)]  # i ranks above j
        if class_id is not None:
            classes = class_id[block]
            near = near & (classes[:, None] == classes)
        beats = _rivals(boxes, boxes, threshold, near)
        stays = ~np.logical_or.reduce(beats, axis=0)
        while not np.array_equal(again := ~np.logical_or.reduce(beats[stays], axis=0), stays):
            stays = again
        kept.append((block[stays], boxes[:, stays]))
    return np.concatenate([block for block, _ in kept]) if kept else order


_ABOVE = np.arange(NMS_BLOCK)[:, None] < np.arange(NMS_BLOCK)


def _rivals(
    a: Floats, b: Floats, threshold: float, near: NDArray[np.bool_] | None
) -> NDArray[np.bool_]:
    """Return which of `a` overlap which of `b` by more than this: ``(len(a), len(b))``.

    As `iou`, with fewer calls of numpy, which for few boxes take longer than what they compute; of
    many boxes, which are mostly of different classes, only those pairs are computed that matter.

    Args:
        a, b: ``(5, n)`` columns x1, y1, x2, y2, area.
        near: the pairs that matter, all others are False; None for all.
    """
    if near is not None and near.size > MANY_PAIRS and near.size > 8 * np.count_nonzero(near):
        rows, columns = near.nonzero()
        rivals = np.zeros(near.shape, np.bool_)
        rivals[rows, columns] = _overlaps(a[:, rows], b[:, columns], threshold)
        return rivals
    overlap = _overlaps(a[:, :, None], b[:, None], threshold)
    if near is not None:
        overlap &= near
    return overlap


def _overlaps(a: Floats, b: Floats, threshold: float) -> NDArray[np.bool_]:
    """Return whether boxes overlap by more than this, given columns as of `_rivals`."""
    shared = np.minimum(a[2:4], b[2:4])
    shared -= np.maximum(a[:2], b[:2])
    np.maximum(shared, 0, out=shared)
    inside = shared[0]
    inside *= shared[1]
    union = a[4] + b[4]
    union -= inside
    np.maximum(union, _LEAST, out=union)
    inside /= union
    overlap: NDArray[np.bool_] = inside > threshold
    return overlap


class Fit(NamedTuple):
    """Placement of a picture in a model's input: ``input = source * scale + offset``, in pixels."""

    scale_x: float
    scale_y: float
    offset_x: float
    offset_y: float

    def to_input(self, xyxy: Floats) -> Floats:
        """Map ``(n, 4)`` boxes from pixels of the source to pixels of the model's input."""
        return xyxy * self._scales() + self._offsets()

    def to_source(self, xyxy: Floats) -> Floats:
        """Map ``(n, 4)`` boxes from pixels of the model's input to pixels of the source."""
        return (xyxy - self._offsets()) / self._scales()

    def _scales(self) -> Floats:
        return np.array([self.scale_x, self.scale_y] * 2, np.float32)

    def _offsets(self) -> Floats:
        return np.array([self.offset_x, self.offset_y] * 2, np.float32)


def fit(mode: str, source_size: Size, input_size: Size) -> Fit:
    """Return the placement of a source in an input (sizes are width, height in pixels).

    ``"stretch"`` scales each axis separately. ``"letterbox"`` scales both axes equally, as large as
    fits, to whole pixels (halves are rounded up), and centres the picture (the smaller half of an
    odd bar comes first); ``"letterbox-corner"`` puts it into the upper left corner.

    Raises:
        ValueError: the mode is unknown, or a side is not positive.
    """
    if min(*source_size, *input_size) <= 0:
        raise ValueError(f"sizes must be positive, got {source_size} and {input_size}")
    if mode == "stretch":
        return Fit(input_size[0] / source_size[0], input_size[1] / source_size[1], 0.0, 0.0)
    if mode not in RESIZES:
        raise ValueError(f"mode must be one of {', '.join(RESIZES)}, got {mode!r}")
    width = _filled(source_size[0], input_size[0], source_size[1], input_size[1])
    height = _filled(source_size[1], input_size[1], source_size[0], input_size[0])
    left, top = (input_size[0] - width) // 2, (input_size[1] - height) // 2
    corner = mode == "letterbox-corner"
    return Fit(
        width / source_size[0],
        height / source_size[1],
        0.0 if corner else float(left),
        0.0 if corner else float(top),
    )


def _filled(side: float, space: float, other_side: float, other_space: float) -> int:
    """Return the pixels that a side takes once the other one is scaled to fit.

    In whole numbers, because it must round exactly as `obscura.graph.prepare` does.
    """
    fitted = (2 * side * other_space + other_side) // (2 * other_side)
    return int(max(1, min(space, fitted)))
