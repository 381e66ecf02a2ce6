"""Families of anchors, beside loops over what is published of them, scalar by scalar.

What a project's own code makes of such outputs is in `test_family_references`.
"""

from __future__ import annotations

from math import ceil, exp, sqrt
from typing import Any

import numpy as np
import pytest

from obscura.errors import CardError, ModelMismatch

from .loops import SIZE, assert_rows, logistic, normal, rows, uniform

# ---- RetinaFace's layout with the anchors of Slim and RFB ----------------------------------------


def test_slim_counts_anchors_of_four_strides_from_the_cells_of_its_pixels() -> None:
    sizes = {8: (10, 16, 24), 16: (32, 48), 32: (64, 96), 64: (128, 192, 256)}
    priors = [
        (stride * (column + 0.5), stride * (row + 0.5), side)
        for stride, sides in sizes.items()
        for row in range(ceil(SIZE[1] / stride))
        for column in range(ceil(SIZE[0] / stride))
        for side in sides
    ]
    count = len(priors)
    loc, logits, landms = normal(count, 4), normal(count, 2, seed=1), normal(count, 10, seed=2)
    expected = []
    for (x, y, side), box, score, points in zip(priors, loc, logits, landms, strict=True):
        centre = [x + 0.1 * box[0] * side, y + 0.1 * box[1] * side]
        wide, high = side * exp(0.2 * box[2]), side * exp(0.2 * box[3])
        corners = [centre[0] - wide / 2, centre[1] - high / 2]
        corners += [centre[0] + wide / 2, centre[1] + high / 2]
        for number in range(5):
            corners += [
                x + 0.1 * points[2 * number] * side,
                y + 0.1 * points[2 * number + 1] * side,
            ]
        chance = exp(score[1]) / (exp(score[0]) + exp(score[1]))
        expected.append((chance, 0, corners))

    found = rows(
        "retinaface", {"loc": [loc], "conf": [logits], "landms": [landms]}, 1, softmax=True,
        strides=[8, 16, 32, 64], each=[3, 2, 2, 3],
        sizes=[10.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0, 128.0, 192.0, 256.0],
    )  # fmt: skip

    assert_rows(found, expected)


@pytest.mark.parametrize(
    "options", [{"each": [2, 2]}, {"each": [1, 2, 2]}, {"strides": [8, 16]}], ids=str
)
def test_a_card_whose_lists_do_not_fit_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(CardError, match="do not fit"):
        rows("retinaface", {"loc": np.zeros((1, 10, 4))}, 1, **options)


# ---- SCRFD ---------------------------------------------------------------------------------------


def test_scrfd_of_five_strides_has_one_anchor_a_cell_and_may_have_a_batch_axis() -> None:
    size = (256, 128)
    outputs: dict[str, Any] = {}
    expected = []
    for level, stride in enumerate((8, 16, 32, 64, 128)):
        width, height = size[0] // stride, size[1] // stride
        scores = uniform(width * height, 1, seed=level)
        sides, points = 3 * uniform(width * height, 4), normal(width * height, 10)
        outputs |= {f"a{stride}": [points], f"b{stride}": [sides], f"c{stride}": [scores]}
        for row in range(height):
            for column in range(width):
                i, x, y = row * width + column, column * stride, row * stride
                left, top, right, bottom = sides[i] * stride
                box = [x - left, y - top, x + right, y + bottom]
                for number in range(5):
                    box += [
                        x + stride * points[i, 2 * number],
                        y + stride * points[i, 2 * number + 1],
                    ]
                expected.append((scores[i, 0], 0, box))

    found = rows("scrfd", outputs, 1, size, strides=[8, 16, 32, 64, 128], anchors=1)

    assert_rows(found, expected)


