"""Yolo-FastestV2 (dog-qiuqiu, https://github.com/dog-qiuqiu/Yolo-FastestV2).

Two maps ``[1, height, width, 15 + classes]``, of strides 16 and 32, with three anchors per cell:
four numbers for each anchor's box, objectness of each, and the scores of the classes, which the
anchors share. All activations have been applied (sigmoid, and softmax over the classes):

    centre = (2 xy - 0.5 + cell) stride,  size = (2 wh)^2 anchor,  score = objectness class
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from obscura.cards.card import InputSpec
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
    xyxy_from_cxcywh,
)
from obscura.graph.inspect import Graph, Value

STRIDES = (16, 32)
PER_CELL = 3
ANCHORS = (12.64, 19.39, 37.88, 51.48, 55.71, 138.31, 126.91, 78.23, 131.57, 214.55, 279.92, 258.87)
"""Width and height of each anchor in pixels, three per stride, as published for COCO."""

OPTIONS = {
    "anchors": Option(list(ANCHORS), help="width and height in pixels, three pairs per stride"),
}
_BOX_COLUMNS = 5 * PER_CELL


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    columns = _BOX_COLUMNS + spec.classes
    sides = spec.options["anchors"]
    counts = cell_counts(spec, STRIDES)
    if len(sides) != 2 * PER_CELL * len(STRIDES):
        raise mismatch(outputs, "anchors of 12 numbers on its card, and two maps")
    anchors = np.array(sides, np.float32).reshape(len(STRIDES), 1, PER_CELL, 2)
    boxes, scores = [], []
    for stride, count, anchor in zip(STRIDES, counts, anchors, strict=True):
        maps = [
            found
            for array in outputs.values()
            if (found := _as_rows(ops, array, count, columns)) is not None
        ]
        if len(maps) != 1:
            raise mismatch(outputs, f"two maps [1, height, width, {columns}], of strides 16 and 32")
        box = ops.reshape(maps[0][:, 0 : 4 * PER_CELL], [count, PER_CELL, 4])
        cell = ops.constant(cells(spec, [stride]).xy[:, None])
        centre = (box[:, :, 0:2] * 2 - 0.5 + cell) * stride
        double = box[:, :, 2:4] * 2
        decoded = ops.concat([centre, double * double * ops.constant(anchor)], 2)
        boxes.append(ops.reshape(decoded, [count * PER_CELL, 4]))
        found = ops.reshape(maps[0][:, 4 * PER_CELL : _BOX_COLUMNS], [count, PER_CELL, 1])
        classes = ops.reshape(maps[0][:, _BOX_COLUMNS:], [count, 1, spec.classes])
        scores.append(ops.reshape(found * classes, [count * PER_CELL, spec.classes]))
    xyxy = xyxy_from_cxcywh(ops, ops.concat(boxes, 0))
    return best_class(ops, fractions(ops, xyxy, spec), ops.concat(scores, 0), spec.top)


def _as_rows(ops: Ops, array: Array, count: int, columns: int) -> Array | None:
    """Return a map of `count` cells as (cells, columns); None if it is not one."""
    shape = array.shape
    if len(shape) != 4 or shape[0] != 1:
        return None
    if shape[1] * shape[2] == count and shape[3] == columns:
        return ops.reshape(array, [count, columns])
    if shape[1] == columns and shape[2] * shape[3] == count:  # as converted for ncnn
        return ops.transpose(ops.reshape(array, [columns, count]), [1, 0])
    return None


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    picture = one_picture(graph)
    columns = {_size(value, 3) for value in graph.outputs}
    if picture is None or len(graph.outputs) != len(STRIDES) or len(columns) != 1:
        return []
    classes = columns.pop() - _BOX_COLUMNS
    maps = [(_size(value, 1), _size(value, 2)) for value in graph.outputs]
    known = all(min(sides) for sides in maps)
    rows = sum(high * wide for high, wide in maps) if known else ""
    size = size_for_rows(picture, rows, STRIDES)
    if classes < 1 or size is None:
        return []
    # Other networks with two maps have as many columns for each of three anchors, and no softmax.
    certain = known and classes % PER_CELL and {"Sigmoid", "Softmax"} <= graph.operators
    return [
        Reading(
            "fastestv2",
            InputSpec(*size, "stretch"),
            fed(picture, "bgr", (0.0,) * 3, (255.0,) * 3),
            classes,
            0.9 if certain else 0.4,
            f"two maps of three boxes and {classes} scores a cell",
            threshold=0.3,
            iou=0.4,
        )
    ]


def _size(value: Value, axis: int) -> int:
    """Return one size of a map; 0 if it is unknown, or the output is not a map."""
    size = value.shape[axis] if len(value.shape) == 4 else 0
    return size if isinstance(size, int) else 0
