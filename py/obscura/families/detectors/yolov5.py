"""YOLOv5 and YOLOv7 (Wang et al. 2022, arXiv 2207.02696): three anchors per cell.

Usually one output ``[1, 3 cells, 5 + classes]``: centre and size in pixels of the input, objectness
and class scores, all after the sigmoid. Otherwise the maps of the last convolutions, one for each
stride, ``[1, 3, height, width, 5 + classes]`` or ``[1, 3 (5 + classes), height, width]``, where

    centre = (2 sigmoid(xy) - 0.5 + cell) stride,  size = (2 sigmoid(wh))^2 anchor

Networks that find key points have more columns: YOLOv5-face x and y of five points before the score
of its class, in maps as shares of the anchor from the cell's corner; YOLOv7-face and -pose x, y and
score of each after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from obscura.cards.card import InputSpec, OpenForm
from obscura.families.common import keypoints, libreyolo
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import Picture, Reading, one_picture, size_for_rows
from obscura.families.common.rows import (
    Option,
    Rows,
    Spec,
    best,
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

FACE_ANCHORS = (4, 5, 8, 10, 13, 16, 23, 29, 43, 55, 73, 105, 146, 217, 231, 300, 335, 433)
"""The same of YOLOv5-face."""

_FACE_COLUMNS = 11  # five points, and the score of the class
WITH_POINTS: tuple[tuple[str, str, int, dict[str, Any]], ...] = (
    ("YOLOv5-face", "face", _FACE_COLUMNS, {"points": 5, "extra": 10, "extra_first": True}),
    ("YOLOv7-face", "face", 16, {"points": 5, "extra": 15}),
    ("YOLOv7-pose", "person", 52, {"points": 17, "extra": 51}),
)
"""Published networks that find key points: what they find, their columns after objectness, options.
"""

OPTIONS = {
    "strides": Option(list(STRIDES), help="pixels per cell, finest map first"),
    "anchors": Option(
        [float(side) for side in ANCHORS["YOLOv5"]],
        help="width and height in pixels, three pairs per stride; for undecoded maps",
    ),
    "extra": Option(0, help="columns beside the classes: coefficients of masks, or key points"),
    "points": keypoints.POINTS,
    "extra_first": Option(
        default=False, choices=(False, True), help="these columns come before the classes"
    ),
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
    extra, classes = _columns(spec)
    scores = rows[:, classes] * rows[:, 4:5]
    boxes = fractions(ops, xyxy_from_cxcywh(ops, rows[:, 0:4]), spec)
    points = keypoints.from_columns(ops, rows[:, extra], spec)
    return best(ops, boxes, scores, spec, points)


def _columns(spec: Spec) -> tuple[slice, slice]:
    """Return the columns of masks or key points, and those of the classes."""
    extra, classes = spec.options["extra"], spec.classes
    if spec.options["extra_first"]:
        return slice(5, 5 + extra), slice(5 + extra, 5 + extra + classes)
    return slice(5 + classes, 5 + classes + extra), slice(5, 5 + classes)


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
        sides_of = ops.constant(anchor)
        centre = (rows[:, :, 0:2] * 2 - 0.5 + cell) * stride
        double = rows[:, :, 2:4] * 2
        extra, classes = _columns(spec)
        others = [rows[:, :, extra], rows[:, :, classes]]
        if spec.options["points"] and spec.options["extra_first"]:
            others[0] = _points(ops, maps[0][:, :, extra], cell * stride, sides_of)
        order = others if spec.options["extra_first"] else others[::-1]
        decoded = ops.concat([centre, double * double * sides_of, rows[:, :, 4:5], *order], 2)
        parts.append(ops.reshape(decoded, [PER_CELL * count, columns]))
    return ops.concat(parts, 0)


def _points(ops: Ops, columns: Array, corner: Array, anchor: Array) -> Array:
    """Return YOLOv5-face's points of one map, (anchors, cells, 2 points), in pixels of the input.

    Args:
        columns: of the same shape, in sizes of the anchor from the cell's corner.
        corner: (cells, 2), the upper left corner of each cell, in pixels.
        anchor: (anchors, 1, 2), its size in pixels.
    """
    pairs = [
        columns[:, :, start : start + 2] * anchor + corner
        for start in range(0, columns.shape[2] - 1, 2)
    ]
    return ops.concat(pairs, 2)


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
                return _with_points(
                    _reading(picture, size, classes, 0.95 if certain else 0.7, why, extra=extra)
                )
    return []


def _with_points(plain: Reading) -> list[Reading]:
    """Return a reading, and one with key points if there are as many columns as those have.

    Sixteen columns are as likely eleven classes as a face with five points.
    """
    for title, label, columns, options in WITH_POINTS:
        if plain.classes == columns and not plain.open.options.get("extra"):
            with_points = plain._replace(
                open=plain.open._replace(options=dict(plain.open.options) | options),
                classes=1,
                confidence=min(plain.confidence, 0.79),
                why=f"{plain.why}, each with key points as {title} has them",
                labels=(label,),
            )
            return [with_points, plain._replace(confidence=min(plain.confidence, 0.77))]
    return [plain]


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
    readings = [
        _reading(
            picture, size, width - 5, confidence, f"three maps of three anchors; {name}'s",
            anchors=[float(side) for side in ANCHORS[name]],
        )
        for name, confidence in (("YOLOv5", 0.6), ("YOLOv7", 0.5))
    ]  # fmt: skip
    if width - 5 != _FACE_COLUMNS:  # YOLOv7's points in maps are read by nobody
        return readings
    faces = [float(side) for side in FACE_ANCHORS]
    face = _with_points(readings[0])[0]
    face = face._replace(open=face.open._replace(options={**face.open.options, "anchors": faces}))
    return [face, *readings]


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
