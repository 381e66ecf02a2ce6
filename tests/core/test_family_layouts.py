"""Families of queries, anchors, peaks and finished boxes on outputs whose answer is plain to see.

Where no package has the project's own code, what is expected is written out, scalar by scalar.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from obscura.detections import Detections
from obscura.errors import BackendError, ModelMismatch, ObscuraError
from obscura.families import decode

from .references import card_of

Arrays = dict[str, Any]
Found = list[tuple[int, float, list[float]]]
SIZE = (200, 100)  # width and height of the network's input


def read(family: str, outputs: Arrays, threshold: float = 0.5, **options: Any) -> Detections:
    """Read outputs, to detections in pixels of the network's input."""
    ours = card_of(family, SIZE, 3, top=5000)
    assert ours.open is not None
    ours = replace(ours, open=ours.open._replace(options=options))
    arrays = {name: np.asarray(value) for name, value in outputs.items()}
    rows = decode.read(arrays, ours)
    return decode.decode(rows, ours, SIZE, threshold=threshold, iou=0.5)


def plain(found: Detections) -> Found:
    """Class, score and box of each, rounded."""
    rows = zip(found.class_id.tolist(), found.score.tolist(), found.xyxy.tolist(), strict=True)
    return [(i, round(score, 3), [round(x, 2) for x in box]) for i, score, box in rows]


def f32(*rows: Any) -> NDArray[np.float32]:
    return np.array(rows, np.float32)


