"""Networks with built-in suppression, whose outputs are final boxes.

The known layouts, under any names; n may change from run to run, and a batch of one may lead:

- boxes ``[n, 4]``, scores ``[n]``, classes ``[n]``, and perhaps a count of the rows that hold:
  TensorFlow's ``detection_*``, TFLite's post-processing, torchvision, TensorRT's ``num_dets``
- ``dets [n, 5]`` (box, score) and ``labels [n]``: MMDetection
- ``[n, 6]`` (class, score, box) and a count: PaddleDetection
- ``[n, 7]`` (picture, box, class, score): YOLOv7
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

import numpy as np

from obscura.cards.card import Feed, InputSpec, OpenForm
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Picture,
    Reading,
    as_picture,
    paddle_feeds,
)
from obscura.families.common.rows import fractions, mismatch
from obscura.families.protocol import Option, Rows, Spec
from obscura.graph.inspect import Graph, Value

ROLES = ("boxes", "classes", "scores", "count")  # the order of TFLite's, whose names say nothing
OPTIONS = {
    "order": Option("xyxy", among=("xyxy", "yxyx"), help="how a box lists its corners"),
    "pixels": Option(
        usual=True, among=(True, False), help="boxes are in pixels of the input, not in 0..1"
    ),
    "first": Option(0, among=(0, 1), help="the number of the first class"),
    **{role: Option("", help=f"name of the output with the {role}") for role in ROLES},
}
COLUMNS: dict[int, set[str]] = {4: {"scores", "classes"}, 5: {"classes"}, 6: set(), 7: set()}
"""Columns that the rows with the boxes may have, and what must then stand elsewhere."""

TELLING = (
    {"detection_boxes", "detection_classes", "detection_scores"},
    {"num_dets", "det_boxes"},
    {"boxes", "labels", "scores"},
)
"""Names that leave no doubt about who exported the network, and how."""

MOST_OUTPUTS = 8
WORDS = {
    "scores": ("score", "conf", "prob"),
    "classes": ("class", "label", "categor", "cls"),
    "count": ("num", "count", "valid"),
}


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    boxes, scores, classes = _parts(ops, outputs, spec)
    if spec.options["order"] == "yxyx":
        boxes = ops.concat([boxes[:, 1:2], boxes[:, 0:1], boxes[:, 3:4], boxes[:, 2:3]], 1)
    if spec.options["pixels"]:
        boxes = fractions(ops, boxes, spec)
    classes = ops.cast(classes, np.int64) - ops.constant(spec.options["first"], np.int64)
    # Rows that hold nothing may name any class: 1 where a score is above 0, however little.
    held = ops.minimum(ops.maximum(scores, ops.constant(0)) * ops.constant(1e30), ops.constant(1))
    classes = classes * ops.cast(held, np.int64)
    best, index = ops.top(scores, spec.top)
    return Rows(ops.take(boxes, index), best, ops.take(classes, index))


def _parts(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> tuple[Array, Array, Array]:
    """Boxes (n, 4), scores (n,) and classes (n,) as they stand in the outputs."""
    error = mismatch(outputs, "boxes [n, 4], scores [n] and classes [n], or rows of 5 to 7")
    named = {role: spec.options[role] for role in ROLES if spec.options[role]}
    if not named:
        values = [Value(n, str(a.dtype), tuple(a.shape)) for n, a in outputs.items()]
        named = next(roles(values), {})
    if "boxes" not in named or not set(named.values()) <= outputs.keys():
        raise error
    rows = outputs[named["boxes"]]
    columns = rows.shape[-1] if len(rows.shape) in (2, 3) else 0
    if columns not in COLUMNS or not COLUMNS[columns] <= named.keys():
        raise error
    rows = ops.reshape(rows, [-1, columns])
    flat = {role: ops.reshape(outputs[name], [-1]) for role, name in named.items()}
    if columns == 4:
        parts = rows, flat["scores"], flat["classes"]
    elif columns == 5:
        parts = rows[:, 0:4], rows[:, 4], flat["classes"]
    elif columns == 6:
        parts = rows[:, 2:6], rows[:, 1], rows[:, 0]
    else:
        parts = rows[:, 1:5], rows[:, 6], rows[:, 5]
    boxes, scores, classes = parts
    if len({part.shape[0] for part in parts}) > 1:
        raise error
    if "count" in named:
        # Rows beyond the count are undefined.
        scores = ops.keep_first(scores, ops.cast(flat["count"], np.int64))
    return boxes, scores, classes


def roles(outputs: Sequence[Value]) -> Iterator[dict[str, str]]:
    """Yield the ways to tell boxes, scores, classes and count apart, the likeliest first."""
    if len(outputs) > MOST_OUTPUTS:
        return
    boxes = [v for v in outputs if len(v.shape) in (2, 3) and _row_length(v) in COLUMNS]
    # [n, 4] may also be [1, 4] scores of a batch; boxes have more dimensions than what they have.
    rank = max((len(value.shape) for value in boxes), default=0)
    boxes = [value for value in boxes if len(value.shape) == rank]
    if len(boxes) != 1:
        boxes = [value for value in boxes if "raw" not in value.name.lower()]
    if len(boxes) != 1:
        boxes = [value for value in boxes if "box" in value.name.lower()]
    if len(boxes) != 1:
        return
    others = [v for v in outputs if v is not boxes[0] and len(v.shape) < rank]
    wanted = [role for role in ROLES if role in COLUMNS[_row_length(boxes[0])]]
    every = [*wanted, "count"] if len(others) > len(wanted) else wanted
    found = []
    for order in permutations(others, len(every)):
        clues = [_clue(role, value) for role, value in zip(every, order, strict=True)]
        if min(clues, default=0) >= 0:
            pairs = {role: value.name for role, value in zip(every, order, strict=True)}
            found.append((-sum(clues), {"boxes": boxes[0].name} | pairs))
    best = min((clue for clue, _ in found), default=0)
    yield from (named for clue, named in found if clue == best)


def _row_length(value: Value) -> int:
    """Columns of the rows that an output holds; 4 if only its name tells that these are boxes."""
    last = value.shape[-1]
    return last if isinstance(last, int) else 4 if "box" in value.name.lower() else 0


def _clue(role: str, value: Value) -> int:
    """Return how likely an output has this role; below 0 if it cannot."""
    name = value.name.lower()
    sizes = [size for size in value.shape if size != 1]
    if role == "count" and any(isinstance(size, int) for size in sizes):
        return -1
    if role == "scores" and value.dtype.startswith(("int", "uint")):
        return -1
    said = [other for other, words in WORDS.items() if any(word in name for word in words)]
    if "count" in said:
        said = ["count"]  # num_classes would be odd; num_detections and num_scores are usual
    points = 2 if role in said else 0 if not said else -1
    whole = value.dtype.startswith(("int", "uint"))
    fits_count = not sizes and (len(value.shape) < 2 or whole)
    return points + (1 if whole and role == "classes" else 0) + (role == "count" and fits_count)


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    pictures = [(value, as_picture(value)) for value in graph.inputs]
    found = [picture for _, picture in pictures if picture is not None]
    feeds = paddle_feeds(graph)
    if len(found) != 1 or len(feeds) != len(graph.inputs) - 1:
        return []
    readings = []
    ways = list(roles(graph.outputs))
    for named in ways[:2]:
        columns = next(_row_length(v) for v in graph.outputs if v.name == named["boxes"])
        if columns == 6 and "count" not in named:
            continue  # NMS-free YOLO: see `yolov10`
        readings += list(_readings(found[0], named, columns, feeds, certain=len(ways) == 1))
    return readings


def _readings(
    picture: Picture, named: dict[str, str], columns: int, feeds: tuple[Feed, ...], *, certain: bool
) -> Iterator[Reading]:
    """The usual way of those who name and shape outputs like this, then what may differ."""
    tensorflow = picture.layout == "nhwc" or picture.dtype == "uint8"
    said = {name.lower() for name in named.values()}
    # torchvision and TensorFlow count from 1, for 0 is the background.
    torchvision = not tensorflow and said == {"boxes", "labels", "scores"}
    options: dict[str, str | bool | int] = {
        **named,
        "order": "yxyx" if tensorflow else "xyxy",
        "pixels": not tensorflow,
        "first": 1 if torchvision or "detection_classes" in said else 0,
    }
    form = OpenForm(
        picture.name, picture.layout, "rgb", picture.dtype, feeds=feeds, options=options
    )
    if picture.dtype != "uint8":
        form = form._replace(std=(255.0,) * 3)
    if columns in (5, 6):  # MMDetection and PaddleDetection normalise as ImageNet does
        form = form._replace(mean=IMAGENET_MEAN, std=IMAGENET_STD)
    # A network that takes any size resizes inside, and needs the picture's own aspect ratio.
    stretch = tensorflow or feeds or (torchvision and picture.width)
    telling = any(words <= said for words in TELLING)
    sure = 0.9 if telling else 0.7 if certain else 0.5
    reading = Reading(
        family="end2end",
        input=InputSpec(
            picture.width or 640, picture.height or 640, "stretch" if stretch else "letterbox"
        ),
        open=form,
        classes=0,
        confidence=sure,
        why=f"finished boxes: {', '.join(named)}"
        + ("" if columns == 4 else f" in rows of {columns}")
        + (", as torchvision names them" if torchvision else ""),
    )
    yield reading
    if picture.dtype != "uint8":
        yield reading._replace(
            open=form._replace(mean=(0.0,) * 3, std=(1.0,) * 3),
            confidence=0.3 if torchvision else sure - 0.2,
            why=f"{reading.why}; colours from 0 to 255",
        )
    if torchvision:
        yield reading._replace(
            open=form._replace(options=options | {"first": 0}),
            confidence=sure - 0.3,
            why=f"{reading.why}, but counting from 0",
        )
    yield reading._replace(
        open=form._replace(options=options | {"pixels": tensorflow}),
        confidence=sure - 0.4,
        why=f"{reading.why}, boxes in " + ("pixels" if tensorflow else "0..1"),
    )
    yield reading._replace(
        open=form._replace(options=options | {"order": "xyxy" if tensorflow else "yxyx"}),
        confidence=sure - 0.45,
        why=f"{reading.why}, corners the other way",
    )
