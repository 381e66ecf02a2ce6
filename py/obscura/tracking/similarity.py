"""Similarity of tracks and detections: overlap of boxes that are enlarged by what is uncertain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MANY = 1000
"""Pairs from which it is quicker to find first those whose boxes touch at all."""


def overlap(tracks: Floats, detections: Floats, margin: Floats, *, heights: bool) -> Floats:
    """Return how well tracks and detections fit each other.

    Intersection over union of boxes that are enlarged on every side by a margin, so that what moved
    farther than its own width still overlaps (C-BIoU: Yang et al. 2023, arXiv 2211.14317). Here
    the margin is each track's own, because some are less certain than others.

    Args:
        tracks: ``(m, 4)``, cx, cy, width, height.
        detections: ``(n, 4)``, the same.
        margin: ``(m, 2)``, in widths and in heights of the box; an axis of one holds for all.
        heights: multiply by the intersection over union of the vertical extents: people differ in
            height and in distance (Hybrid-SORT: Yang et al. 2024, arXiv 2308.00783).

    Returns:
        ``(m, n)``, 0..1.
    """
    scale = 1 + 2 * margin
    size = tracks[:, 2:] * scale
    if len(tracks) * len(detections) < MANY:
        return _fit(
            tracks[:, None],
            detections[None],
            size[:, None],
            detections[None, :, 2:] * scale[:, None],
            heights=heights,
        )
    # An enlarged detection reaches farther by the same share of its own size.
    most = np.maximum.reduce(scale, axis=0)
    half, halves = size / 2, detections[:, 2:] * most / 2
    lower, upper = tracks[:, :2] - half, tracks[:, :2] + half
    lowers, uppers = detections[:, :2] - halves, detections[:, :2] + halves
    near = lower[:, None, 0] < uppers[:, 0]
    for axis in (0, 1):
        near &= upper[:, None, axis] > lowers[:, axis]
    near &= lower[:, None, 1] < uppers[:, 1]
    a, b = near.nonzero()
    scales = scale[a] if len(scale) > 1 else scale
    fit: Floats = np.zeros(near.shape)
    fit[a, b] = _fit(tracks[a], detections[b], size[a], detections[b, 2:] * scales, heights=heights)
    return fit


def _fit(
    tracks: Floats, detections: Floats, size: Floats, sizes: Floats, *, heights: bool
) -> Floats:
    """Return how well tracks and detections fit each other, by whatever axes go before the last.

    Args:
        tracks, detections: cx, cy, width, height.
        size, sizes: their widths and heights, enlarged.
    """
    gap = np.abs(tracks[..., :2] - detections[..., :2])
    # Two intervals of lengths a and b at a distance share min(a, b, (a + b) / 2 - distance).
    shared = np.minimum(np.minimum(size, sizes), (size + sizes) / 2 - gap)
    np.maximum(shared, 0, out=shared)
    inside = shared[..., 0] * shared[..., 1]
    union = size[..., 0] * size[..., 1] + sizes[..., 0] * sizes[..., 1] - inside
    fit: Floats = inside / union
    if heights:
        a, b = tracks[..., 3], detections[..., 3]
        common = np.minimum(np.minimum(a, b), (a + b) / 2 - gap[..., 1])
        np.maximum(common, 0, out=common)
        fit *= common / (a + b - common)
    return fit
