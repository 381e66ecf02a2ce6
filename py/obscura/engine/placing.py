"""Placement of a picture, or of a part of it, in a network's input. Pure arithmetic."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.boxes import fit
from obscura.cards.card import InputSpec

Size = tuple[int, int]  # width and height in pixels


class Region(NamedTuple):
    """A part of a picture, in whole pixels. It is never empty."""

    left: int
    top: int
    width: int
    height: int

    @property
    def size(self) -> Size:
        """Its width and height."""
        return self.width, self.height


def place(wanted: InputSpec, size: Size, pad: int) -> list[int]:
    """Return where a picture lies in the network's input, in the order that assets/gpu.js reads.

    Args:
        wanted: the network's input.
        size: of the picture.
        pad: grey level of the bars of a letterbox, 0..255.

    Returns:
        Width and height of the input; left and top, width and height of the picture in it; pad.
    """
    fitted = fit(wanted.resize, size, (wanted.width, wanted.height))
    shown = [round(size[0] * fitted.scale_x), round(size[1] * fitted.scale_y)]
    left = [round(fitted.offset_x), round(fitted.offset_y)]
    return [wanted.width, wanted.height, *left, *(max(1, side) for side in shown), pad]


def drawn_size(wanted: InputSpec, size: Size) -> Size:
    """Return the size at which to draw a crop: as the input shows it, but never enlarged.

    Enlarging is left to the network's own nodes, which do it in the same way on every platform.
    """
    width, height = place(wanted, size, 0)[4:6]
    return min(size[0], width), min(size[1], height)


def regions(xyxy: NDArray[np.floating[Any]], picture: Size, size: Size | None) -> list[Region]:
    """Return the part of a picture that each box covers.

    Args:
        xyxy: ``(n, 4)`` boxes.
        picture: its size.
        size: of the picture that the boxes are measured in; None for the same.

    Returns:
        Regions within the picture: each box extended to whole pixels and cut at the edges; at least
        the nearest pixel.

    Raises:
        ValueError: the boxes have another shape or are not numbers.
    """
    boxes = np.asarray(xyxy, np.float64)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"xyxy: wanted shape (n, 4), got {boxes.shape}")
    if np.isnan(boxes).any():
        raise ValueError("xyxy: wanted numbers, got NaN")
    sides = np.array(picture)
    if size is not None:
        boxes = boxes * np.tile(sides / np.array(size), 2)
    first = np.clip(np.floor(boxes[:, :2]), 0, sides - 1)
    last = np.clip(np.ceil(boxes[:, 2:]), first + 1, sides)
    whole = np.concatenate([first, last - first], axis=1).astype(int).tolist()
    return [Region(*each) for each in whole]
