"""FastestDet (dog-qiuqiu, https://github.com/dog-qiuqiu/FastestDet): one small map.

One output ``[1, 5 + classes, height, width]``: objectness, offset and size of the box, and class
scores. Activations have been applied to objectness and scores, but not to offset and size:

    centre = (cell + tanh(xy)) / cells,  size = sigmoid(wh),  score = objectness^0.6 class^0.4
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from obscura.cards.card import InputSpec, OpenForm
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import USUAL_SIZES, Reading, one_picture
from obscura.families.common.rows import (
    Option,
    Rows,
    Spec,
    best_class,
    first_output,
    mismatch,
    xyxy_from_cxcywh,
)
from obscura.graph.inspect import Graph

OPTIONS: dict[str, Option] = {}
STRIDE = 16
_OBJECTNESS, _CLASS = 0.6, 0.4
_PUBLISHED = (352, 352)
"""Input size of the published weights."""


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    array = first_output(outputs)
    columns = 5 + spec.classes
    if len(array.shape) != 4 or array.shape[:2] != (1, columns) or not all(array.shape):
        raise mismatch(outputs, f"one output [1, {columns}, height, width]")
    height, width = array.shape[2:]
    rows = ops.transpose(ops.reshape(array, [columns, height * width]), [1, 0])
    y, x = np.mgrid[:height, :width]
    cell = ops.constant(np.stack([x, y], -1).reshape(-1, 2))
    tanh = ops.sigmoid(rows[:, 1:3] * 2) * 2 - 1
    centre = (cell + tanh) / ops.constant([width, height])
    boxes = xyxy_from_cxcywh(ops, ops.concat([centre, ops.sigmoid(rows[:, 3:5])], 1))
    scores = ops.power(rows[:, 0:1], _OBJECTNESS) * ops.power(rows[:, 5:], _CLASS)
    return best_class(ops, boxes, scores, spec.top)


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    picture = one_picture(graph)
    if picture is None or len(graph.outputs) != 1 or len(graph.outputs[0].shape) != 4:
        return []
    _, columns, *cells = graph.outputs[0].shape
    if not isinstance(columns, int):
        return []
    sides = (picture.height, picture.width)
    fixed = all(isinstance(size, int) for size in (*cells, *sides)) and all(sides)
    if columns < 6 or (fixed and [side / STRIDE for side in sides] != cells):
        return []
    sure = 0.85 if (picture.width, picture.height) == _PUBLISHED else 0.6
    size = (picture.width, picture.height) if fixed else (USUAL_SIZES[0],) * 2
    return [
        Reading(
            "fastestdet",
            InputSpec(*size, "stretch"),
            OpenForm(
                picture.name, layout=picture.layout, channels="bgr", dtype=picture.dtype,
                std=(255.0, 255.0, 255.0),
            ),
            columns - 5,
            sure if fixed else 0.3,
            f"one map of {columns} numbers a cell, a cell every {STRIDE} pixels",
            threshold=0.65,
            iou=0.45,
        )
    ]  # fmt: skip
