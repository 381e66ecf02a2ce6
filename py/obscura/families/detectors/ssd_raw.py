"""SSD before its boxes are decoded (Liu et al. 2016, arXiv 1512.02325), and Ultraface.

Two outputs with a row for each anchor: offsets ``[1, N, 4]`` and scores ``[1, N, 1 + classes]``,
the background first. Networks that decode their boxes are read by `ssd`. The anchors are not in the
file, so those of published networks are known here:

- ``tensorflow``: TensorFlow's object detection API, six maps, scales 0.2 to 0.95; y before x
- ``ssd300`` and ``ssd300-coco``: the paper's, for PASCAL VOC and for COCO
- ``ultraface``: Ultra-Light-Fast-Generic-Face-Detector-1MB (https://github.com/Linzaer)
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from obscura.cards.card import InputSpec
from obscura.families.common import anchors
from obscura.families.common.anchor_sets import SETS
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import Picture, Reading, fed, may_be, one_picture
from obscura.families.common.rows import Option, Rows, Spec, best_pairs, mismatch
from obscura.graph.inspect import Graph, Value

OPTIONS = {
    "anchors": Option("tensorflow", tuple(SETS), "whose anchors"),
    "scores": Option("none", ("none", "sigmoid", "softmax"), "what the scores lack"),
}
_BOX_NAMES = ("box", "loc", "enc", "reg")


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    chosen = SETS[spec.options["anchors"]]
    rows, columns = anchors.count(spec, chosen.strides, chosen.each), spec.classes + 1
    tables = {
        name: ops.reshape(array, [rows, array.shape[-1]])
        for name, array in outputs.items()
        # Older exports of TensorFlow have an axis of one before the last.
        if len(array.shape) >= 3 and tuple(array.shape[:-1]) in ((1, rows), (1, rows, 1))
    }
    # With three classes both have four columns, so names decide, and after these the order.
    found = [name for name, table in tables.items() if table.shape[1] == 4]
    box = next((name for name in found if _names_boxes(name)), next(iter(found), None))
    scores = next(
        (table for name, table in tables.items() if name != box and table.shape[1] == columns), None
    )
    if box is None or scores is None:
        raise mismatch(outputs, f"offsets [1, {rows}, 4] and scores [1, {rows}, {columns}]")
    offsets = tables[box]
    if spec.options["anchors"] == "tensorflow":
        offsets = ops.concat(
            [offsets[:, 1:2], offsets[:, 0:1], offsets[:, 3:4], offsets[:, 2:3]], 1
        )
    if spec.options["scores"] == "softmax":
        scores = ops.softmax(scores, 1)
    elif spec.options["scores"] == "sigmoid":
        scores = ops.sigmoid(scores)
    placed = anchors.place(spec, chosen.strides, chosen.shapes(spec), whole=chosen.whole)
    if chosen.clip:
        placed = anchors.Anchors(*(np.clip(part, 0, 1) for part in placed))
    return best_pairs(ops, anchors.boxes(ops, offsets, placed), scores[:, 1:], spec.top)


def _names_boxes(name: str) -> bool:
    return any(part in name.lower() for part in _BOX_NAMES)


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    picture = one_picture(graph)
    # Decoding takes an exponential, which no other part of these networks does.
    if picture is None or "Exp" in graph.operators or len(graph.outputs) not in (2, 3):
        return []
    tables = [value for value in graph.outputs if _is_table(value)]
    boxes = [value for value in tables if value.shape[-1] == 4]
    boxes = [value for value in boxes if _names_boxes(value.name)] or boxes
    if len(tables) != 2 or not boxes or boxes[0].name.lower().startswith("raw_detection"):
        return []
    scores = [value for value in tables if value is not boxes[0]]
    rows, columns = boxes[0].shape[1], scores[0].shape[-1]
    if not isinstance(columns, int) or columns < 2 or not may_be(rows, scores[0].shape[1]):
        return []
    return [
        reading
        for name in SETS
        if (reading := _reading(graph, picture, name, rows, columns - 1)) is not None
    ]


def _reading(
    graph: Graph, picture: Picture, name: str, rows: int | str, classes: int
) -> Reading | None:
    """Return the reading with one set of anchors; None if their number is not that of the rows."""
    chosen = SETS[name]
    size = anchors.size_for(picture, rows, chosen.strides, chosen.each)
    if size is None or not isinstance(rows, int):
        return None
    # VOC's and COCO's anchors are as many.
    other_set = name in ("ssd300", "ssd300-coco") and (name == "ssd300") != (classes == 20)
    missing = "softmax" if name != "tensorflow" else "sigmoid"
    done = {"softmax": "Softmax", "sigmoid": "Sigmoid"}[missing] in graph.operators
    return Reading(
        "ssd_raw",
        InputSpec(*size, "stretch"),
        fed(
            picture, "rgb", chosen.mean, chosen.std,
            options={"anchors": name, "scores": "none" if done else missing},
        ),
        classes,
        0.5 if other_set else 0.85,
        f"offsets and {classes + 1} scores for each of {rows} anchors, as {name} has them",
        labels=("face",) if name == "ultraface" and classes == 1 else (),
        threshold=0.7 if name == "ultraface" else 0.4,
        iou=0.3 if name == "ultraface" else 0.5,
    )  # fmt: skip


def _is_table(value: Value) -> bool:
    """Whether an output is ``[1, N, columns]`` or ``[1, N, 1, columns]``."""
    shape = value.shape
    return len(shape) == 3 or (len(shape) == 4 and shape[2] == 1)
