"""SSD as TensorFlow's object detection API exports it (Liu et al. 2016, arXiv 1512.02325).

Before suppression: ``raw_detection_boxes [1, N, 4]``, y1, x1, y2, x2 in 0..1 of the input, and
``raw_detection_scores [1, N, classes + 1]`` after sigmoid or softmax, the background first. Exports
of other tools have the same two outputs with other names, or with corners in x, y order.
"""

from __future__ import annotations

from collections.abc import Mapping

from obscura.cards.card import InputSpec, OpenForm
from obscura.families.common import anchors
from obscura.families.common.anchor_sets import SETS
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import (
    Picture,
    Reading,
    fed,
    may_be,
    one_picture,
    size_for_rows,
)
from obscura.families.common.rows import (
    Option,
    Rows,
    Spec,
    best_pairs,
    fractions,
    mismatch,
    names_boxes,
)
from obscura.graph.inspect import Graph, Value

OPTIONS = {
    "order": Option("yxyx", choices=("yxyx", "xyxy"), help="order of a box's corners"),
    "background": Option(
        default=True, choices=(True, False), help="column 0 of the scores is the background"
    ),
    "pixels": Option(
        default=False, choices=(False, True), help="boxes are in pixels of the input, not in 0..1"
    ),
}
ULTRAFACE = SETS["ultraface"]
FEW_ANCHORS = 1000
"""Up to this number, boxes are more likely those of queries: see `detr`."""

OTHER_FAMILIES = ("num_", "logits", "pred_boxes", "labels")
"""Parts of names of outputs that other families read."""


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    columns = spec.classes + (1 if spec.options["background"] else 0)
    three = {n: a for n, a in outputs.items() if len(a.shape) == 3 and a.shape[0] == 1}
    # Four columns of scores look like boxes, so names decide. TensorFlow's exports also have the
    # boxes after suppression, which are fewer.
    boxes = max(
        ((names_boxes(name), a.shape[1], a) for name, a in three.items() if a.shape[2] == 4),
        key=lambda found: found[:2],
        default=(False, 0, None),
    )[2]
    shape = (1, 0 if boxes is None else boxes.shape[1], columns)
    scores = next((a for a in three.values() if a is not boxes and a.shape == shape), None)
    if boxes is None or scores is None:
        raise mismatch(outputs, f"boxes [1, N, 4] and scores [1, N, {columns}]")
    boxes = boxes[0]
    if spec.options["order"] == "yxyx":
        boxes = ops.concat([boxes[:, 1:2], boxes[:, 0:1], boxes[:, 3:4], boxes[:, 2:3]], 1)
    if spec.options["pixels"]:
        boxes = fractions(ops, boxes, spec)
    first = columns - spec.classes
    return best_pairs(ops, boxes, scores[0][:, first:], spec.top)


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    picture = one_picture(graph)
    names = [value.name.lower() for value in graph.outputs]
    # Graphs with a count include suppression: see `end2end`. Logits are those of queries: `detr`.
    if picture is None or any(word in name for name in names for word in OTHER_FAMILIES):
        return []
    three = [value for value in graph.outputs if len(value.shape) == 3]
    boxes = [value for value in three if value.shape[2] == 4]
    named = [value for value in boxes if names_boxes(value.name)]
    boxes = named if len(boxes) > 1 and named else boxes  # four classes look like boxes
    scores = [value for value in three if value not in boxes[:1] and _is_columns(value)]
    if not boxes or len(scores) != 1 or len(graph.outputs) > 3:
        return []
    columns, rows = int(scores[0].shape[2]), boxes[0].shape[1]
    if not may_be(rows, scores[0].shape[1]):
        return []
    # One box per cell: decoded by the network, without anchors.
    dense = isinstance(rows, int) and size_for_rows(picture, rows, (8, 16, 32))
    if dense:
        return [_dense(picture, dense, columns)]
    faces = anchors.size_for(picture, rows, ULTRAFACE.strides, ULTRAFACE.each)
    if faces and columns == 2 and isinstance(rows, int) and "Exp" in graph.operators:
        return [_ultraface(picture, faces)]
    return _anchored(picture, boxes[0], columns, graph.operators)


def _ultraface(picture: Picture, size: tuple[int, int]) -> Reading:
    """Return the reading as Ultra-Light-Fast-Generic-Face-Detector-1MB, which decodes its boxes."""
    return Reading(
        family="ssd",
        input=InputSpec(*size, "stretch"),
        open=fed(
            picture, "rgb", ULTRAFACE.mean, ULTRAFACE.std,
            options={"order": "xyxy", "background": True},
        ),
        classes=1,
        confidence=0.9,
        why="boxes and two scores for each anchor of Ultraface",
        labels=("face",),
        threshold=0.7,
        iou=0.3,
    )  # fmt: skip


def _dense(picture: Picture, size: tuple[int, int], columns: int) -> Reading:
    """Return the reading as YOLO-NAS or PP-YOLOE, before suppression."""
    return Reading(
        family="ssd",
        input=InputSpec(*size, "letterbox"),
        open=OpenForm(
            picture.name, picture.layout, "rgb", picture.dtype, std=(255.0,) * 3,
            options={"order": "xyxy", "background": False, "pixels": True},
        ),
        classes=columns,
        confidence=0.75,
        why=f"a box and {columns} scores for each cell of strides 8, 16 and 32",
    )  # fmt: skip


def _anchored(
    picture: Picture, boxes: Value, columns: int, operators: frozenset[str]
) -> list[Reading]:
    """Return readings as SSD, with each order of corners, with and without background."""
    rows = boxes.shape[1]
    width, height = picture.width or 300, picture.height or 300
    tensorflow = picture.layout == "nhwc" or "detection" in boxes.name.lower()
    form = OpenForm(picture.name, picture.layout, "rgb", picture.dtype)
    if picture.dtype != "uint8":
        form = form._replace(mean=(127.5,) * 3, std=(127.5,) * 3)
    few = 0.3 if isinstance(rows, int) and rows <= FEW_ANCHORS else 0.0
    readings = []
    for order, background in (("yxyx", True), ("xyxy", True), ("xyxy", False)):
        likely = (order == "yxyx") == tensorflow
        confidence = (0.7 if likely else 0.3) - (0 if background else 0.15) - few
        # Offsets become boxes by an exponential: see `ssd_raw` for networks without one.
        confidence *= 1 if "Exp" in operators else 0.5
        # TensorFlow's own names are conclusive.
        certain = likely and boxes.name.lower().startswith("raw_detection_boxes")
        readings.append(
            Reading(
                family="ssd",
                input=InputSpec(width, height, "stretch"),
                open=form._replace(options={"order": order, "background": background}),
                classes=columns - background,
                confidence=max(0.9 if certain else confidence, 0.05),
                why=f"boxes and {columns} scores for each anchor, corners as {order}, "
                + ("the first score for the background" if background else "no background"),
                iou=0.6,  # as in TensorFlow's own configurations
            )
        )
    return readings


def _is_columns(value: Value) -> bool:
    """Whether the last axis of an output can be background and classes."""
    return isinstance(value.shape[2], int) and value.shape[2] > 1
