"""RetinaFace (Deng et al. 2019, arXiv 1905.00641), as its port to PyTorch is exported: faces.

Three outputs with a row for each anchor: offsets of the box ``[1, N, 4]``, scores of background and
face ``[1, N, 2]``, and offsets of five key points ``[1, N, 10]``: eyes, nose and corners of the
mouth. Light networks of the same layout ("Slim", "RFB") have other anchors.
"""

from __future__ import annotations

from collections.abc import Mapping

from obscura.cards.card import InputSpec
from obscura.families.common import anchors, keypoints
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import Reading, fed, may_be, one_picture
from obscura.families.common.rows import Option, Rows, Spec, best_class, mismatch
from obscura.graph.inspect import Graph, Value

ANCHORS: dict[str, tuple[tuple[int, ...], tuple[float, ...], tuple[int, ...]]] = {
    "RetinaFace": ((8, 16, 32), (16, 32, 64, 128, 256, 512), (2, 2, 2)),
    "Slim and RFB": (
        (8, 16, 32, 64), (10, 16, 24, 32, 48, 64, 96, 128, 192, 256), (3, 2, 2, 3),
    ),
}  # fmt: skip
"""Strides, sides of the square anchors in pixels, and how many of these each stride has."""

_STRIDES, _SIZES, _EACH = ANCHORS["RetinaFace"]
OPTIONS = {
    "strides": Option(list(_STRIDES), help="pixels per cell, finest map first"),
    "sizes": Option([float(size) for size in _SIZES], help="sides of the anchors in pixels"),
    "each": Option(list(_EACH), help="number of sizes for each stride"),
    "softmax": Option(default=False, choices=(False, True), help="the scores lack their softmax"),
}
MEAN = (104.0, 117.0, 123.0)  # blue, green, red
_BOX, _SCORES, _POINTS = 4, 2, 10


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    strides, each = spec.options["strides"], spec.options["each"]
    sizes = anchors.grouped(spec.options["sizes"], each)
    rows = anchors.count(spec, strides, each)
    found = {
        columns: array[0]
        for columns in (_BOX, _SCORES, _POINTS)
        for array in outputs.values()
        if tuple(array.shape) == (1, rows, columns)
    }
    if spec.classes != 1 or not {_BOX, _SCORES} <= found.keys():
        raise mismatch(outputs, f"[1, {rows}, 4], [1, {rows}, 2] and [1, {rows}, 10], of one class")
    placed = anchors.place(spec, strides, anchors.squares(spec, sizes))
    scores = ops.softmax(found[_SCORES], 1) if spec.options["softmax"] else found[_SCORES]
    points = None
    if _POINTS in found:
        points = keypoints.scored(ops, anchors.points(ops, found[_POINTS], placed))
    boxes = anchors.boxes(ops, found[_BOX], placed)
    return best_class(ops, boxes, scores[:, 1:2], spec.top, points)


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    picture = one_picture(graph)
    outputs = {_columns(value): value for value in graph.outputs}
    if picture is None or outputs.keys() != {_BOX, _SCORES, _POINTS} or len(graph.outputs) != 3:
        return []
    rows = outputs[_BOX].shape[1]
    if not all(may_be(rows, value.shape[1]) for value in graph.outputs):
        return []
    readings = []
    for name, (strides, sizes, each) in ANCHORS.items():
        size = anchors.size_for(picture, rows, strides, each)
        if size is None:
            continue
        usual = name == "RetinaFace"
        options = {"strides": list(strides), "sizes": [float(s) for s in sizes], "each": list(each)}
        readings.append(
            Reading(
                "retinaface",
                InputSpec(*size, "letterbox-corner"),
                fed(
                    picture, "bgr", MEAN, (1.0,) * 3, pad=0,
                    options=({} if usual else options) | {"softmax": not _scored(graph)},
                ),
                1,
                0.95 if isinstance(rows, int) or usual else 0.5,
                f"offsets, scores and five points for each anchor of {name}",
                labels=("face",),
                threshold=0.6,
                iou=0.4,
            )
        )  # fmt: skip
    return readings


def _scored(graph: Graph) -> bool:
    """Whether the network itself makes probabilities of its scores."""
    return "Softmax" in graph.operators


def _columns(value: Value) -> int:
    """Return the number of columns of ``[1, N, columns]``; 0 for another shape."""
    last = value.shape[-1] if len(value.shape) == 3 else 0
    return last if isinstance(last, int) else 0
