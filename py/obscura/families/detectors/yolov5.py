"""YOLOv5 and YOLOv7 (Wang et al. 2022, arXiv 2207.02696): three anchors per cell.

Usually one output ``[1, 3 cells, 5 + classes]``: centre and size in pixels of the input, objectness
and class scores, all after the sigmoid. Otherwise the maps of the last convolutions, one for each
stride, ``[1, 3, height, width, 5 + classes]`` or ``[1, 3 (5 + classes), height, width]``, where

    centre = (2 sigmoid(xy) - 0.5 + cell) stride,  size = (2 sigmoid(wh))^2 anchor
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from obscura.cards.card import InputSpec, OpenForm
from obscura.families.common import libreyolo
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import Picture, Reading, one_picture, size_for_rows
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

STRIDES = (8, 16, 32)
PER_CELL = 3
ANCHORS = {
    "YOLOv5": (
        10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326,
    ),
    "YOLOv7": (
        12, 16, 19, 36, 40, 28, 36, 75, 76, 55, 72, 146, 142, 110, 192, 243, 459, 401,
    ),
}  # fmt: skip
"""Width and height of each anchor in pixels, three per stride, as published for COCO."""

OPTIONS = {
    "strides": Option(list(STRIDES), help="pixels per cell, finest map first"),
    "anchors": Option(
        [float(side) for side in ANCHORS["YOLOv5"]],
        help="width and height in pixels, three pairs per stride; for undecoded maps",
    ),
    "extra": Option(0, help="columns after the classes, such as coefficients of masks"),
}


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    columns = 5 + spec.classes + spec.options["extra"]
    for array in outputs.values():
        if len(array.shape) == 3 and array.shape[0] == 1 and array.shape[2] == columns:
            rows = array[0]
            break
    else:
        rows = _from_maps(ops, outputs, spec, columns)
    scores = rows[:, 5 : 5 + spec.classes] * rows[:, 4:5]
    boxes = fractions(ops, xyxy_from_cxcywh(ops, rows[:, 0:4]), spec)
    return best_class(ops, boxes, scores, spec.top)


def _from_maps(ops: Ops, outputs: Mapping[str, Array], spec: Spec, columns: int) -> Array:
    """Return the rows (n, columns) of undecoded maps, as decoding networks have them."""
    strides, sides = spec.options["strides"], spec.options["anchors"]
    if len(sides) != 2 * PER_CELL * len(strides):
        raise mismatch(outputs, f"[1, rows, {columns}], or maps of which each has three anchors")
    anchors = np.array(sides, np.float32).reshape(len(strides), PER_CELL, 1, 2)
    parts = []
    for stride, count, anchor in zip(strides, cell_counts(spec, strides), anchors, strict=True):
        found = [_as_rows(ops, array, count, columns) for array in outputs.values()]
        maps = [rows for rows in found if rows is not None]
        if len(maps) != 1:
            raise mismatch(
                outputs,
                f"[1, rows, {columns}], or a map [1, {PER_CELL}, height, width, {columns}] for "
                f"each of the strides {', '.join(map(str, strides))}",
            )
        rows = ops.sigmoid(maps[0])
        cell = ops.constant(cells(spec, [stride]).xy)
        centre = (rows[:, :, 0:2] * 2 - 0.5 + cell) * stride
        double = rows[:, :, 2:4] * 2
        size = double * double * ops.constant(anchor)
        decoded = ops.concat([centre, size, rows[:, :, 4:]], 2)
        parts.append(ops.reshape(decoded, [PER_CELL * count, columns]))
    return ops.concat(parts, 0)


def _as_rows(ops: Ops, array: Array, count: int, columns: int) -> Array | None:
    """Return a map of `count` cells as (anchors, cells, columns); None if it is not one."""
    shape = array.shape
    if len(shape) == 5 and (*shape[:2], shape[2] * shape[3], shape[4]) == (
        1, PER_CELL, count, columns,
    ):  # fmt: skip
        return ops.reshape(array, [PER_CELL, count, columns])
    if len(shape) == 4 and (*shape[:2], shape[2] * shape[3]) == (1, PER_CELL * columns, count):
        return ops.transpose(ops.reshape(array, [PER_CELL, columns, count]), [0, 2, 1])
    return None


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    picture = one_picture(graph)
    if picture is None or libreyolo.exported(graph):
        return []
    return _decoded(graph, picture) or _maps(graph, picture)


def _decoded(graph: Graph, picture: Picture) -> list[Reading]:
    """Return the reading of decoded rows; [] if no output has them."""
    masks = next((v.shape[1] for v in graph.outputs if len(v.shape) == 4), 0)
    if any(len(v.shape) == 3 and v.shape[2] == 4 for v in graph.outputs):
        return []  # boxes apart from scores: see `detr` and `ssd`
    extra = masks if graph.metadata.get("task") != "detect" and isinstance(masks, int) else 0
    for value in graph.outputs:
        if len(value.shape) != 3 or not isinstance(value.shape[2], int):
            continue
        rows, classes = value.shape[1], value.shape[2] - 5 - extra
        for strides in (STRIDES, (*STRIDES, 64)):
            size = size_for_rows(picture, rows, strides, PER_CELL)
            if size is not None and classes > 0:
                certain = isinstance(rows, int)
                why = f"{rows} rows, three for each cell" if certain else "rows of any number"
                return [
                    _reading(picture, size, classes, 0.95 if certain else 0.7, why, extra=extra)
                ]
    return []


def _maps(graph: Graph, picture: Picture) -> list[Reading]:
    """Return readings of undecoded maps: one for each set of published anchors."""
    if len(graph.outputs) != len(STRIDES):
        return []
    widths = {_width(value) for value in graph.outputs}
    width = widths.pop()
    if widths or width < 6:
        return []
    size = size_for_rows(picture, "", STRIDES)
    assert size is not None
    return [
        _reading(
            picture, size, width - 5, confidence, f"three maps of three anchors; {name}'s",
            anchors=[float(side) for side in ANCHORS[name]],
        )
        for name, confidence in (("YOLOv5", 0.6), ("YOLOv7", 0.5))
    ]  # fmt: skip


def _width(value: Value) -> int:
    """Return the number of columns per anchor of a map; 0 if it is not a map."""
    shape = value.shape
    if len(shape) == 5 and shape[1] == PER_CELL and isinstance(shape[4], int):
        return shape[4]
    if len(shape) == 4 and isinstance(shape[1], int) and shape[1] % PER_CELL == 0:
        return shape[1] // PER_CELL
    return 0


def _reading(
    picture: Picture,
    size: tuple[int, int],
    classes: int,
    confidence: float,
    why: str,
    **options: Any,
) -> Reading:
    return Reading(
        family="yolov5",
        input=InputSpec(*size, "letterbox"),
        open=OpenForm(
            picture.name,
            layout=picture.layout,
            dtype=picture.dtype,
            std=(255.0, 255.0, 255.0),
            options={name: value for name, value in options.items() if value},
        ),
        classes=classes,
        confidence=confidence,
        why=why,
        iou=0.45,
    )
