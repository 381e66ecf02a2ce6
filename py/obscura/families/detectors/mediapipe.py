"""MediaPipe's detectors: BlazeFace (Bazarevsky et al. 2019, arXiv 1907.05047) and palms.

Two outputs with a row for each anchor: numbers ``[1, N, 4 + 2 points]``, centre and size of the box
and x and y of each key point, all in pixels of the input, the centre and the points from the
anchor; and logits ``[1, N, 1]``. Some exports have two outputs for each map. Anchors are points in
the middle of cells, several per cell.

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
    cell_counts,
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
    counts = [
        cells * number for cells, number in zip(cell_counts(spec, strides), each, strict=True)
    ]
    widths = {a.shape[-1] for a in outputs.values() if len(a.shape) > 1 and _points(a.shape[-1])}
    found = anchors.table(ops, outputs, counts, widths.pop()) if len(widths) == 1 else None
    score = anchors.table(ops, outputs, counts, 1)
    if spec.classes != 1 or found is None or score is None:
        raise mismatch(
            outputs, f"[1, {count}, 4 + 2 points] and scores [1, {count}, 1], of one class"
        )
    shapes = [((1.0, 1.0),) * number for number in each]
    placed = anchors.place(spec, strides, shapes, whole=True)
    # The best ones first: all that follows is of these few.
    best, chosen = ops.top(ops.max(score, 1), spec.top)
    found, score = ops.take(found, chosen), ops.take(score, chosen)
    centre = ops.take(ops.constant(placed.centre * (spec.width, spec.height)), chosen)
    boxes = xyxy_from_cxcywh(ops, ops.concat([found[:, 0:2] + centre, found[:, 2:4]], 1))
    xy = ops.reshape(found[:, 4:], [-1, found.shape[1] // 2 - 2, 2])
    xy = xy + ops.reshape(centre, [-1, 1, 2])
    if spec.options["logits"]:
        best = ops.minimum(ops.maximum(best, ops.constant(-_LIMIT)), ops.constant(_LIMIT))
        best = ops.sigmoid(best)
    points = keypoints.fractions(ops, xy, spec)
    return Rows(fractions(ops, boxes, spec), best, ops.argmax(score, 1), points)


def _points(columns: int | str) -> int:
    """Return the number of key points in rows of N columns; 0 if they have none."""
    return columns // 2 - 2 if isinstance(columns, int) and columns > 4 and not columns % 2 else 0


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    picture = one_picture(graph)
    rows: dict[int, int] = {}
    for value in graph.outputs:
        count, columns = value.shape[1:] if len(value.shape) == 3 else (0, 0)
        if not isinstance(count, int) or not isinstance(columns, int):
            return []
        rows[columns] = rows.get(columns, 0) + count
    wide = max(rows, default=0)
    points = _points(wide)
    if picture is None or not points or rows.keys() != {1, wide} or rows[1] != rows[wide]:
        return []
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
        and rows[1] == anchors.count(Spec(kind.side, kind.side, 1, 1, {}), kind.strides, kind.each)
    ]  # fmt: skip
