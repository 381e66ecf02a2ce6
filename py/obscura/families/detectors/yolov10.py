"""YOLO without NMS: YOLOv10 (Wang et al. 2024, arXiv 2405.14458), YOLO26 and similar.

They are trained to return one box per object. One output ``[1, 300, 6]``: corners in pixels of the
input, score and class; networks that also segment have more columns, and those that find key points
x, y and mostly visibility of each. Or all rows, in the layout of `yolov8`: LibreYOLO exports YOLOv9
E2E like that.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from obscura.cards.card import InputSpec, OpenForm
from obscura.families.common import keypoints, libreyolo
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import Reading, one_picture, size_for_rows
from obscura.families.common.rows import Option, Rows, Spec, best_pairs, fractions, mismatch
from obscura.families.detectors.yolov8 import BOXES, STRIDES, candidates, dense
from obscura.graph.inspect import Graph

OPTIONS = {
    "extra": Option(0, help="columns after the class: coefficients of masks, or key points"),
    "points": keypoints.POINTS,
    "dense": Option(
        default=False, choices=(False, True), help="all rows, with a score for each class"
    ),
    "boxes": Option("xyxy", BOXES, "corners, or centre and size"),
}
MAX_ROWS = 1000
_USUAL_ROWS = 300


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    if spec.options["dense"]:
        boxes, scores, points = dense(ops, outputs, spec)
        return best_pairs(ops, boxes, scores, spec.top, points)
    columns = 6 + spec.options["extra"]
    for array in outputs.values():
        if len(array.shape) == 3 and array.shape[0] == 1 and array.shape[2] == columns:
            break
    else:
        raise mismatch(outputs, f"one output [1, N, {columns}]")
    rows = array[0]
    scores, order = ops.top(rows[:, 4], spec.top)
    rows = ops.take(rows, order)
    classes = ops.cast(rows[:, 5], np.int64)
    points = keypoints.from_columns(ops, rows[:, 6:], spec)
    return Rows(fractions(ops, rows[:, 0:4], spec), scores, classes, points)


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    if libreyolo.exported(graph):
        return libreyolo.readings(graph, "yolov10")
    picture = one_picture(graph)
    found = list(candidates(graph, picture)) if picture else []
    if picture is None or not found:
        return []
    columns, rows, transposed = found[0]
    extra = columns - 6
    size = size_for_rows(picture, "", STRIDES[0])
    assert size is not None
    if not transposed or extra < 0 or not isinstance(rows, int) or rows > MAX_ROWS:
        return []
    if extra and (graph.metadata.get("task") not in ("segment", "pose") or rows != _USUAL_ROWS):
        return []
    options = {"extra": extra}
    points, numbers = keypoints.stated(graph.metadata)
    if graph.metadata.get("task") == "pose" and points * numbers == extra:
        options["points"] = points
    return [
        Reading(
            "yolov10",
            InputSpec(*size, "letterbox"),
            OpenForm(
                picture.name,
                layout=picture.layout,
                dtype=picture.dtype,
                std=(255.0, 255.0, 255.0),
                options=options,
            ),
            0,
            0.9 if rows == _USUAL_ROWS else 0.6,
            f"{rows} finished rows of box, score and class",
        )
    ]
