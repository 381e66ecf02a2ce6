"""MediaPipe's detectors: BlazeFace (Bazarevsky et al. 2019, arXiv 1907.05047) and palms.

Two outputs with a row for each anchor: numbers ``[1, N, 4 + 2 points]``, centre and size of the box
and x and y of each key point, all in pixels of the input, the centre and the points from the
anchor; and logits ``[1, N, 1]``. Anchors are points in the middle of cells, several per cell.

MediaPipe averages boxes that overlap, weighted by their scores; here the best one is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from obscura.cards.card import InputSpec
from obscura.families.common import anchors, keypoints
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import Reading, fed, one_picture
from obscura.families.common.rows import (
    Option,
    Rows,
    Spec,
    best_class,
    fractions,
    mismatch,
    xyxy_from_cxcywh,
)
from obscura.graph.inspect import Graph

OPTIONS = {
    "strides": Option([8, 16], help="pixels per cell, finest map first"),
    "each": Option([2, 6], help="anchors in a cell, for each stride"),
    "logits": Option(default=True, choices=(True, False), help="the scores lack their sigmoid"),
}
_LIMIT = 80.0  # MediaPipe clips logits to 100, whose exponential no float32 holds


class _Kind(NamedTuple):
    """A published network."""

    title: str
    label: str
    points: int
    side: int  # of its input, in pixels
    strides: tuple[int, ...]
    each: tuple[int, ...]
    mean: float = 127.5  # subtracted of a pixel
    std: float = 127.5


KINDS = (
    _Kind("BlazeFace, short range", "face", 6, 128, (8, 16), (2, 6)),
    _Kind("BlazeFace, full range", "face", 6, 192, (4,), (1,)),
    _Kind("BlazeFace, back camera", "face", 6, 256, (16, 32), (2, 6)),
    _Kind("palm detection", "palm", 7, 192, (8, 16), (2, 6), mean=0.0, std=255.0),
    _Kind("palm detection of 2019", "palm", 7, 256, (8, 16, 32), (2, 2, 6)),
)


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    strides, each = spec.options["strides"], spec.options["each"]
    count = anchors.count(spec, strides, each)
    tables = [array for array in outputs.values() if tuple(array.shape[:2]) == (1, count)]
    numbers = [table[0] for table in tables if len(table.shape) == 3 and _points(table.shape[2])]
    scores = [table[0] for table in tables if tuple(table.shape[2:]) == (1,)]
    if spec.classes != 1 or len(numbers) != 1 or len(scores) != 1:
        raise mismatch(
            outputs, f"[1, {count}, 4 + 2 points] and scores [1, {count}, 1], of one class"
        )
    shapes = [((1.0, 1.0),) * number for number in each]
    placed = anchors.place(spec, strides, shapes, whole=True)
    centre = ops.constant(placed.centre * (spec.width, spec.height))
    found = numbers[0]
    boxes = xyxy_from_cxcywh(ops, ops.concat([found[:, 0:2] + centre, found[:, 2:4]], 1))
    xy = ops.reshape(found[:, 4:], [-1, found.shape[1] // 2 - 2, 2])
    xy = xy + ops.reshape(centre, [-1, 1, 2])
    score = scores[0]
    if spec.options["logits"]:
        score = ops.minimum(ops.maximum(score, ops.constant(-_LIMIT)), ops.constant(_LIMIT))
        score = ops.sigmoid(score)
    points = keypoints.fractions(ops, xy, spec)
    return best_class(ops, fractions(ops, boxes, spec), score, spec.top, points)


def _points(columns: int | str) -> int:
    """Return the number of key points in rows of so many columns; 0 if they are none such."""
    return columns // 2 - 2 if isinstance(columns, int) and columns > 4 and not columns % 2 else 0


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    picture = one_picture(graph)
    shapes = sorted((value.shape for value in graph.outputs), key=lambda shape: str(shape[-1:]))
    if picture is None or len(shapes) != 2 or {len(shape) for shape in shapes} != {3}:
        return []
    points = sum(_points(shape[2]) for shape in shapes)
    if not points or 1 not in (shapes[0][2], shapes[1][2]) or shapes[0][1] != shapes[1][1]:
        return []
    rows = shapes[0][1]
    return [
        Reading(
            "mediapipe",
            InputSpec(kind.side, kind.side, "letterbox"),
            fed(
                picture, "rgb", (kind.mean,) * 3, (kind.std,) * 3, pad=0,
                options={"strides": list(kind.strides), "each": list(kind.each)}
                | {"logits": "Sigmoid" not in graph.operators},
            ),
            1,
            0.95,
            f"a box, {points} points and a score for each anchor of {kind.title}",
            labels=(kind.label,),
            threshold=0.5,
            iou=0.3,
        )
        for kind in KINDS
        if kind.points == points
        and {picture.width, picture.height} <= {0, kind.side}
        and rows == anchors.count(Spec(kind.side, kind.side, 1, 1, {}), kind.strides, kind.each)
    ]  # fmt: skip
