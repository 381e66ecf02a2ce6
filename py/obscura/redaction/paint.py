"""Paint: cover rectangles of a picture, in place, so that what was there cannot be had back.

- **fill** leaves nothing of it: the pixels are of one colour, whatever was there.
- **blur** leaves the mean colours of a grid of at most `CELLS` cells along the longer side of the
  rectangle, faded into each other. So its radius grows with the box.
- **pixelate** leaves the same means, as squares.

What blur and pixelate leave is little, yet it is something: text of a known typeface, or which of a
few known people it is, can be guessed from it, and the frames of a video add up. Where that
matters, fill. Pure numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

How = Literal["fill", "blur", "pixelate"]
HOWS: tuple[How, ...] = get_args(How)
CELLS = 4
"""Most cells of the grid along the longer side of a rectangle. Of a face, 8 leave so much that face
detectors still find one now and then; of 4 they find none."""
BLACK = (0, 0, 0)

Pixels = NDArray[np.uint8]
Means = NDArray[np.float32]


def paint(
    pixels: Pixels,
    xyxy: NDArray[np.float32],
    how: How = "fill",
    *,
    whole: bool = False,
    colour: tuple[int, int, int] = BLACK,
) -> None:
    """Cover rectangles, in place.

    Each is rounded outwards to whole pixels. What it becomes depends on the pixels inside it alone,
    so nothing of its neighbours leaks in; where rectangles overlap, later ones see what earlier
    ones left.

    Args:
        pixels: ``(height, width, 3)`` RGB or ``(height, width, 4)`` RGBA uint8; writable. Covered
            pixels are opaque.
        xyxy: ``(n, 4)``, left, top, right, bottom in pixels; parts outside the picture are ignored.
        how: "fill", "blur" or "pixelate".
        whole: cover the whole picture instead.
        colour: of fill, RGB.

    Raises:
        ValueError: the array is of another shape or type, a coordinate is not a number, or there is
            no such way to cover.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise ValueError(
            "pixels: wanted uint8 of shape (height, width, 3 or 4), "
            f"got {pixels.dtype} {pixels.shape}"
        )
    if how not in HOWS:
        raise ValueError(f"how: wanted one of {', '.join(HOWS)}, got {how!r}")
    height, width = pixels.shape[:2]
    for left, top, right, bottom in (
        [(0, 0, width, height)] if whole else bounds(xyxy, width, height)
    ):
        region = pixels[top:bottom, left:right]
        if how == "fill":
            region[..., :3] = colour
        else:
            region[..., :3] = _drawn(region[..., :3], _WEIGHTS[how])
        region[..., 3:] = 255


def bounds(xyxy: NDArray[np.float32], width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Return rectangles in whole pixels, rounded outwards, cut at the picture; without those that
    lie outside it.

    Raises:
        ValueError: a coordinate is not a number.
    """
    edges = np.asarray(xyxy, np.float64).reshape(-1, 4)
    if np.isnan(edges).any():
        raise ValueError("xyxy: wanted numbers, got NaN")
    limits = np.array([width, height])
    least = np.floor(edges[:, :2]).clip(0, limits).astype(int)
    most = np.ceil(edges[:, 2:]).clip(0, limits).astype(int)
    inside = (least < most).all(axis=1)
    return [
        (*low, *high)
        for low, high in zip(least[inside].tolist(), most[inside].tolist(), strict=True)
    ]


def _drawn(region: Pixels, weights: Callable[[int, int], Means]) -> Means:
    """Return the picture that the means of a region's grid make."""
    height, width = region.shape[:2]
    side = max(height, width) / CELLS
    rows, columns = max(1, int(height / side)), max(1, int(width / side))
    means = _means(region, min(rows, height), min(columns, width))
    across = np.matmul(weights(width, means.shape[1]), means)  # (rows, width, 3)
    down: Means = weights(height, means.shape[0]) @ across.reshape(len(means), -1)
    return down.reshape(height, width, 3)


def _means(region: Pixels, rows: int, columns: int) -> Means:
    """Return the mean colours of a grid, ``(rows, columns, 3)``, as whole numbers.

    Whole, because decimals would hold more of what was there than the colours seem to.
    """
    height, width = region.shape[:2]
    tops = np.arange(rows) * height // rows
    lefts = np.arange(columns) * width // columns
    strips = np.add.reduceat(region, tops, axis=0, dtype=np.uint32)
    sums = np.add.reduceat(strips, lefts, axis=1, dtype=np.uint32)
    counts = np.outer(np.diff(tops, append=height), np.diff(lefts, append=width))
    means: Means = (sums // counts[..., None]).astype(np.float32)
    return means


def _linear(pixels: int, cells: int) -> Means:
    """Return the share ``(pixels, cells)`` of each cell in each pixel: linear between centres."""
    at = ((np.arange(pixels, dtype=np.float32) + 0.5) * cells / pixels - 0.5).clip(0, cells - 1)
    weights = (1 - np.abs(at[:, None] - np.arange(cells, dtype=np.float32))).clip(0, 1)
    return weights.astype(np.float32)


def _nearest(pixels: int, cells: int) -> Means:
    """Return the share ``(pixels, cells)`` of each cell in each pixel: 1 in its own."""
    starts = np.arange(cells) * pixels // cells
    own = (np.arange(pixels)[:, None] >= starts).sum(axis=1) - 1
    weights: Means = (own[:, None] == np.arange(cells)).astype(np.float32)
    return weights


_WEIGHTS = {"blur": _linear, "pixelate": _nearest}
