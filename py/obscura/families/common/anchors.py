"""Anchors of SSD (Liu et al. 2016, arXiv 1512.02325) and similar networks, and boxes by offsets.

An anchor is a box of fixed place and shape. A network returns for each how far the object's centre
is from the anchor's, in shares of its size, and the logarithms of how much larger the object is;
both divided by constants called variances.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.errors import CardError
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import USUAL_SIZES, Picture
from obscura.families.common.rows import Spec, cell_counts, cells

VARIANCES = (0.1, 0.2)  # of centres and of sizes, in all networks known here

Shapes = tuple[tuple[float, float], ...]
"""Width and height of the anchors of one cell, in 0..1 of the input."""


class Anchors(NamedTuple):
    """Anchors, map by map, row by row, cell by cell, all in 0..1 of the network's input."""

    centre: NDArray[np.float32]  # (n, 2) x, y
    size: NDArray[np.float32]  # (n, 2) width, height


def squares(spec: Spec, sizes: Sequence[Sequence[float]]) -> tuple[Shapes, ...]:
    """Return squares of these sides in pixels of the input, one sequence for each map."""
    return tuple(
        tuple((side / spec.width, side / spec.height) for side in level) for level in sizes
    )


def grouped(sizes: Sequence[float], each: Sequence[int]) -> list[Sequence[float]]:
    """Split a card's list of sizes into those of each map.

    Raises:
        CardError: the numbers of sizes do not add up.
    """
    if sum(each) != len(sizes):
        raise CardError(
            "The card's options sizes and each do not fit", f"{len(sizes)} and {sum(each)}",
            remedy="The numbers in each say how many sizes each map has: correct model.toml.",
        )  # fmt: skip
    ends = np.cumsum(each).tolist()
    return [sizes[end - count : end] for end, count in zip(ends, each, strict=True)]


def count(spec: Spec, strides: Sequence[int], each: Sequence[int]) -> int:
    """Return the number of anchors, for the number that each cell of each map has.

    Raises:
        CardError: there is not one number for each stride.
    """
    if len(strides) != len(each):
        raise CardError(
            "The card's options strides and each do not fit", f"{len(strides)} and {len(each)}",
            remedy="Give one number in each for every stride: correct model.toml.",
        )  # fmt: skip
    cells_of = cell_counts(spec, strides)
    return sum(cell * anchors for cell, anchors in zip(cells_of, each, strict=True))


def place(
    spec: Spec, strides: Sequence[int], shapes: Sequence[Shapes], *, whole: bool = False
) -> Anchors:
    """Return the anchors of all cells. Call `count` first: it returns how many there will be.

    Args:
        spec: the network, of which only the size counts.
        strides: pixels of the input per cell, for each map.
        shapes: the anchors of a cell, for each map.
        whole: the cells of a map share the input equally even if the stride does not divide it;
            otherwise the last cells reach beyond the input.

    Raises:
        CardError: there are more cells than any network has.
    """
    cells(spec, strides)  # checks their number
    return _place(spec.width, spec.height, tuple(strides), tuple(shapes), whole=whole)


@lru_cache(maxsize=8)
def _place(
    width: int, height: int, strides: tuple[int, ...], shapes: tuple[Shapes, ...], *, whole: bool
) -> Anchors:
    centres, sizes = [], []
    for stride, level in zip(strides, shapes, strict=True):
        columns, rows = -(-width // stride), -(-height // stride)
        y, x = np.mgrid[:rows, :columns]
        cell = (1 / columns, 1 / rows) if whole else (stride / width, stride / height)
        centre = (np.stack([x, y], -1).reshape(-1, 2) + 0.5) * cell
        centres.append(np.repeat(centre, len(level), 0))
        sizes.append(np.tile(np.array(level).reshape(-1, 2), (len(centre), 1)))
    return Anchors(
        np.concatenate(centres).astype(np.float32), np.concatenate(sizes).astype(np.float32)
    )


def table(
    ops: Ops, outputs: Mapping[str, Array], counts: Sequence[int], columns: int
) -> Array | None:
    """Return the rows of all anchors, (n, columns), from one output or from one for each map.

    Args:
        outputs: ``[n, columns]`` or ``[1, n, columns]``, in any order and with any names.
        counts: the number of anchors of each map, largest first.
        columns: number of columns; outputs with others are passed over.

    Returns:
        The rows, in the order of `counts`; None if the outputs are not those.
    """
    for wanted in ([sum(counts)], list(counts)):
        shapes = {(*batch, count, columns) for count in wanted for batch in ((), (1,))}
        parts = [
            ops.reshape(array, [array.shape[-2], columns])
            for array in outputs.values()
            if tuple(array.shape) in shapes
        ]
        parts.sort(key=lambda part: -part.shape[0])  # equal ones stay in the graph's order
        if [part.shape[0] for part in parts] == wanted:
            return ops.concat(parts, 0)
    return None


def boxes(ops: Ops, offsets: Array, anchors: Anchors) -> Array:
    """Return (n, 4) xyxy in 0..1 of the input from (n, 4) offsets: x, y, width, height."""
    size = ops.constant(anchors.size)
    centre = offsets[:, 0:2] * VARIANCES[0] * size + ops.constant(anchors.centre)
    half = ops.exp(offsets[:, 2:4] * VARIANCES[1]) * size / 2
    return ops.concat([centre - half, centre + half], 1)


def points(ops: Ops, offsets: Array, anchors: Anchors) -> Array:
    """Return (n, points, 2) in 0..1 of the input from (n, 2 points) offsets, as of centres."""
    xy = ops.reshape(offsets, [-1, offsets.shape[1] // 2, 2])
    centre, size = ops.constant(anchors.centre[:, None]), ops.constant(anchors.size[:, None])
    return xy * VARIANCES[0] * size + centre


def size_for(
    picture: Picture, rows: int | str, strides: Sequence[int], each: Sequence[int]
) -> tuple[int, int] | None:
    """Return width and height of the input that has this number of anchors.

    As `reading.size_for_rows`, but maps may have different numbers of anchors per cell.
    """
    fixed = picture.width and picture.height
    sizes = [(picture.width, picture.height)] if fixed else [(side, side) for side in USUAL_SIZES]
    if not isinstance(rows, int):
        return sizes[0]
    for width, height in sizes:
        if rows == count(Spec(width, height, 1, 1, {}), strides, each):
            return width, height
    return None
