"""SCRFD (Guo et al. 2021, arXiv 2105.04714), as InsightFace exports it: faces.

For each of the strides 8, 16 and 32, and mostly two anchors per cell, which are points: the score
after the sigmoid ``[N, 1]``, the distances to the four sides of the box in strides ``[N, 4]``, and
mostly the distances to five key points ``[N, 10]``: eyes, nose and corners of the mouth. A batch
axis of one may come before. Larger networks have five strides and one anchor per cell.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from obscura.cards.card import InputSpec
from obscura.families.common import anchors, keypoints
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import Reading, fed, one_picture, size_for_rows
from obscura.families.common.rows import (
    Option,
    Rows,
    Spec,
    best_class,
    cell_counts,
    cells,
    fractions,
    mismatch,
)
from obscura.graph.inspect import Graph

STRIDES = (8, 16, 32)
FIVE_STRIDES = (8, 16, 32, 64, 128)
OPTIONS = {
    "strides": Option(list(STRIDES), help="pixels per cell, finest map first"),
    "anchors": Option(2, choices=(1, 2), help="anchors per cell"),
}
MEAN, STD = (127.5,) * 3, (128.0,) * 3
_SCORE, _BOX, _POINTS = 1, 4, 10


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    strides, per_cell = spec.options["strides"], spec.options["anchors"]
    counts = [per_cell * count for count in cell_counts(spec, strides)]
    scores = anchors.table(ops, outputs, counts, _SCORE)
    sides = anchors.table(ops, outputs, counts, _BOX)
    if spec.classes != 1 or scores is None or sides is None:
        raise mismatch(
            outputs,
            f"[N, 1], [N, 4] and [N, 10] with N of {', '.join(map(str, counts))}, of one class",
        )
    grid = cells(spec, strides)
    stride = ops.constant(np.repeat(grid.stride, per_cell, 0))
    centre = ops.constant(np.repeat(grid.xy * grid.stride, per_cell, 0))
    away = sides * stride
    boxes = ops.concat([centre - away[:, 0:2], centre + away[:, 2:4]], 1)
    points, found = anchors.table(ops, outputs, counts, _POINTS), None
    if points is not None:
        xy = ops.reshape(points * stride, [-1, _POINTS // 2, 2])
        xy = xy + ops.constant(np.repeat(grid.xy * grid.stride, per_cell, 0)[:, None])
        found = keypoints.fractions(ops, xy, spec)
    return best_class(ops, fractions(ops, boxes, spec), scores, spec.top, found)


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    picture = one_picture(graph)
    if picture is None:
        return []
    columns = [
        value.shape[-1] if len(value.shape) in (2, 3) and isinstance(value.shape[-1], int) else 0
        for value in graph.outputs
    ]
    strides = FIVE_STRIDES if len(columns) in (10, 15) else STRIDES
    full = sorted([_SCORE, _BOX, _POINTS] * len(strides))
    if sorted(columns) not in (full, full[: -len(strides)]):
        return []
    per_cell = 2 if strides == STRIDES else 1
    rows = [
        value.shape[-2]
        for value, width in zip(graph.outputs, columns, strict=True)
        if width == _SCORE
    ]
    numbers = [number for number in rows if isinstance(number, int)]
    total = sum(numbers) if len(numbers) == len(rows) else ""
    size = size_for_rows(picture, total, strides, per_cell)
    if size is None:
        return []
    return [
        Reading(
            "scrfd",
            InputSpec(*size, "letterbox-corner"),
            fed(
                picture, "rgb", MEAN, STD, pad=0,
                options={} if per_cell == 2 else {"strides": list(strides), "anchors": per_cell},
            ),
            1,
            0.95 if _POINTS in columns else 0.85,
            f"score and distances for each of {len(strides)} strides, {per_cell} a cell",
            labels=("face",),
            threshold=0.5,
            iou=0.4,
        )
    ]  # fmt: skip