# One box of class 1 from (20, 30) to (60, 80), score 0.9, in every layout of finished boxes.
BOX, YXYX = [20, 30, 60, 80], [30, 20, 80, 60]
FRACTIONS = [0.1, 0.3, 0.3, 0.8]
FINISHED: dict[str, tuple[Arrays, dict[str, Any]]] = {
    "boxes, scores, classes": (
        {"boxes": f32(BOX), "scores": f32(0.9), "classes": np.array([1])}, {},
    ),
    "classes as floats, first": (
        {"classes": f32(1), "boxes": f32(BOX), "scores": f32(0.9)}, {},
    ),
    "a leading batch": (
        {"scores": f32([0.9]), "labels": np.array([[1]]), "boxes": f32([BOX])}, {},
    ),
    "corners y, x in fractions, classes from 1, and a count": (
        {"detection_boxes": f32([[0.3, 0.1, 0.8, 0.3], [0, 0, 1, 1]]),
         "detection_classes": f32([2, 1]), "detection_scores": f32([0.9, 0.8]),
         "num_detections": f32(1)},
        {"order": "yxyx", "pixels": False, "first": 1},
    ),
    "names told by the card": (
        {"a": f32([0.9, 0]), "b": f32([YXYX, YXYX]), "c": f32([1, 0]), "d": f32(2)},
        {"scores": "a", "boxes": "b", "classes": "c", "count": "d", "order": "yxyx"},
    ),
    "MMDetection's dets and labels": (
        {"dets": f32([[*BOX, 0.9]]), "labels": np.array([[1]])}, {},
    ),
    "PaddleDetection's rows and count": (
        {"rows": f32([1, 0.9, *BOX], [-1, 0, 0, 0, 0, 0]), "count": np.array([1], np.int32)}, {},
    ),
    "YOLOv7's rows": ({"output": f32([0, *BOX, 1, 0.9])}, {}),
    "TensorRT's four outputs": (
        {"num_dets": np.array([[1]], np.int32), "det_boxes": f32([BOX, [0, 0, 9, 9]]),
         "det_scores": f32([0.9, 0.7]), "det_classes": np.array([[1, -1]], np.int32)},
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", FINISHED)
def test_finished_boxes_are_read_in_every_layout(layout: str) -> None:
    outputs, options = FINISHED[layout]

    assert plain(read("end2end", outputs, **options)) == [(1, 0.9, BOX)]


def test_no_finished_boxes_are_no_detections() -> None:
    nothing = {"boxes": np.zeros((0, 4), np.float32), "scores": f32(), "labels": np.zeros(0, int)}

    assert len(read("end2end", nothing)) == 0
    assert len(read("rtdetr", nothing)) == 0


def test_a_class_beyond_the_cards_is_refused_rather_than_given_another_name() -> None:
    outputs = {"boxes": f32(BOX), "scores": f32(0.9), "classes": np.array([7])}

    with pytest.raises((BackendError, ModelMismatch), match="7"):
        read("end2end", outputs)


def test_empty_rows_may_name_any_class() -> None:
    outputs = {"boxes": f32(BOX, BOX), "scores": f32(0.9, 0), "classes": np.array([1, 80])}

    assert plain(read("end2end", outputs)) == [(1, 0.9, BOX)]


def test_ssd_as_tensorflow_has_it_agrees_with_a_loop() -> None:
    """Per class: scores over the threshold, best first, unless one kept overlaps more than half."""
    chance = np.random.default_rng(3)
    corner = chance.uniform(0, 0.6, (200, 2))
    boxes = np.concatenate([corner, corner + chance.uniform(0.1, 0.4, (200, 2))], 1)
    scores = chance.uniform(0, 1, (200, 4)) ** 4
    expected: list[tuple[int, float, list[float]]] = []
    for column in (1, 2, 3):  # 0 is the background
        kept: list[list[float]] = []
        for row in sorted(range(200), key=lambda row: -scores[row, column]):
            y1, x1, y2, x2 = boxes[row]
            if scores[row, column] < 0.5 or any(overlap(boxes[row], k) > 0.5 for k in kept):
                continue
            kept.append(boxes[row])
            box = [x1 * 200, y1 * 100, x2 * 200, y2 * 100]
            expected.append((column - 1, scores[row, column], box))
    expected.sort(key=lambda row: -row[1])
    outputs = {
        "raw_detection_scores": scores[None].astype(np.float32),
        "raw_detection_boxes": boxes[None].astype(np.float32),
        "detection_boxes": np.zeros((1, 10, 4), np.float32),  # those after suppression do not count
    }

    found = read("ssd", outputs)

    assert found.class_id.tolist() == [row[0] for row in expected]
    np.testing.assert_allclose(found.score, [row[1] for row in expected], atol=1e-6)
    np.testing.assert_allclose(
        found.xyxy, np.clip([r[2] for r in expected], 0, SIZE * 2), atol=0.01
    )


def overlap(a: Any, b: Any) -> float:
    """Intersection over union."""
    sides = [min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])]
    shared = max(sides[0], 0) * max(sides[1], 0)
    both = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return float(shared / (both - shared))


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("sizes", ["wh and offset", "wh", "reach"])
def test_centernet_agrees_with_a_loop(layout: str, sizes: str) -> None:
    """A peak is a cell that none of its neighbours exceeds."""
    chance = np.random.default_rng(4)
    heat = chance.normal(0, 3, (3, 25, 50))
    wh, offset = chance.uniform(0, 9, (2, 25, 50)), chance.uniform(0, 1, (2, 25, 50))
    reach = chance.uniform(0, 30, (4, 25, 50))
    expected: Found = []
    for label in range(3):
        for y in range(25):
            for x in range(50):
                around = heat[label, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
                score = 1 / (1 + exp(-heat[label, y, x]))
                if heat[label, y, x] < around.max() or score < 0.999:
                    continue
                if sizes == "reach":
                    left, top, right, bottom = reach[:, y, x]
                    box = [4 * x - left, 4 * y - top, 4 * x + right, 4 * y + bottom]
                else:
                    dx, dy = offset[:, y, x] if sizes == "wh and offset" else (0, 0)
                    w, h = wh[:, y, x]
                    box = [4 * (x + dx - w / 2), 4 * (y + dy - h / 2)]
                    box += [4 * (x + dx + w / 2), 4 * (y + dy + h / 2)]
                expected.append((label, score, box))
    expected.sort(key=lambda row: -row[1])
    maps = {"offset": offset, "size": wh, "heat": heat}  # by alphabet backwards: names tell
    if sizes == "wh":
        maps = {"size": wh, "heat": heat}
    elif sizes == "reach":
        maps = {"reach": reach, "heat": heat}
    axes = (0, 1, 2) if layout == "nchw" else (1, 2, 0)
    outputs = {name: a.transpose(axes)[None].astype(np.float32) for name, a in maps.items()}
    ours = card_of(
        "centernet", SIZE, 3, top=100, logits=True, layout=layout,
        **({"unit": 1.0} if sizes == "reach" else {}),
    )  # fmt: skip

    rows = decode.read(outputs, ours)

    count = len(expected)
    assert count > 5
    assert rows.classes[:count].tolist() == [row[0] for row in expected]
    np.testing.assert_allclose(rows.scores[:count], [row[1] for row in expected], atol=1e-6)
    np.testing.assert_allclose(
        rows.boxes[:count] * (SIZE * 2), [row[2] for row in expected], atol=0.01
    )
    assert (rows.scores[count:] < 0.999).all()


@pytest.mark.parametrize(("none", "columns"), [("no", 3), ("first", 4), ("last", 4), ("both", 5)])
@pytest.mark.parametrize("scores", ["sigmoid", "softmax"])
def test_detr_leaves_the_columns_out_that_stand_for_nothing(
    none: str, columns: int, scores: str
) -> None:
    logits = np.full((1, 2, columns), -9.0, np.float32)
    first = 1 if none in ("first", "both") else 0
    logits[0, 0, first + 2] = 9  # the last class
    logits[0, 1, 0 if first else columns - 1] = 9  # nothing, or another class
    boxes = f32([[0.2, 0.55, 0.2, 0.5], [0.5, 0.5, 0.2, 0.2]])

    found = read("detr", {"pred_logits": logits, "pred_boxes": boxes}, scores=scores, none=none)

    assert plain(found)[0][0] == 2
    assert plain(found)[0][2] == BOX
    assert len(found) == (2 if none == "no" else 1)


def test_a_query_counts_for_each_class_that_it_is_sure_of() -> None:
    boxes, logits = f32([[0.2, 0.55, 0.2, 0.5]]), f32([[4, -4, 3]])

    found = read("detr", {"boxes": boxes, "logits": logits})

    assert found.class_id.tolist() == [0, 2]


def test_efficientdet_agrees_with_the_paper_at_one_anchor() -> None:
    """The middle anchor of one cell of stride 16, moved and grown by a tenth."""
    outputs: Arrays = {}
    for level, stride in enumerate((8, 16, 32, 64, 128)):
        height, width = -(-100 // stride), -(-200 // stride)
        outputs[f"class{level}"] = np.full((1, 27, height, width), -9, np.float32)
        outputs[f"box{level}"] = np.zeros((1, 36, height, width), np.float32)
    outputs["class1"][0, 4 * 3 + 1, 2, 5] = 9  # octave 1, shape 1, class 1; row 2, column 5
    outputs["box1"][0, 16:20, 2, 5] = [0.1, 0.2, 0, np.log(1.1)]

    (found,) = plain(read("efficientdet", outputs))

    # Seven rows and thirteen columns over 100 x 200 pixels: strides of 100 / 7 and 200 / 13.
    wide, high = (4 * 2 ** (1 / 3) * s * f for s, f in ((200 / 13, 1.4), (100 / 7, 0.7)))
    x, y = 5.5 * 200 / 13 + 0.2 * wide, 2.5 * 100 / 7 + 0.1 * high
    box = [x - wide * 1.1 / 2, y - high / 2, x + wide * 1.1 / 2, y + high / 2]
    assert found[0] == 1
    np.testing.assert_allclose(found[2], np.clip(box, 0, SIZE * 2), atol=0.01)


ABSURD: list[Any] = [
    np.float32(1), np.zeros(0), np.zeros((1, 0, 4)), np.zeros((1, 5, 0)), np.zeros((0, 5, 4)),
    np.full((1, 5, 4), np.nan), np.full((1, 4, 5), np.inf), np.zeros((1, 5, 3), bool),
    np.full((1, 5), 2**63, np.uint64), np.full((1, 5, 3), 7, np.int8), np.array([["a"]]),
    np.zeros((1, 3, 5, 5), np.int32), np.zeros((1, 2, 5, 5)), np.zeros((1, 1, 1, 1, 1)),
    np.full((1, 5), np.nan), np.array([-1]),
]  # fmt: skip


@pytest.mark.parametrize(
    "family", ["ssd", "centernet", "detr", "rtdetr", "efficientdet", "end2end"]
)
def test_absurd_outputs_are_refused_or_read_but_nothing_else(family: str) -> None:
    for first in ABSURD:
        for second in ABSURD:
            for third in (None, np.zeros((1, 5)), np.array([3])):
                outputs = {"boxes": first, "scores": second}
                if third is not None:
                    outputs["other"] = third
                try:
                    found = read(family, outputs, threshold=0)
                except ObscuraError:
                    continue
                assert np.isfinite(found.xyxy).all()
