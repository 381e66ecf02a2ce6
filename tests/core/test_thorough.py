"""Thorough reading: dense outputs become what the authors' own evaluations make of them.

The expected detections are written out here: every row above the lowest score, every class of it
or the best one, and greedy suppression box by box within a class.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from obscura import families
from obscura.boxes import area, clip
from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.families.decode import decode, read

from .references import assert_same, card_of

SIDE, CLASSES, LOW = 320, 3, 0.01
SIZE = (SIDE, SIDE)
THREE, FOUR = 2100, 2125  # cells of strides 8, 16, 32, and with 64

Arrays = dict[str, NDArray[Any]]


def scene(count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return boxes (count, 4), jittered around 60 objects, and scores (count, classes)."""
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, SIDE * 0.8, (60, 2))
    objects = np.concatenate([corner, corner + rng.uniform(12, 60, (60, 2))], 1)
    boxes = objects[rng.integers(0, 60, count)] + rng.normal(0, 3, (count, 4))
    scores = rng.uniform(0, 1, (count, CLASSES)) ** 6
    return np.clip(boxes, 0, SIDE).astype(np.float32), scores.astype(np.float32)


def centred(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], 1)


def overlaps(box: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = sides.clip(0).prod(1)
    areas = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(1)
    result: NDArray[np.float32] = shared / (areas - shared)
    return result


def expected(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], iou: float, *, many: bool
) -> Detections:
    """Return what an evaluation with these rules finds."""

    def candidates() -> Iterator[tuple[float, int, int]]:
        for row, every in enumerate(scores):
            for label in range(CLASSES) if many else [int(every.argmax())]:
                if every[label] >= LOW:
                    yield float(every[label]), row, label

    kept: list[tuple[float, int, int]] = []
    for score, row, label in sorted(candidates(), key=lambda one: -one[0]):
        rivals = boxes[[other for _, other, name in kept if name == label]]
        if not (overlaps(boxes[row], rivals) > iou).any():
            kept.append((score, row, label))
    xyxy = clip(boxes[[row for _, row, _ in kept]], *SIZE)
    seen = area(xyxy) > 0
    return Detections(
        xyxy[seen],
        np.array([score for score, _, _ in kept], np.float32)[seen],
        np.array([label for _, _, label in kept], np.int32)[seen],
    )


def thorough(outputs: Arrays, card: ModelCard) -> Detections:
    iou = families.overlap(card, thorough=True)
    return decode(read(outputs, card, thorough=True), card, SIZE, threshold=LOW, iou=iou)


def yolov8(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> Arrays:
    return {"output0": np.concatenate([centred(boxes), scores], 1).T[None]}


def with_objectness(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> Arrays:
    ones = np.ones((len(boxes), 1), np.float32)
    return {"output": np.concatenate([centred(boxes), ones, scores], 1)[None]}


def picodet(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> Arrays:
    return {"boxes": boxes[None], "scores": scores.T[None]}


CASES = [
    ("yolov8", THREE, yolov8, {}, 0.7, True),
    ("yolov5", THREE, with_objectness, {}, 0.65, True),
    ("yolox", THREE, with_objectness, {"decoded": True}, 0.65, False),
    ("picodet", FOUR, picodet, {}, 0.6, True),
    ("nanodet", FOUR, picodet, {}, 0.6, True),
]


@pytest.mark.parametrize(
    ("family", "count", "outputs", "options", "iou", "many"), CASES, ids=[case[0] for case in CASES]
)
def test_a_thorough_reading_is_that_of_the_authors_evaluation(
    family: str, count: int, outputs: Any, options: dict[str, Any], iou: float, *, many: bool
) -> None:
    boxes, scores = scene(count)

    found = thorough(outputs(boxes, scores), card_of(family, SIZE, CLASSES, **options))

    wanted = expected(boxes, scores, iou, many=many)
    assert len(wanted) > 300  # more than the live page reads
    assert_same(found, wanted, tolerance=0.02)


def test_a_live_reading_stays_within_the_rows_of_the_card_and_names_a_box_once() -> None:
    card = card_of("yolov8", SIZE, CLASSES)
    boxes, scores = scene(THREE)

    rows = read(yolov8(boxes, scores), card)

    assert len(rows.scores) == card.top == 300
    best = np.sort(scores.max(1))[::-1][:300]
    np.testing.assert_array_equal(rows.scores, best)
    assert families.overlap(card) == card.iou


def test_a_box_of_two_classes_keeps_its_key_points_in_both() -> None:
    card = card_of("yolov8", SIZE, 2, points=1, extra=3)
    row = np.array([100, 60, 40, 20, 0.9, 0.8, 90, 70, 0.5], np.float32)
    outputs = np.zeros((1, 9, THREE), np.float32)
    outputs[0, :, 5] = row

    found = thorough({"output0": outputs}, card)

    assert found.class_id.tolist() == [0, 1]
    np.testing.assert_allclose(found.xyxy, [[80, 50, 120, 70]] * 2, atol=1e-3)
    np.testing.assert_allclose(found.data["keypoints"], [[[90, 70, 0.5]]] * 2, atol=1e-3)


def test_a_family_without_published_rules_keeps_the_overlap_of_its_card() -> None:
    card = card_of("fastestdet", SIZE, CLASSES)

    assert families.overlap(card, thorough=True) == card.iou
    assert not families.spec(card, thorough=True).many
