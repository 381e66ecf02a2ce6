"""YuNet (Wu et al. 2023, https://github.com/ShiqiYu/libfacedetection): faces.

For each of the strides 8, 16 and 32 the score of a face and objectness ``[1, cells, 1]``, both
after the sigmoid, the box in YOLOX's form ``[1, cells, 4]``, and five key points
``[1, cells, 10]``, x and y in cells from the cell: eyes, nose and corners of the mouth.
"""

from __future__ import annotations

from collections.abc import Mapping

from obscura.cards.card import InputSpec, OpenForm
from obscura.families.common.keypoints import fractions as fractions_of_points
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import Reading, one_picture, size_for_rows
from obscura.families.common.rows import (
    Option,
    Rows,
    Spec,
    as_cells,
    best_class,
    cell_counts,
    cells,
    fractions,
    from_cells,
    mismatch,
)
from obscura.graph.inspect import Graph

STRIDES = (8, 16, 32)
OPTIONS: dict[str, Option] = {}
POINTS = 5
_COLUMNS = (1, 1, 4, 10)


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    counts = cell_counts(spec, STRIDES)
    boxes, scores, points = [], [], []
    for count in counts:
        maps = [
            part for array in outputs.values() if (part := as_cells(ops, array, count)) is not None
        ]
        box = [part for part in maps if part.shape[1] == 4]
        score = [part for part in maps if part.shape[1] == 1]
        if len(box) != 1 or len(score) != 2 or spec.classes != 1:
            raise mismatch(
                outputs, f"two scores and a box for each of {', '.join(map(str, counts))} cells"
            )
        boxes.append(box[0])
        # Their order does not matter: the score is the geometric mean of both.
        scores.append(_fraction(ops, score[0]) * _fraction(ops, score[1]))
        points += [part for part in maps if part.shape[1] == 2 * POINTS]
    grid = cells(spec, STRIDES)
    xyxy = from_cells(ops, ops.concat(boxes, 0), grid)
    keypoints = None
    if len(points) == len(STRIDES):
        xy = ops.reshape(ops.concat(points, 0), [-1, POINTS, 2])
        xy = (xy + ops.constant(grid.xy[:, None])) * ops.constant(grid.stride[:, None])
        keypoints = fractions_of_points(ops, xy, spec)
    best = ops.sqrt(ops.concat(scores, 0))
    return best_class(ops, fractions(ops, xyxy, spec), best, spec.top, keypoints)


def _fraction(ops: Ops, scores: Array) -> Array:
    """Clip to 0..1."""
    return ops.minimum(ops.maximum(scores, ops.constant(0)), ops.constant(1))


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    picture = one_picture(graph)
    columns = sorted(
        value.shape[-1] if isinstance(value.shape[-1], int) else 0
        for value in graph.outputs
        if len(value.shape) == 3
    )
    full = sorted(_COLUMNS * len(STRIDES))
    if picture is None or len(columns) != len(graph.outputs):
        return []
    if columns != full and columns != full[: -len(STRIDES)]:
        return []
    size = size_for_rows(picture, "", STRIDES)
    assert size is not None
    return [
        Reading(
            "yunet",
            InputSpec(*size, "letterbox-corner"),
            OpenForm(
                picture.name, layout=picture.layout, channels="bgr", dtype=picture.dtype, pad=0
            ),
            1,
            0.95,
            "score, objectness and box for each of three strides",
            labels=("face",),
            threshold=0.6,
            iou=0.3,
        )
    ]
