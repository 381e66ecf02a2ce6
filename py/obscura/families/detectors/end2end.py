"""Networks that include suppression, so that their boxes are final.

Known layouts, with any names; n can differ from run to run, and there can be a batch of one:

- boxes ``[n, 4]``, scores ``[n]``, classes ``[n]``, and optionally the number of valid rows:
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
from obscura.families.common.rows import Option, Rows, Spec, fractions, mismatch
from obscura.graph.inspect import Graph, Value

ROLES = ("boxes", "classes", "scores", "count")  # in TFLite's order, because its names mean nothing
OPTIONS = {
    "order": Option("xyxy", choices=("xyxy", "yxyx"), help="order of a box's corners"),
    "pixels": Option(
        default=True, choices=(True, False), help="boxes are in pixels of the input, not in 0..1"
    ),
    "first": Option(0, choices=(0, 1), help="the number of the first class"),
    **{role: Option("", help=f"name of the output with the {role}") for role in ROLES},
}
COLUMNS: dict[int, set[str]] = {4: {"scores", "classes"}, 5: {"classes"}, 6: set(), 7: set()}
"""Numbers of columns of the output with boxes, and what must then be in other outputs."""

KNOWN_NAMES = (
    {"detection_boxes", "detection_classes", "detection_scores"},
    {"num_dets", "det_boxes"},
    {"boxes", "labels", "scores"},
)
"""Names that identify the tool which exported the network."""

MAX_OUTPUTS = 8
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
    # Invalid rows can have any class, so set theirs to 0: `valid` is 1 if the score is positive.
    valid = ops.minimum(ops.maximum(scores, ops.constant(0)) * ops.constant(1e30), ops.constant(1))
    classes = classes * ops.cast(valid, np.int64)
    best, index = ops.top(scores, spec.top)
    return Rows(ops.take(boxes, index), best, ops.take(classes, index))


def _parts(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> tuple[Array, Array, Array]:
    """Return boxes (n, 4), scores (n,) and classes (n,) without conversion."""
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
    """Yield the most likely assignments of outputs to boxes, scores, classes and count."""
    if len(outputs) > MAX_OUTPUTS:
        return
    boxes = [v for v in outputs if len(v.shape) in (2, 3) and _row_length(v) in COLUMNS]
    # [n, 4] can also be scores [1, 4] of a batch, but boxes have more dimensions than scores.
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
    """Return the number of columns of an output; 4 if unknown, but its name suggests boxes."""
    last = value.shape[-1]
    return last if isinstance(last, int) else 4 if "box" in value.name.lower() else 0


def _clue(role: str, value: Value) -> int:
    """Return how well an output fits a role; negative if it cannot have that role."""
    name = value.name.lower()
    sizes = [size for size in value.shape if size != 1]
    if role == "count" and any(isinstance(size, int) for size in sizes):
        return -1
    if role == "scores" and value.dtype.startswith(("int", "uint")):
        return -1
    hints = [other for other, words in WORDS.items() if any(word in name for word in words)]
    if "count" in hints:
        hints = ["count"]  # as in num_detections and num_scores
    points = 2 if role in hints else 0 if not hints else -1
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
        boxes = next(v for v in graph.outputs if v.name == named["boxes"])
        columns = _row_length(boxes)
        if columns == 6 and "count" not in named:
            continue  # NMS-free YOLO: see `yolov10`
        # The number of finished rows differs from picture to picture, unless it is padded.
        certain = len(ways) == 1 and not (columns == 7 and isinstance(boxes.shape[-2], int))
        readings += list(_readings(found[0], named, columns, feeds, certain=certain))
    return readings


def _mmdetection(reading: Reading) -> Iterator[Reading]:
    """Yield the other colours of MMDetection's models: RTMDet's, and those of YOLOX and others
    (``mean``, ``std`` and ``bgr_to_rgb`` of their configurations, Apache-2.0)."""
    for mean, std, words in (
        (IMAGENET_MEAN[::-1], IMAGENET_STD[::-1], "BGR, normalised by channel"),
        ((0.0,) * 3, (1.0,) * 3, "BGR from 0 to 255"),
    ):
        yield reading._replace(
            open=reading.open._replace(channels="bgr", mean=mean, std=std),
            confidence=reading.confidence - 0.05,
            why=f"{reading.why}; {words}",
        )


def _readings(
    picture: Picture, named: dict[str, str], columns: int, feeds: tuple[Feed, ...], *, certain: bool
) -> Iterator[Reading]:
    """Yield the usual reading of outputs with these names and shapes, then variations."""
    tensorflow = picture.layout == "nhwc" or picture.dtype == "uint8"
    names = {name.lower() for name in named.values()}
    # torchvision and TensorFlow count from 1, because 0 is the background.
    torchvision = not tensorflow and names == {"boxes", "labels", "scores"}
    options: dict[str, str | bool | int] = {
        **named,
        "order": "yxyx" if tensorflow else "xyxy",
        "pixels": not tensorflow,
        "first": 1 if torchvision or "detection_classes" in names else 0,
    }
    form = OpenForm(
        picture.name, picture.layout, "rgb", picture.dtype, feeds=feeds, options=options
    )
    if picture.dtype != "uint8":
        form = form._replace(std=(255.0,) * 3)
    if columns in (5, 6):  # MMDetection and PaddleDetection use ImageNet's normalisation
        form = form._replace(mean=IMAGENET_MEAN, std=IMAGENET_STD)
    # Networks with an input of any size resize inside, so the aspect ratio must be kept.
    stretch = tensorflow or feeds or (torchvision and picture.width)
    known = any(words <= names for words in KNOWN_NAMES)
    sure = 0.9 if known else 0.7 if certain else 0.5
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
    if columns == 5 and picture.dtype != "uint8":
        yield from _mmdetection(reading)
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
