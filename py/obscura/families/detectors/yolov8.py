"""YOLOv8, YOLOv9, YOLO11 and similar: one row per cell, decoded boxes, no objectness.

One output ``[1, 4 + classes, N]`` or, transposed, ``[1, N, 4 + classes]``: the box in pixels of the
input and class scores after the sigmoid. Networks that also segment have more columns, which are
ignored; those that find key points have x, y and mostly visibility of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from obscura.cards.card import InputSpec, OpenForm
from obscura.families.common import keypoints, libreyolo
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import (
    USUAL_CLASSES,
    Picture,
    Reading,
    one_picture,
    size_for_rows,
)
from obscura.families.common.rows import (
    Option,
    Rows,
    Spec,
    best,
    fractions,
    mismatch,
    xyxy_from_cxcywh,
)
from obscura.graph.inspect import Graph

STRIDES = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32))
_SINGLE_STRIDES = (8, 16, 32, 4)  # of small heads with one map
BOXES = ("cxcywh", "xyxy")
_BODY_COLUMNS = keypoints.COCO_BODY[0] * keypoints.COCO_BODY[1]
OPTIONS = {
    "boxes": Option("cxcywh", BOXES, "centre and size, or corners"),
    "extra": Option(0, help="columns after the classes: coefficients of masks, or key points"),
    "points": keypoints.POINTS,
    # Improves average precision, but shows one object with two names.
    "many": Option(default=False, choices=(False, True), help="a box can have several classes"),
}


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    boxes, scores, points = dense(ops, outputs, spec)
    spec = spec._replace(many=spec.many or spec.options["many"])
    return best(ops, boxes, scores, spec, points)


def dense(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> tuple[Array, Array, Array | None]:
    """Return boxes, (n, 4) xyxy in 0..1 of the input; scores, (n, classes); and key points."""
    columns = 4 + spec.classes + spec.options["extra"]
    for array in outputs.values():
        if len(array.shape) != 3 or array.shape[0] != 1:
            continue
        if array.shape[1] == columns:
            rows = ops.transpose(array[0], [1, 0])
            break
        if array.shape[2] == columns:
            rows = array[0]
            break
    else:
        raise mismatch(outputs, f"one output [1, {columns}, N]")
    boxes = rows[:, 0:4]
    if spec.options["boxes"] == "cxcywh":
        boxes = xyxy_from_cxcywh(ops, boxes)
    points = keypoints.from_columns(ops, rows[:, 4 + spec.classes :], spec)
    return fractions(ops, boxes, spec), rows[:, 4 : 4 + spec.classes], points


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    if libreyolo.exported(graph):
        return libreyolo.readings(graph, "yolov8")
    picture = one_picture(graph)
    if picture is None:
        return []
    return [
        reading
        for columns, rows, transposed in candidates(graph, picture)
        for reading in _readings(graph, picture, columns, rows, transposed=transposed)
    ]


def candidates(graph: Graph, picture: Picture) -> Iterator[tuple[int, int | str, bool]]:
    """Yield numbers of columns and rows, and whether they are transposed, of outputs that `dense`
    may be able to read.

    The number of cells tells rows from columns, because there can be more classes than cells: LVIS
    has 1,203. If it does not, the larger number is that of the rows.
    """
    boxes = [value.shape for value in graph.outputs if len(value.shape) == 3]
    if len(boxes) != 1 or len(graph.outputs) > 2:
        return
    if any(len(value.shape) < 3 for value in graph.outputs):
        return  # labels or scores of finished rows: see `end2end`
    _, first, second = boxes[0]
    if isinstance(first, int) and (
        not isinstance(second, int) or _columns_first(picture, first, second)
    ):
        yield first, second, False
    elif isinstance(second, int):
        yield second, first, True


def _columns_first(picture: Picture, first: int, second: int) -> bool:
    """Return which of two sizes is the number of columns: whether it is the first."""
    fits = [
        any(size_for_rows(picture, rows, strides) for strides in STRIDES)
        for rows in (first, second)
    ]
    return fits[1] if fits[0] != fits[1] else first < second


def _readings(
    graph: Graph, picture: Picture, columns: int, rows: int | str, *, transposed: bool
) -> Iterator[Reading]:
    size, share_of_size = _size(graph, picture, rows)
    if size is None:
        return
    for extra, points, share in _extras(graph, columns):
        classes = columns - 4 - extra
        if classes < 1:
            continue
        # Transposed, rows look like those of YOLOX and others, but a common number of classes is
        # evidence for this family, and so is the name that its exporter gives.
        named = any(value.name == "output0" for value in graph.outputs)
        unusual = 0.7 if named else 0.45
        sure = 0.9 if not transposed else 0.8 if classes in USUAL_CLASSES else unusual
        sure *= share_of_size * share
        why = f"{rows or 'any number of'} rows of a box and {classes} scores"
        why += f" and {points} key points" if points else ""
        options: dict[str, str | int] = {"boxes": "cxcywh", "extra": extra}
        options |= {"points": points} if points else {}
        form = OpenForm(
            picture.name, layout=picture.layout, dtype=picture.dtype, std=(255.0, 255.0, 255.0),
            options=options,
        )  # fmt: skip
        usual = Reading("yolov8", InputSpec(*size, "letterbox"), form, classes, sure, why)
        yield usual
        if "names" not in graph.metadata:  # exports with names have centres
            corners = form._replace(options=options | {"boxes": "xyxy"})
            yield usual._replace(
                open=corners, confidence=sure / 3, why=f"{why}, the box by its corners"
            )


def _size(graph: Graph, picture: Picture, rows: int | str) -> tuple[tuple[int, int] | None, float]:
    """Infer the input size from the number of rows; also return a confidence factor."""
    for strides in STRIDES:
        size = size_for_rows(picture, rows, strides)
        if size is not None:
            return size, 1.0
    if graph.metadata.get("task") and picture.width and picture.height:
        return (
            picture.width,
            picture.height,
        ), 1.0  # a head with other strides, according to its metadata
    for stride in _SINGLE_STRIDES:
        size = size_for_rows(picture, rows, [stride])
        if size is not None:
            return size, 0.7
    return None, 0.0


def _extras(graph: Graph, columns: int) -> Iterator[tuple[int, int, float]]:
    """Yield possible numbers of columns after the classes and of the key points in them, each with
    a confidence factor."""
    task = graph.metadata.get("task", "")
    masks = next((value.shape[1] for value in graph.outputs if len(value.shape) == 4), 0)
    if task != "detect" and isinstance(masks, int) and masks:
        yield masks, 0, 1.0
    elif task == "pose":
        points, numbers = keypoints.stated(graph.metadata)
        yield points * numbers, points, 1.0
    elif not task and columns == 5 + _BODY_COLUMNS:
        yield _BODY_COLUMNS, keypoints.COCO_BODY[0], 0.8
        yield 0, 0, 0.4
    else:
        yield 0, 0, 1.0
