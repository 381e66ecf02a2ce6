"""Poses: MoveNet (Votel and Li 2021), the pose of the person in the middle of the crop.

Outputs, on a grid of cells: ``heat``, logits of each point's place, ``[1, P, h, w]``; ``centre``,
logits of a person's centre, ``[1, 1, h, w]``; ``regress`` and ``offset``, ``[1, 2P, h, w]``, y and
x of each point, in cells: from the centre, and from the cell's corner. The points are COCO's 17:
nose; eyes, ears, shoulders, elbows, wrists, hips, knees, ankles, the person's left one first.

The person is the highest centre, weighted by the distance to the middle; a point is the highest
heat near where the centre expects it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from obscura.families.common.ops import NUMPY
from obscura.families.common.rows import Option, mismatch
from obscura.families.heads.answer import CropAnswer, HeadReading, Outputs

OPTIONS = {
    "nearness": Option(
        1.7998046875, help="cells that are added to distances which heat and centre are divided by"
    ),
    "cell": Option(
        0.0208282470703125, help="size of a cell, in 0..1 of the input, as the network has it"
    ),
}
Floats = NDArray[np.float32]


def read(outputs: Outputs, card: HeadReading) -> CropAnswer:
    """See `HeadModule.read`. There is always one box: it encloses the points, and its score is the
    mean of theirs, which is low where no person is."""
    heat, centre, regress, offset = _maps(outputs)
    count, height, width = heat.shape
    near = np.float32(card.options["nearness"])
    grid = np.mgrid[:height, :width].reshape(2, 1, -1).astype(np.float32)  # y, x
    place = int((NUMPY.sigmoid(centre) * _middle(height, width, float(near))).argmax())
    moved = regress.reshape(count, 2, -1)[:, :, place].T[:, :, None]
    expected = grid[:, :, place, None] + moved
    away = np.sqrt(((grid - expected) ** 2).sum(axis=0)) + near
    heat = NUMPY.sigmoid(heat).reshape(count, -1)
    best = (heat / away).argmax(axis=1)
    rows = np.arange(count)
    inside = offset.reshape(count, 2, -1)[rows, :, best]
    yx = (grid[:, 0, best].T + inside) * np.float32(card.options["cell"])
    scores = heat[rows, best]
    points = np.concatenate([yx[:, ::-1], scores[:, None]], axis=1)
    box = np.concatenate([points[:, :2].min(axis=0), points[:, :2].max(axis=0)])
    return CropAnswer(
        box[None].astype(np.float32),
        scores.mean(keepdims=True).astype(np.float32),
        points[None].astype(np.float32),
        {},
    )


def _maps(outputs: Outputs) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the four maps without their first axis."""
    names = ("heat", "centre", "regress", "offset")
    found = [outputs[name] for name in names if name in outputs]
    fits = len(found) == len(names) and found[0].ndim == 4
    points, *cells = found[0].shape[1:] if fits else (0,)
    channels = (points, 1, 2 * points, 2 * points)
    wanted = [(1, channel, *cells) for channel in channels]
    if not fits or not found[0].size or [array.shape for array in found] != wanted:
        raise mismatch(
            outputs, "heat [1, P, h, w], centre [1, 1, h, w], regress and offset [1, 2P, h, w]"
        )
    heat, centre, regress, offset = (array[0] for array in found)
    return heat, centre, regress, offset


@lru_cache(maxsize=2)
def _middle(height: int, width: int, near: float) -> Floats:
    """Return the weight of each cell as a person's centre: less, the farther from the middle."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    away = np.sqrt((y - height / 2) ** 2 + (x - width / 2) ** 2)
    weight: Floats = (1 / (away + near)).astype(np.float32)
    return weight
