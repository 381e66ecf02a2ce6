"""Similarity of tracks and detections: overlap of boxes that are enlarged by what is uncertain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def overlap(tracks: Floats, detections: Floats, margin: Floats, *, heights: bool) -> Floats:
    """Return how well tracks and detections fit each other.

    Intersection over union of boxes that are enlarged on every side by a margin, so that what moved
    farther than its own width still overlaps (C-BIoU: Yang et al. 2023, arXiv 2211.14317). Here
    the margin is each track's own, because some are less certain than others.

    Args:
        tracks: ``(m, 4)``, cx, cy, width, height.
        detections: ``(n, 4)``, the same.
        margin: ``(m, 2)``, in widths and in heights of the box.
        heights: multiply by the intersection over union of the vertical extents: people differ in
            height and in distance (Hybrid-SORT: Yang et al. 2024, arXiv 2308.00783).

    Returns:
        ``(m, n)``, 0..1.
    """
    scale = 1 + 2 * margin
    size = tracks[:, 2:] * scale
    sizes = detections[None, :, 2:] * scale[:, None]
    gap = np.abs(tracks[:, None, :2] - detections[None, :, :2])
    # Two intervals of lengths a and b at a distance share min(a, b, (a + b) / 2 - distance).
    shared = np.minimum(np.minimum(size[:, None], sizes), (size[:, None] + sizes) / 2 - gap)
    np.maximum(shared, 0, out=shared)
    inside = shared[..., 0] * shared[..., 1]
    union = (size[:, 0] * size[:, 1])[:, None] + sizes[..., 0] * sizes[..., 1] - inside
    fit: Floats = inside / union
    if heights:
        a, b = tracks[:, None, 3], detections[None, :, 3]
        common = np.minimum(np.minimum(a, b), (a + b) / 2 - gap[..., 1])
        np.maximum(common, 0, out=common)
        fit *= common / (a + b - common)
    return fit
