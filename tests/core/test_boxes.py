"""Geometry: areas, overlaps, suppression, and the way into a model's input and back."""

from __future__ import annotations

import numpy as np
import pytest

from obscura.boxes import area, clip, fit, iou, nms

NAN = float("nan")


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def scores(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((1, 2, 4, 6), 12),  # 3 by 4
        ((0, 0, 0.5, 0.5), 0.25),  # any frame, 0..1 too
        ((1, 1, 1, 5), 0),  # no width
        ((4, 1, 1, 5), 0),  # runs backwards
        ((4, 5, 1, 1), 0),  # runs backwards twice: not a positive area
        ((0, 0, NAN, 5), 0),  # no place
    ],
)
def test_area(box: tuple[float, float, float, float], expected: float) -> None:
    assert area(boxes(box)).tolist() == [expected]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0, 0, 2, 2), (0, 0, 2, 2), 1),  # the same
        ((0, 0, 2, 2), (1, 0, 3, 2), 1 / 3),  # half of each shared
        ((0, 0, 4, 4), (1, 1, 3, 3), 1 / 4),  # one inside the other
        ((0, 0, 2, 2), (2, 0, 4, 2), 0),  # touching edges share nothing
        ((0, 0, 1, 1), (5, 5, 6, 6), 0),  # apart on both axes: two negatives are no overlap
        ((1, 1, 1, 1), (1, 1, 1, 1), 0),  # no area, not even with itself
        ((NAN, 0, 2, 2), (0, 0, 2, 2), 0),  # no place
    ],
)
def test_iou_of_two(
    a: tuple[float, float, float, float], b: tuple[float, float, float, float], expected: float
) -> None:
    assert iou(boxes(a), boxes(b)).item() == pytest.approx(expected)
    assert iou(boxes(b), boxes(a)).item() == pytest.approx(expected)


def test_iou_is_a_matrix_in_float32() -> None:
    matrix = iou(
        boxes((0, 0, 2, 2), (9, 9, 10, 10)), boxes((0, 0, 2, 2), (0, 0, 2, 1), (5, 5, 6, 6))
    )

    np.testing.assert_allclose(matrix, [[1, 0.5, 0], [0, 0, 0]])
    assert matrix.dtype == np.float32


def test_iou_with_no_boxes_is_an_empty_matrix() -> None:
    assert iou(boxes(), boxes((0, 0, 1, 1))).shape == (0, 1)


def test_clip_cuts_to_the_picture_and_leaves_what_is_inside() -> None:
    inside, outside = (10, 20, 30, 40), (-5, -5, 700, 500)

    clipped = clip(boxes(inside, outside), 640, 480)

    assert clipped.tolist() == [list(inside), [0, 0, 640, 480]]
    assert clipped.dtype == np.float32


def test_nms_keeps_the_best_of_an_overlapping_pair() -> None:
    kept = nms(boxes((0, 0, 10, 10), (1, 0, 11, 10), (50, 50, 60, 60)), scores(0.5, 0.9, 0.3), 0.5)

    assert kept.tolist() == [1, 2]
    assert kept.dtype == np.int64


def test_nms_lets_a_suppressed_box_suppress_nothing() -> None:
    # Each overlaps the next by 0.6; the second, which would have taken the third, is taken first.
    row = boxes((0, 0, 8, 1), (2, 0, 10, 1), (4, 0, 12, 1))

    assert nms(row, scores(0.9, 0.8, 0.7), 0.5).tolist() == [0, 2]


def test_nms_follows_a_long_chain() -> None:
    # The worst case for a rule applied to all at once: every box overlaps only its neighbours.
    left = np.arange(0, 100, 2, np.float32)
    chain = np.stack([left, 0 * left, left + 8, 0 * left + 1], axis=1)

    kept = nms(chain, np.linspace(1, 0.5, len(chain), dtype=np.float32), 0.5)

    assert kept.tolist() == list(range(0, 50, 2))


def test_nms_keeps_boxes_whose_overlap_is_just_the_threshold() -> None:
    assert nms(boxes((0, 0, 2, 1), (0, 0, 1, 1)), scores(0.9, 0.8), 0.5).tolist() == [0, 1]


def test_nms_ranks_equal_scores_by_index() -> None:
    assert nms(boxes((1, 0, 9, 9), (0, 0, 9, 9)), scores(0.5, 0.5), 0.5).tolist() == [0]


