"""Families of one row a cell: read as the projects do, or as loops over their formulas do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil, exp, sqrt, tanh
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from obscura.boxes import area, clip
from obscura.detections import Detections
from obscura.errors import ModelMismatch
from obscura.families import decode
from obscura.families.detectors.yolov5 import ANCHORS

from .references import assert_same, card_of, read, recorded

WIDTH, HEIGHT, CLASSES = 96, 64, 3
SIZE = (WIDTH, HEIGHT)
THRESHOLD, IOU = 0.3, 0.5
TOP = 2000
YOLOV7 = [float(side) for side in ANCHORS["YOLOv7"]]

Candidate = tuple[tuple[float, float, float, float], float, int]
"""A box in pixels of the input, its score and its class."""


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


def centred(x: float, y: float, w: float, h: float) -> tuple[float, float, float, float]:
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def overlap(a: Any, b: Any) -> float:
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return width * height / (both - width * height) if width * height else 0.0


def detections(candidates: Iterator[Candidate], *, nms: bool = True) -> Detections:
    """Threshold and greedy suppression class by class, box by box; cut at the edges at last."""
    kept: list[Candidate] = []
    for box, score, label in sorted(candidates, key=lambda row: -row[1]):
        rivals = [other for other, _, name in kept if name == label] if nms else []
        if score >= THRESHOLD and all(overlap(box, other) <= IOU for other in rivals):
            kept.append((box, score, label))
    return cut(
        Detections(
            np.array([row[0] for row in kept], np.float32).reshape(-1, 4),
            np.array([row[1] for row in kept], np.float32),
            np.array([row[2] for row in kept], np.int32),
        )
    )


def cut(found: Detections, size: tuple[int, int] = SIZE) -> Detections:
    xyxy = clip(found.xyxy, *size)
    left = area(xyxy) > 0
    return Detections(xyxy[left], found.score[left], found.class_id[left])


def numbers(*shape: int, seed: int = 0, spread: float = 2) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, spread, shape).astype(np.float32)


def cells(*strides: int) -> Iterator[tuple[int, int, int, int]]:
    """Number, column, row and stride of each cell of all maps."""
    number = 0
    for stride in strides:
        for y in range(ceil(HEIGHT / stride)):
            for x in range(ceil(WIDTH / stride)):
                yield number, x, y, stride
                number += 1


def ours(family: str, outputs: Mapping[str, NDArray[Any]], **options: Any) -> Detections:
    return read(card_of(family, SIZE, CLASSES, TOP, **options), outputs, THRESHOLD, IOU)


# ---- the projects' own answers -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "family", "options"),
    [
        ("yolox-raw", "yolox", {}),
        ("yolox-decoded", "yolox", {"decoded": True}),
        ("yolov7-maps", "yolov5", {"anchors": YOLOV7}),
        ("yolov9", "yolov8", {"boxes": "xyxy", "many": True}),
        ("yolov9-e2e", "yolov10", {"dense": True}),
        ("picodet-maps", "picodet", {"logits": True}),
    ],
)
def test_what_a_project_finds_in_its_outputs_is_found(
    name: str, family: str, options: dict[str, Any]
) -> None:
    reference = recorded(name)
    card = card_of(family, reference.size, CLASSES, TOP, **options)

    found = read(card, reference.outputs, reference.threshold, reference.iou)

    assert reference.size == SIZE
    assert_same(found, cut(reference.found))
    assert len(found) > 20


def test_faces_are_found_where_opencv_finds_them() -> None:
    reference = recorded("yunet")

    found = read(
        card_of("yunet", reference.size, 1), reference.outputs, reference.threshold, reference.iou
    )

    assert_same(found, cut(reference.found, reference.size))
    assert found.score[0] > 0.9  # the sample picture shows one


# ---- loops over what the projects describe -------------------------------------------------------


@pytest.mark.parametrize(
    ("strides", "offset"), [((8, 16, 32, 64), 0.0), ((8, 16, 32), 0.5)], ids=["Plus", "first"]
)
def test_nanodet_expects_the_distance_to_each_side(strides: tuple[int, ...], offset: float) -> None:
    total = len(list(cells(*strides)))
    rows = numbers(total, CLASSES + 32)
    rows[:, :CLASSES] = 1 / (1 + np.exp(-rows[:, :CLASSES] + 2))

    def candidates() -> Iterator[Candidate]:
        for n, x, y, stride in cells(*strides):
            away = []
            for side in range(4):
                bins = [exp(v) for v in rows[n, CLASSES + 8 * side : CLASSES + 8 * (side + 1)]]
                away.append(sum(i * v for i, v in enumerate(bins)) / sum(bins) * stride)
            cx, cy = (x + offset) * stride, (y + offset) * stride
            left, top, right, bottom = cx - away[0], cy - away[1], cx + away[2], cy + away[3]
            box = max(left, 0), max(top, 0), min(right, WIDTH), min(bottom, HEIGHT)
            for label in range(CLASSES):
                yield box, float(rows[n, label]), label

    found = ours("nanodet", {"output": rows[None]}, strides=list(strides), offset=offset)

    assert_same(found, detections(candidates()))


def test_yolox_of_a_fourth_stride_has_its_cells_last() -> None:
    strides = 8, 16, 32, 64
    rows = numbers(len(list(cells(*strides))), 5 + CLASSES, spread=1)
    rows[:, 4:] = 1 / (1 + np.exp(-rows[:, 4:]))

    def candidates() -> Iterator[Candidate]:
        for n, x, y, stride in cells(*strides):
            dx, dy, w, h, obj, *scores = rows[n].tolist()
            label = scores.index(max(scores))
            box = centred((x + dx) * stride, (y + dy) * stride, exp(w) * stride, exp(h) * stride)
            yield box, obj * scores[label], label

    found = ours("yolox", {"output": rows[None]}, strides=list(strides))

    assert_same(found, detections(candidates()))


def test_outputs_apart_say_the_same_in_any_order_and_form() -> None:
    """Scores and distances a stride, as maps or flat, are told apart by size, or by name."""
    rows = numbers(96 + 24 + 6 + 2, CLASSES + 32)
    rows[:, :CLASSES] = 1 / (1 + np.exp(-rows[:, :CLASSES]))
    whole = ours("picodet", {"output": rows[None]})
    parts = {}
    start = 0
    for height, width in ((8, 12), (4, 6), (2, 3), (1, 2)):
        level = rows[start : start + height * width]
        start += height * width
        scores, sides = level[:, :CLASSES], level[:, CLASSES:]
        parts[f"{start}b"] = sides.T.reshape(1, -1, height, width)
        parts[f"{start}a"] = scores[None]

    assert_same(ours("picodet", parts), whole)
    assert_same(ours("picodet", dict(reversed(parts.items()))), whole)


def test_boxes_that_the_network_decoded_are_taken_as_they_are() -> None:
    """PaddleDetection without NMS: corners in pixels, and scores class by class."""
    boxes = np.array([[8, 8, 40, 40], [9, 8, 40, 40], [50, 5, 90, 60]], np.float32)
    boxes = np.concatenate([boxes, np.zeros((125, 4), np.float32)])[None]
    scores = np.zeros((1, CLASSES, 128), np.float32)
    scores[0, 1, 0], scores[0, 1, 1], scores[0, 2, 2] = 0.9, 0.8, 0.7

    found = ours("picodet", {"boxes": boxes, "scores": scores})

    np.testing.assert_allclose(found.xyxy, [[8, 8, 40, 40], [50, 5, 90, 60]], atol=1e-3)
    assert found.class_id.tolist() == [1, 2]


def test_fastestdet_weighs_objectness_against_class() -> None:
    maps = numbers(1, 5 + CLASSES, HEIGHT // 16, WIDTH // 16, spread=1)
    maps[:, 0] = 1 / (1 + np.exp(-maps[:, 0]))
    powers = np.exp(maps[:, 5:])
    maps[:, 5:] = powers / powers.sum(1, keepdims=True)

    def candidates() -> Iterator[Candidate]:
        for _, x, y, _ in cells(16):
            obj, dx, dy, w, h, *scores = map(float, maps[0, :, y, x])
            cx = (x + tanh(dx)) / (WIDTH // 16) * WIDTH
            cy = (y + tanh(dy)) / (HEIGHT // 16) * HEIGHT
            label = scores.index(max(scores))
            score = obj**0.6 * scores[label] ** 0.4
            yield centred(cx, cy, sigmoid(w) * WIDTH, sigmoid(h) * HEIGHT), score, label

    found = ours("fastestdet", {"output": maps})

    assert_same(found, detections(candidates()))


def yolov5_rows(maps: Mapping[int, NDArray[np.float32]]) -> Iterator[list[float]]:
    """The rows that YOLOv5 exports, of maps by stride ``[1, 3, height, width, columns]``."""
    anchors = iter(np.array(ANCHORS["YOLOv5"]).reshape(9, 2).tolist())
    for stride, array in maps.items():
        for anchor in range(3):
            wide, high = next(anchors)
            for y in range(array.shape[2]):
                for x in range(array.shape[3]):
                    tx, ty, tw, th, *rest = (sigmoid(float(v)) for v in array[0, anchor, y, x])
                    cx, cy = (2 * tx - 0.5 + x) * stride, (2 * ty - 0.5 + y) * stride
                    yield [cx, cy, (2 * tw) ** 2 * wide, (2 * th) ** 2 * high, *rest]


@pytest.mark.parametrize("form", ["rows", "maps with anchors", "maps as convolutions leave them"])
def test_yolov5_multiplies_objectness_and_class(form: str) -> None:
    maps = {
        stride: numbers(1, 3, HEIGHT // stride, WIDTH // stride, 5 + CLASSES, seed=stride)
        for stride in (8, 16, 32)
    }
    rows = list(yolov5_rows(maps))

    def candidates() -> Iterator[Candidate]:
        for x, y, w, h, obj, *scores in rows:
            label = scores.index(max(scores))
            yield centred(x, y, w, h), obj * scores[label], label

    outputs = {"rows": np.array([rows], np.float32)}
    if form != "rows":
        outputs = {f"map {stride}": array for stride, array in maps.items()}
    if form == "maps as convolutions leave them":
        outputs = {
            name: array.transpose(0, 1, 4, 2, 3).reshape(1, -1, *array.shape[2:4])
            for name, array in outputs.items()
        }

    assert_same(ours("yolov5", outputs), detections(candidates()))


@pytest.mark.parametrize("extra", [0, 5], ids=["boxes alone", "boxes with coefficients of masks"])
@pytest.mark.parametrize("turned", [False, True], ids=["by column", "by row"])
def test_yolov8_has_no_objectness(extra: int, *, turned: bool) -> None:
    rng = np.random.default_rng(0)
    rows = np.concatenate(
        [
            rng.uniform(0, 96, (126, 2)), rng.uniform(4, 60, (126, 2)),
            rng.uniform(0, 0.6, (126, CLASSES)), rng.normal(0, 9, (126, extra)),
        ], 1, dtype=np.float32,
    )  # fmt: skip

    def candidates() -> Iterator[Candidate]:
        for x, y, w, h, *scores in rows[:, : 4 + CLASSES].tolist():
            for label, score in enumerate(scores):
                yield centred(x, y, w, h), score, label

    outputs = {"output0": rows[None] if turned else np.ascontiguousarray(rows.T[None])}
    if extra:
        outputs["output1"] = numbers(1, extra, 16, 24)

    assert_same(ours("yolov8", outputs, extra=extra, many=True), detections(candidates()))


def test_yolov8_says_of_each_box_its_best_class_alone() -> None:
    outputs = {"output0": np.zeros((1, 4 + CLASSES, 126), np.float32)}
    outputs["output0"][0, :, 7] = [30, 30, 20, 20, *np.linspace(0.5, 0.9, CLASSES)]

    found = ours("yolov8", outputs)

    assert found.class_id.tolist() == [CLASSES - 1]
    np.testing.assert_allclose(found.xyxy, [[20, 20, 40, 40]], atol=1e-4)


def test_yolo_without_nms_says_each_object_once() -> None:
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 60, (300, 2))
    size = rng.uniform(4, 30, (300, 2))
    rest = [rng.uniform(0, 1, (300, 1)), rng.integers(0, CLASSES, (300, 1))]
    rows = np.concatenate([corner, corner + size, *rest], 1, dtype=np.float32)

    found = ours("yolov10", {"output0": rows[None]})

    kept = (((*row[:4],), row[4], int(row[5])) for row in rows.tolist())
    assert_same(found, detections(kept, nms=False))


def test_a_score_of_yunet_is_the_mean_of_two_and_never_above_one() -> None:
    outputs = {}
    for stride, count in ((8, 96), (16, 24), (32, 6)):
        for name, columns in (("obj", 1), ("bbox", 4), ("cls", 1)):
            outputs[f"{name}{stride}"] = np.zeros((1, count, columns), np.float32)
    outputs["cls16"][0, 7], outputs["obj16"][0, 7] = 0.5, 1.2

    found = read(card_of("yunet", SIZE, 1), outputs, THRESHOLD, IOU)

    # Cell 7 of six a row is the second of the second row; a size of e^0 is one stride.
    np.testing.assert_allclose(found.xyxy, [[8, 8, 24, 24]], atol=1e-4)
    np.testing.assert_allclose(found.score, [sqrt(0.5)], atol=1e-6)


# ---- what they refuse ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "shapes", "options"),
    [
        ("yolox", [(1, 125, 8)], {}),  # a cell less than the input has
        ("yolox", [(1, 126, 8, 1)], {}),
        ("yolov5", [(1, 378, 9)], {}),  # one class more than the card's
        ("yolov5", [(1, 3, 8, 12, 8), (1, 3, 4, 6, 8)], {}),  # a map is missing
        ("yolov5", [(1, 3, 8, 12, 8)] * 3, {"anchors": [1.0, 2.0, 3.0]}),
        ("yolov8", [(1, 8, 126)], {}),
        ("yolov10", [(1, 300, 7)], {}),
        ("nanodet", [(1, 128, 34)], {}),  # 31 columns are no four sides
        ("nanodet", [(1, 96, 3), (1, 96, 32), (1, 24, 3)], {}),
        ("picodet", [(1, 128, 32), (1, 128, 32)], {}),  # neither is scores of three classes
        ("fastestdet", [(1, 9, 4, 6)], {}),
        ("fastestdet", [(1, 8, 0, 6)], {}),
        ("yunet", [(1, 96, 1), (1, 96, 4)], {}),
    ],
)
def test_other_shapes_are_refused_with_what_was_wanted(
    family: str, shapes: list[tuple[int, ...]], options: dict[str, Any]
) -> None:
    outputs = {f"out{i}": np.zeros(shape, np.float32) for i, shape in enumerate(shapes)}

    with pytest.raises(ModelMismatch, match="Its family reads"):
        decode.read(outputs, card_of(family, SIZE, CLASSES, **options))