def test_scrfd_without_points_has_none() -> None:
    outputs: dict[str, Any] = {}
    for stride in (8, 16, 32):
        count = 2 * (64 // stride) ** 2
        outputs |= {f"s{stride}": uniform(count, 1), f"b{stride}": uniform(count, 4)}

    assert rows("scrfd", outputs, 1, (64, 64)).keypoints is None
    with pytest.raises(ModelMismatch):
        rows("scrfd", {**outputs, "s8": uniform(64, 1)}, 1, (64, 64))


# ---- MediaPipe's palms ---------------------------------------------------------------------------


def test_palms_have_two_anchors_a_cell_and_six_in_the_coarse_map() -> None:
    side = 192
    anchors = [
        ((column + 0.5) * stride, (row + 0.5) * stride)
        for stride, each in ((8, 2), (16, 6))
        for row in range(side // stride)
        for column in range(side // stride)
        for _ in range(each)
    ]
    assert len(anchors) == 2016  # as published
    numbers, logits = 20 * normal(2016, 18), 5 * normal(2016, 1, seed=1)
    expected = []
    for (x, y), row, logit in zip(anchors, numbers, logits[:, 0], strict=True):
        middle = (x + row[0], y + row[1])
        box = [middle[0] - row[2] / 2, middle[1] - row[3] / 2]
        box += [middle[0] + row[2] / 2, middle[1] + row[3] / 2]
        for number in range(2, 9):
            box += [x + row[2 * number], y + row[2 * number + 1]]
        expected.append((logistic(logit), 0, box))

    # As tf2onnx calls them, and in the other order.
    found = rows("mediapipe", {"Identity_1": [logits], "Identity": [numbers]}, 1, (side, side))

    assert_rows(found, expected)


def test_palms_may_have_their_outputs_map_by_map() -> None:
    numbers, logits = 20 * normal(2016, 18), 5 * normal(2016, 1, seed=1)
    fine = 24 * 24 * 2
    apart = {
        "scores_coarse": [logits[fine:]], "boxes_coarse": [numbers[fine:]],
        "scores_fine": [logits[:fine]], "boxes_fine": [numbers[:fine]],
    }  # fmt: skip

    found = rows("mediapipe", apart, 1, (192, 192))

    whole = rows("mediapipe", {"a": [numbers], "b": [logits]}, 1, (192, 192))
    np.testing.assert_array_equal(found.boxes, whole.boxes)
    np.testing.assert_array_equal(found.scores, whole.scores)
    del apart["scores_fine"]
    with pytest.raises(ModelMismatch):
        rows("mediapipe", apart, 1, (192, 192))


# ---- Yolo-FastestV2 ------------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [False, True], ids=["as exported", "channels first"])
def test_fastestv2_shares_its_classes_between_three_anchors(turned: bool) -> None:
    size, classes = (160, 96), 4
    anchors = {
        16: [(12.64, 19.39), (37.88, 51.48), (55.71, 138.31)],
        32: [(126.91, 78.23), (131.57, 214.55), (279.92, 258.87)],
    }
    outputs: dict[str, Any] = {}
    expected = []
    for stride, shapes in anchors.items():
        width, height = size[0] // stride, size[1] // stride
        table = uniform(height, width, 15 + classes, seed=stride)
        outputs[f"map{stride}"] = [table.transpose(2, 0, 1) if turned else table]
        for row in range(height):
            for column in range(width):
                cell = table[row, column]
                for number, (wide, high) in enumerate(shapes):
                    x, y, w, h = cell[4 * number : 4 * number + 4]
                    x, y = (2 * x - 0.5 + column) * stride, (2 * y - 0.5 + row) * stride
                    w, h = (2 * w) ** 2 * wide, (2 * h) ** 2 * high
                    label = int(cell[15:].argmax())
                    score = cell[12 + number] * cell[15 + label]
                    expected.append((score, label, [x - w / 2, y - h / 2, x + w / 2, y + h / 2]))

    assert_rows(rows("fastestv2", outputs, classes, size), expected)


def test_fastestv2_wants_both_maps_and_all_anchors() -> None:
    maps = {"a": np.zeros((1, 6, 10, 18)), "b": np.zeros((1, 3, 5, 18))}
    with pytest.raises(ModelMismatch):
        rows("fastestv2", {"a": maps["a"]}, 3, (160, 96))
    with pytest.raises(ModelMismatch):
        rows("fastestv2", maps, 3, (160, 96), anchors=[1.0, 2.0])


# ---- SSD before decoding -------------------------------------------------------------------------


def tensorflow_anchors(width: int, height: int) -> list[tuple[float, ...]]:
    """The object detection API's: scales from 0.2 to 0.95 over six maps, fewer in the first."""
    found = []
    for level in range(6):
        stride = 16 * 2**level
        columns, lines = ceil(width / stride), ceil(height / stride)
        scale = 0.2 + (0.95 - 0.2) * level / 5
        larger = 0.2 + (0.95 - 0.2) * (level + 1) / 5 if level < 5 else 1.0
        shapes = [(scale, ratio) for ratio in (1, 2, 0.5, 3, 0.3333)] + [(sqrt(scale * larger), 1)]
        if level == 0:
            shapes = [(0.1, 1), (scale, 2), (scale, 0.5)]
        short = min(width, height)
        for row in range(lines):
            for column in range(columns):
                for scale_of, ratio in shapes:
                    found.append(
                        (
                            (column + 0.5) / columns * width, (row + 0.5) / lines * height,
                            scale_of * sqrt(ratio) * short, scale_of / sqrt(ratio) * short,
                        )
                    )  # fmt: skip
    return found


def ssd300_anchors(sides: list[int]) -> list[tuple[float, ...]]:
    """The paper's: a square, one between it and the next map's, and oblongs; all cut to 0..1."""
    found = []
    for level, (cells, step) in enumerate(
        zip((38, 19, 10, 5, 3, 1), (8, 16, 32, 64, 100, 300), strict=True)
    ):
        side, larger = sides[level], sides[level + 1]
        shapes = [(side, side), (sqrt(side * larger),) * 2]
        for ratio in (2, 3) if level in (1, 2, 3) else (2,):
            shapes += [(side * sqrt(ratio), side / sqrt(ratio))]
            shapes += [(side / sqrt(ratio), side * sqrt(ratio))]
        found += [
            tuple(
                min(value, 300) for value in ((column + 0.5) * step, (row + 0.5) * step, wide, high)
            )
            for row in range(cells)
            for column in range(cells)
            for wide, high in shapes
        ]
    return found


def ultraface_anchors(width: int, height: int) -> list[tuple[float, ...]]:
    """Squares of two or three sizes, in cells that share the picture equally."""
    found = []
    sizes = {8: (10, 16, 24), 16: (32, 48), 32: (64, 96), 64: (128, 192, 256)}
    for stride, sides in sizes.items():
        columns, lines = ceil(width / stride), ceil(height / stride)
        found += [
            (
                (column + 0.5) / columns * width, (row + 0.5) / lines * height,
                min(side, width), min(side, height),
            )
            for row in range(lines)
            for column in range(columns)
            for side in sides
        ]  # fmt: skip
    return found


SETS = {
    "tensorflow": ((300, 300), tensorflow_anchors(300, 300), 1917),
    "tensorflow of an oblong": ((320, 192), tensorflow_anchors(320, 192), None),
    "ssd300": ((300, 300), ssd300_anchors([30, 60, 111, 162, 213, 264, 315]), 8732),
    "ssd300-coco": ((300, 300), ssd300_anchors([21, 45, 99, 153, 207, 261, 315]), 8732),
    "ultraface": ((320, 240), ultraface_anchors(320, 240), 4420),
}


@pytest.mark.parametrize("scores", ["none", "sigmoid", "softmax"])
@pytest.mark.parametrize("name", SETS)
def test_offsets_move_and_scale_the_anchors_of_each_set(name: str, scores: str) -> None:
    size, anchors, published = SETS[name]
    count = len(anchors)
    assert published in (None, count)
    offsets, logits = normal(count, 4, seed=3), 3 * normal(count, 3, seed=4)
    expected = []
    for (x, y, wide, high), row, line in zip(anchors, offsets, logits, strict=True):
        dx, dy, dw, dh = row[[1, 0, 3, 2]] if name.startswith("tensorflow") else row
        middle = (x + 0.1 * dx * wide, y + 0.1 * dy * high)
        w, h = wide * exp(0.2 * dw), high * exp(0.2 * dh)
        box = [middle[0] - w / 2, middle[1] - h / 2, middle[0] + w / 2, middle[1] + h / 2]
        total = sum(exp(value) for value in line)
        for label, value in enumerate(line[1:]):
            chance = {"none": value, "sigmoid": logistic(value), "softmax": exp(value) / total}
            expected.append((chance[scores], label, box))

    found = rows(
        "ssd_raw", {"scores": [logits], "boxes": [offsets]}, 2, size,
        anchors=name.split()[0], scores=scores,
    )  # fmt: skip

    assert_rows(found, expected)


def test_an_axis_of_one_among_the_offsets_is_passed_over() -> None:
    """As the first exports of TensorFlow have it; four columns of scores are told by the names."""
    offsets, scores = normal(1, 1917, 1, 4), uniform(1, 1917, 4, seed=1)

    found = rows("ssd_raw", {"class_predictions": scores, "box_encodings": offsets}, 3, (300, 300))

    again = rows("ssd_raw", {"box": offsets[:, :, 0], "cls": scores}, 3, (300, 300))
    np.testing.assert_array_equal(found.boxes, again.boxes)
    np.testing.assert_allclose(found.scores[0], scores[0, :, 1:].max(), rtol=1e-6)


# ---- YOLOv5-face and its kin ---------------------------------------------------------------------


def test_the_points_of_yolov5_face_in_maps_are_shares_of_the_anchor_from_the_cells_corner() -> None:
    size = (64, 32)
    shapes = {
        8: [(4, 5), (8, 10), (13, 16)],
        16: [(23, 29), (43, 55), (73, 105)],
        32: [(146, 217), (231, 300), (335, 433)],
    }
    outputs: dict[str, Any] = {}
    expected = []
    for stride, anchors in shapes.items():
        width, height = size[0] // stride, size[1] // stride
        table = normal(3, height, width, 16, seed=stride)
        outputs[f"map{stride}"] = [table]
        for number, (wide, high) in enumerate(anchors):
            for row in range(height):
                for column in range(width):
                    raw = table[number, row, column]
                    x, y, w, h, objectness = (logistic(value) for value in raw[:5])
                    x, y = (2 * x - 0.5 + column) * stride, (2 * y - 0.5 + row) * stride
                    w, h = (2 * w) ** 2 * wide, (2 * h) ** 2 * high
                    box = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
                    for point in range(5):
                        box += [column * stride + raw[5 + 2 * point] * wide]
                        box += [row * stride + raw[6 + 2 * point] * high]
                    expected.append((objectness * logistic(raw[15]), 0, box))

    found = rows(
        "yolov5", outputs, 1, size, points=5, extra=10, extra_first=True,
        anchors=[float(side) for anchors in shapes.values() for pair in anchors for side in pair],
    )  # fmt: skip

    assert_rows(found, expected)


def test_the_points_of_yolov7_face_have_scores_and_follow_the_class() -> None:
    table = 60 * uniform(252, 21)
    table[:, 4:6] = uniform(252, 2, seed=1)
    table[:, 8::3] = uniform(252, 5, seed=2)

    found = rows("yolov5", {"output": [table]}, 1, (64, 64), points=5, extra=15)

    assert found.keypoints is not None
    best = table[np.argsort(-table[:, 4] * table[:, 5])].reshape(252, 7, 3)
    np.testing.assert_allclose(found.keypoints, best[:, 2:], rtol=1e-5)
