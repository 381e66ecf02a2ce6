"""Lines of text: DBNet's map (Liao et al. 2020, Differentiable Binarization, arXiv 1911.08947).

The one output is a map ``[1, 1, h, w]`` of how likely each pixel belongs to a line of text, which
the network was trained to shrink. Pixels above a threshold are joined to components, 8 neighbours
each; a component's box is grown by as much as the paper grows its polygon. Boxes are not turned:
one encloses a slanting line.

Nothing is read: that there is text is known, and not what it says.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.families.common.rows import Option, first_output, mismatch
from obscura.families.heads.answer import CropAnswer, HeadReading, Outputs

OPTIONS = {
    "pixel": Option(0.3, help="from which likelihood a pixel belongs to a line"),
    "threshold": Option(0.5, help="minimum score of a line: the mean over its pixels"),
    "grow": Option(1.6, help="by which multiple of area / perimeter a box is grown on each side"),
    "least": Option(3, help="width and height in pixels of the map from which a line counts"),
}
MOST = 200
"""Lines in a crop at most."""


class Runs(NamedTuple):
    """Neighbouring pixels of a row that are set, row by row and from left to right."""

    row: NDArray[np.int64]
    start: NDArray[np.int64]  # first column
    stop: NDArray[np.int64]  # column after the last


def read(outputs: Outputs, card: HeadReading) -> CropAnswer:
    """See `HeadModule.read`."""
    found = first_output(outputs)
    if found.ndim != 4 or found.shape[:2] != (1, 1) or not found.size:
        raise mismatch(outputs, "one map, [1, 1, height, width]")
    likely = found[0, 0]
    options = card.options
    runs = _runs(likely > np.float32(options["pixel"]))
    if not len(runs.row):
        return _answer(np.zeros((0, 4)), np.zeros(0), likely.shape)
    _, index = np.unique(_components(runs), return_inverse=True)
    boxes = _boxes(runs, index)
    totals = np.zeros((likely.shape[0], likely.shape[1] + 1))
    np.cumsum(likely, axis=1, dtype=np.float64, out=totals[:, 1:])
    sums = totals[runs.row, runs.stop] - totals[runs.row, runs.start]
    scores = np.bincount(index, sums) / np.bincount(index, runs.stop - runs.start)
    sides = boxes[:, 2:] - boxes[:, :2]
    shown = (sides.min(axis=1) >= options["least"]) & (scores >= options["threshold"])
    boxes, scores, sides = boxes[shown], scores[shown], sides[shown]
    grown = sides.prod(axis=1) * options["grow"] / (2 * sides.sum(axis=1))
    boxes = boxes + grown[:, None] * [-1, -1, 1, 1]
    order = np.argsort(-scores, kind="stable")[:MOST]
    return _answer(boxes[order], scores[order], likely.shape)


def _answer(
    boxes: NDArray[np.float64], scores: NDArray[np.float64], shape: tuple[int, ...]
) -> CropAnswer:
    height, width = shape
    return CropAnswer(
        (boxes / [width, height, width, height]).astype(np.float32),
        scores.astype(np.float32),
        np.zeros((len(boxes), 0, 3), np.float32),
        {},
    )


def _runs(mask: NDArray[np.bool_]) -> Runs:
    height, width = mask.shape
    edges = np.zeros((height, width + 2), np.int8)
    edges[:, 1:-1] = mask
    steps = np.diff(edges, axis=1)
    row, start = np.nonzero(steps == 1)
    _, stop = np.nonzero(steps == -1)
    return Runs(row.astype(np.int64), start.astype(np.int64), stop.astype(np.int64))


def _components(runs: Runs) -> NDArray[np.int64]:
    """Return the component of each run, as the index of one of its runs.

    Runs that touch get the lowest index among them, and each then that of the run it names, until
    nothing changes: the number of rounds grows with the logarithm of the longest way.
    """
    above, below = _touching(runs)
    component = np.arange(len(runs.row), dtype=np.int64)
    while True:
        first, second = component[above], component[below]
        least = np.minimum(first, second)
        joined = component.copy()
        np.minimum.at(joined, first, least)
        np.minimum.at(joined, second, least)
        while not np.array_equal(jumped := joined[joined], joined):
            joined = jumped
        if np.array_equal(joined, component):
            return component
        component = joined


def _touching(runs: Runs) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of runs in rows one below the other that touch, at corners too."""
    # Places along one line on which rows follow each other, too far apart to touch.
    wide = int(runs.stop.max()) + 2
    start, stop = runs.row * wide + runs.start, runs.row * wide + runs.stop
    first = np.searchsorted(stop, start + wide, "left")
    last = np.searchsorted(start, stop + wide, "right")
    count = np.maximum(last - first, 0)
    above = np.repeat(np.arange(len(count), dtype=np.int64), count)
    begun = np.repeat(np.cumsum(count) - count, count)
    below = np.arange(len(above), dtype=np.int64) - begun + np.repeat(first, count)
    return above, below


def _boxes(runs: Runs, index: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the box around each component, (n, 4) in pixels of the map."""
    count = int(index.max()) + 1
    low = np.full((2, count), np.iinfo(np.int64).max)
    high = np.zeros((2, count), np.int64)
    np.minimum.at(low[0], index, runs.start)
    np.minimum.at(low[1], index, runs.row)
    np.maximum.at(high[0], index, runs.stop)
    np.maximum.at(high[1], index, runs.row + 1)
    return np.concatenate([low, high]).T.astype(np.float64)
