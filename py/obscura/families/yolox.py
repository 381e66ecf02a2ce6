"""YOLOX (Ge et al. 2021, arXiv 2107.08430): one row a cell, boxes relative to the cell.

One output ``[1, N, 5 + classes]``: centre and log size in cells, objectness, and class scores, both
after the sigmoid. N counts the cells of all strides.
"""

from __future__ import annotations

from collections.abc import Mapping

from obscura.card import InputSpec, OpenForm
from obscura.families.ops import Array, Ops
from obscura.families.reading import Reading, one_picture, rows_fit
from obscura.families.rows import (
    Option,
    Rows,
    Spec,
    best_class,
    cells,
    fractions,
    mismatch,
    only,
    xyxy_from_cxcywh,
)
from obscura.graph.inspect import Graph

STRIDES = (8, 16, 32)
OPTIONS = {
    "strides": Option(list(STRIDES), help="pixels a cell, finest map first"),
    "decoded": Option(
        usual=False, among=(False, True), help="boxes are in pixels of the input already"
    ),
}


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `obscura.families.read`."""
    (rows,) = only(outputs)
    grid = cells(spec, spec.options["strides"])
    if rows.shape != (1, len(grid.xy), 5 + spec.classes):
        raise mismatch(outputs, f"[1, {len(grid.xy)}, {5 + spec.classes}]")
    rows = rows[0]
    boxes = rows[:, 0:4]
    if not spec.options["decoded"]:
        stride = ops.constant(grid.stride)
        centre = (boxes[:, 0:2] + ops.constant(grid.xy)) * stride
        boxes = ops.concat([centre, ops.exp(boxes[:, 2:4]) * stride], 1)
    scores = rows[:, 5:] * rows[:, 4:5]
    return best_class(ops, fractions(ops, xyxy_from_cxcywh(ops, boxes), spec), scores, spec.top)


def recognise(graph: Graph) -> list[Reading]:
    """See `obscura.families.reading`."""
    picture = one_picture(graph)
    if picture is None or len(graph.outputs) != 1:
        return []
    shape = graph.outputs[0].shape
    if len(shape) != 3 or not isinstance(shape[2], int) or shape[2] < 6:
        return []
    size = rows_fit(picture, shape[1], STRIDES)
    if size is None:
        return []
    # YOLOv5 has three rows a cell, so the count of rows tells them apart.
    form = OpenForm(picture.name, channels="bgr", dtype=picture.dtype)
    return [
        Reading(
            family="yolox",
            input=InputSpec(*size, "letterbox-corner"),
            open=form,
            classes=shape[2] - 5,
            confidence=0.9,
            why=f"{shape[1]} rows, one for each cell of strides 8, 16 and 32",
        )
    ]
