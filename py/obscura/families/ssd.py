"""SSD as TensorFlow's object detection API exports it (Liu et al. 2016, arXiv 1512.02325).

Before suppression: ``raw_detection_boxes [1, N, 4]``, y1, x1, y2, x2 in 0..1 of the input, and
``raw_detection_scores [1, N, classes + 1]`` after sigmoid or softmax, the background first. Exports
of other tools have the same two tensors under other names, or corners in x, y order.
"""

from __future__ import annotations

from collections.abc import Mapping

from obscura.card import InputSpec, OpenForm
from obscura.families.ops import Array, Ops
from obscura.families.reading import Reading, one_picture
from obscura.families.rows import Option, Rows, Spec, best_pairs, mismatch
from obscura.graph.inspect import Graph, Value

OPTIONS = {
    "order": Option("yxyx", among=("yxyx", "xyxy"), help="how a box lists its corners"),
    "background": Option(usual=True, among=(True, False), help="column 0 of the scores is none"),
    "pixels": Option(
        usual=False, among=(False, True), help="boxes are in pixels of the input, not in 0..1"
    ),
}
FEW = 1000
"""So few boxes are queries rather than anchors: see `detr`."""


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `obscura.families.read`."""
    columns = spec.classes + (1 if spec.options["background"] else 0)
    three = [array for array in outputs.values() if len(array.shape) == 3 and array.shape[0] == 1]
    # TensorFlow's exports also have the boxes after suppression, which are fewer.
    boxes = max((a for a in three if a.shape[2] == 4), key=lambda a: a.shape[1], default=None)
    scores = next(
        (
            a
            for a in three
            if a is not boxes and boxes is not None and a.shape[1:] == (boxes.shape[1], columns)
        ),
        None,
    )
    if boxes is None or scores is None:
        raise mismatch(outputs, f"boxes [1, N, 4] and scores [1, N, {columns}]")
    boxes = boxes[0]
    if spec.options["order"] == "yxyx":
        boxes = ops.concat([boxes[:, 1:2], boxes[:, 0:1], boxes[:, 3:4], boxes[:, 2:3]], 1)
    if spec.options["pixels"]:
        boxes = boxes / ops.constant([spec.width, spec.height] * 2)
    first = columns - spec.classes
    return best_pairs(ops, boxes, scores[0][:, first:], spec.top)


def recognise(graph: Graph) -> list[Reading]:
    """See `obscura.families.reading`."""
    picture = one_picture(graph)
    if picture is None or any("num_detections" in value.name for value in graph.outputs):
        return []  # with counts, the graph suppresses by itself: see `end2end`
    three = [value for value in graph.outputs if len(value.shape) == 3]
    boxes = [value for value in three if value.shape[2] == 4]
    scores = [value for value in three if value not in boxes and _is_columns(value)]
    if len(boxes) != 1 or len(scores) != 1 or len(graph.outputs) > 3:
        return []
    columns, rows = int(scores[0].shape[2]), boxes[0].shape[1]
    width, height = picture.width or 300, picture.height or 300
    tensorflow = picture.layout == "nhwc" or "detection" in boxes[0].name.lower()
    form = OpenForm(picture.name, picture.layout, "rgb", picture.dtype)
    if picture.dtype != "uint8":
        form = form._replace(mean=(127.5,) * 3, std=(127.5,) * 3)
    readings = []
    for order, background in (("yxyx", True), ("xyxy", True), ("xyxy", False)):
        likely = (order == "yxyx") == tensorflow
        readings.append(
            Reading(
                family="ssd",
                input=InputSpec(width, height, "stretch"),
                open=form._replace(options={"order": order, "background": background}),
                classes=columns - background,
                confidence=(0.7 if likely else 0.3)
                - (0 if background else 0.15)
                - (0.3 if isinstance(rows, int) and rows <= FEW else 0),
                why=f"boxes and {columns} scores for each anchor, corners as {order}, "
                + ("the first score for the background" if background else "no background"),
            )
        )
    return readings


def _is_columns(value: Value) -> bool:
    return isinstance(value.shape[2], int) and value.shape[2] > 1
