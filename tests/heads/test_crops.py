"""Crops: which part of a frame a head looks at."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from obscura.heads.crops import crop_boxes, moved, to_frame

SIZE = (640, 480)


def crop(box: list[float], shape: str = "box", margin: float = 0.0) -> list[float]:
    rows: list[list[float]] = crop_boxes(np.array([box], np.float32), shape, margin, SIZE).tolist()
    return rows[0]


def test_a_box_is_extended_to_whole_pixels() -> None:
    assert crop([10.4, 20.6, 99.2, 200.0]) == [10, 20, 100, 200]


def test_a_margin_is_in_sides_of_the_box() -> None:
    assert crop([100, 100, 200, 300], margin=0.1) == [90, 80, 210, 320]


def test_a_square_has_the_longer_side_and_the_same_centre() -> None:
    assert crop([100, 100, 200, 300], "square") == [50, 100, 250, 300]


def test_the_top_is_as_wide_as_the_person() -> None:
    assert crop([100, 100, 200, 400], "top") == [100, 100, 200, 200]


def test_the_top_of_someone_narrow_is_a_third_of_the_height() -> None:
    assert crop([100, 100, 130, 400], "top") == [65, 100, 165, 200]


def test_the_top_of_a_wide_box_is_all_of_it() -> None:
    assert crop([100, 100, 300, 200], "top") == [100, 100, 300, 200]


@pytest.mark.parametrize("shape", ["box", "square", "top"])
@pytest.mark.parametrize("margin", [0.0, 0.5, 2.0])
def test_crops_are_within_the_frame_and_contain_what_is_seen_of_the_box(
    shape: str, margin: float
) -> None:
    rng = np.random.default_rng(7)
    corners = rng.uniform(-100, 700, (500, 2, 2))
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1).astype(np.float32)

    crops = crop_boxes(boxes, shape, margin, SIZE)

    assert (crops >= 0).all()
    assert (crops[:, 2:] <= SIZE).all()
    assert (crops == np.round(crops)).all()
    for box, cut in zip(boxes, crops, strict=True):
        if shape != "top" and (cut[2:] > cut[:2]).all():
            seen = np.clip(box, 0, [*SIZE, *SIZE])
            assert (cut[:2] <= seen[:2]).all()
            assert (cut[2:] >= seen[2:]).all()


@pytest.mark.parametrize("shape", ["box", "square", "top"])
@pytest.mark.parametrize(
    "box",
    [[5, 5, 5, 9], [9, 9, 5, 5], [700, 0, 800, 50], [np.nan, 0, 9, 9], [0, 0, np.inf, 9]],
)
def test_what_is_not_a_part_of_the_frame_has_no_area(shape: str, box: list[float]) -> None:
    left, top, right, bottom = crop(box, shape, 0.2 if box[0] == 5 else 0.0)

    assert (right - left) * (bottom - top) == 0


def test_points_are_mapped_from_the_crop_to_the_frame() -> None:
    box = np.array([10, 20, 110, 220], np.float32)

    assert to_frame(box, np.array([[0, 0], [0.5, 1]])).tolist() == [[10, 20], [60, 220]]
    assert to_frame(box, np.array([[0, 0.5, 1, 1]])).tolist() == [[10, 120, 110, 220]]


def test_points_move_and_grow_with_their_box() -> None:
    old, new = np.array([0, 0, 10, 10.0]), np.array([100, 50, 120, 60.0])

    assert_allclose(moved(np.array([[5.0, 5.0]]), old, new), [[110, 55]])
    assert_allclose(moved(np.array([[5.0, 5.0]]), np.zeros(4), new), [[5, 5]])