def test_nms_within_classes_lets_classes_overlap() -> None:
    same_place = boxes((0, 0, 9, 9), (0, 0, 9, 9), (0, 0, 9, 9))
    class_id = np.array([7, 3, 7], np.int32)

    assert nms(same_place, scores(0.7, 0.8, 0.9), 0.5, class_id).tolist() == [2, 1]


def test_nms_of_one_of_each_class_keeps_all_that_can_be_ranked() -> None:
    same_place = boxes((0, 0, 9, 9), (0, 0, 9, 9), (0, 0, 9, 9))
    class_id = np.array([7, 3, 5], np.int32)

    assert nms(same_place, scores(0.7, NAN, 0.9), 0.5, class_id).tolist() == [2, 0]


@pytest.mark.parametrize(
    ("box", "score"),
    [
        ((0, 0, 9, 9), NAN),  # cannot be ranked
        ((0, NAN, 9, 9), 0.9),  # cannot be placed
    ],
)
def test_nms_drops_rows_with_nan(box: tuple[float, float, float, float], score: float) -> None:
    assert nms(boxes(box, (0, 0, 9, 9)), scores(score, 0.1), 0.5).tolist() == [1]


def test_nms_keeps_boxes_without_area() -> None:
    assert nms(boxes((5, 5, 5, 5), (5, 5, 5, 5)), scores(0.9, 0.8), 0.5).tolist() == [0, 1]


def test_nms_of_nothing_is_nothing() -> None:
    assert nms(boxes(), scores(), 0.5).tolist() == []


@pytest.mark.parametrize(
    ("mode", "source", "target", "box", "expected"),
    [
        # each axis by itself
        ("stretch", (640, 480), (300, 300), (0, 0, 640, 480), (0, 0, 300, 300)),
        ("stretch", (640, 480), (320, 240), (64, 48, 128, 96), (32, 24, 64, 48)),
        # wide: bars above and below
        ("letterbox", (640, 480), (320, 320), (0, 0, 640, 480), (0, 40, 320, 280)),
        # tall: bars left and right
        ("letterbox", (480, 640), (320, 320), (0, 0, 480, 640), (40, 0, 280, 320)),
        # in the corner, bars to the right or below
        ("letterbox-corner", (640, 480), (320, 320), (0, 0, 640, 480), (0, 0, 320, 240)),
        ("letterbox-corner", (480, 640), (320, 320), (0, 0, 480, 640), (0, 0, 240, 320)),
        # an odd bar has its smaller half first, and the picture whole pixels
        ("letterbox", (640, 475), (320, 320), (0, 0, 640, 475), (0, 41, 320, 279)),
        # enlarged
        ("letterbox", (10, 5), (100, 100), (1, 1, 2, 2), (10, 35, 20, 45)),
    ],
)
def test_fit_there_and_back(
    mode: str,
    source: tuple[int, int],
    target: tuple[int, int],
    box: tuple[float, float, float, float],
    expected: tuple[float, float, float, float],
) -> None:
    placed = fit(mode, source, target)

    there = placed.to_input(boxes(box))
    back = placed.to_source(there)

    np.testing.assert_allclose(there, boxes(expected), atol=1e-4)
    np.testing.assert_allclose(back, boxes(box), atol=1e-3)
    assert there.dtype == back.dtype == np.float32


@pytest.mark.parametrize(
    ("mode", "source"),
    [
        ("crop", (640, 480)),  # no such mode
        ("stretch", (0, 480)),  # a video that has not started
    ],
)
def test_fit_refuses_what_it_cannot_mean(mode: str, source: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        fit(mode, source, (300, 300))


@pytest.mark.parametrize("classes", [3, 80])
def test_nms_of_many_boxes_of_several_classes_is_that_of_each_class(classes: int) -> None:
    random = np.random.default_rng(0)
    corners = random.uniform(0, 1, (700, 2))
    xyxy = np.concatenate([corners, corners + random.uniform(0.05, 0.4, (700, 2))], axis=1)
    xyxy, score = xyxy.astype(np.float32), random.uniform(0, 1, 700).astype(np.float32)
    class_id = random.integers(0, classes, 700).astype(np.int32)

    kept = nms(xyxy, score, 0.3, class_id).tolist()

    apart = []
    for each in range(classes):
        rows = np.flatnonzero(class_id == each)
        apart += rows[nms(xyxy[rows], score[rows], 0.3)].tolist()
    assert len(kept) < 690
    assert kept == sorted(apart, key=lambda row: -score[row])
