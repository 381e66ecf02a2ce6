"""Covered pixels hold nothing, or at most the means of a small grid, of what was there."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from obscura.redaction.paint import CELLS, HOWS, How, bounds, paint

BOX = np.array([[10.2, 5.9, 49.1, 70.5]], np.float32)
INSIDE = (slice(5, 71), slice(10, 50))


def noise(seed: int = 1, channels: int = 3) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (80, 90, channels), np.uint8)


def covered(pixels: NDArray[np.uint8], how: How, **options: object) -> NDArray[np.uint8]:
    after = pixels.copy()
    paint(after, BOX, how, **options)  # type: ignore[arg-type]
    return after


@pytest.mark.parametrize("how", HOWS)
def test_all_pixels_that_a_box_touches_are_covered_and_no_others(how: How) -> None:
    before, changed = noise(), np.zeros((80, 90), bool)
    for seed in range(3):  # a mean may be what was there; not of three pictures
        before = noise(seed)
        changed |= (covered(before, how) != before).any(axis=2)
    expected = np.zeros((80, 90), bool)
    expected[INSIDE] = True

    assert np.array_equal(changed, expected)


def test_fill_leaves_nothing() -> None:
    assert np.array_equal(covered(noise(1), "fill")[INSIDE], covered(noise(2), "fill")[INSIDE])
    assert (covered(noise(), "fill", colour=(1, 2, 3))[INSIDE] == (1, 2, 3)).all()


@pytest.mark.parametrize("how", ["blur", "pixelate"])
def test_what_is_left_is_decided_by_the_means_of_few_cells(how: How) -> None:
    # 66 x 40 pixels: cells of 8.25 pixels, 8 rows and 4 columns of them.
    rows, columns = 8, 4
    first = noise(1)
    second = first.copy()
    region = second[INSIDE]
    tops = [*(np.arange(rows) * 66 // rows), 66]
    lefts = [*(np.arange(columns) * 40 // columns), 40]
    for top, bottom in pairwise(tops):
        for left, right in pairwise(lefts):
            region[top:bottom, left:right] = region[top:bottom, left:right][::-1, ::-1]

    assert (first != second).any()
    assert np.array_equal(covered(first, how)[INSIDE], covered(second, how)[INSIDE])


@pytest.mark.parametrize("how", ["blur", "pixelate"])
def test_the_pictures_that_can_be_left_have_no_more_dimensions_than_the_grid_has_cells(
    how: How,
) -> None:
    grey = [noise(seed)[..., :1].repeat(3, axis=2) for seed in range(100)]
    left = np.array([covered(each, how)[INSIDE][..., 0].ravel() for each in grey], float)
    spread = np.linalg.svd(left - left.mean(axis=0), compute_uv=False)

    # The region is twice as wide as it is high. Beyond the means of its cells there is only the
    # rounding to whole brightnesses.
    cells = CELLS * CELLS // 2
    assert spread[cells - 1] > 60
    assert spread[cells] < (30 if how == "blur" else 1e-6)


@pytest.mark.parametrize("how", HOWS)
def test_neighbours_do_not_leak_into_a_covered_region(how: How) -> None:
    first = noise(1)
    second = noise(2)
    second[INSIDE] = first[INSIDE]

    assert np.array_equal(covered(first, how)[INSIDE], covered(second, how)[INSIDE])


def test_blur_grows_with_the_box() -> None:
    stripes = np.zeros((640, 640, 3), np.uint8)
    stripes[:, ::16] = 255  # far finer than the cells of the grid
    paint(stripes, np.array([[0, 0, 640, 640]], np.float32), "blur")

    assert np.ptp(stripes) <= 1


@pytest.mark.parametrize("how", HOWS)
def test_overlapping_boxes_leave_no_more_than_one(how: How) -> None:
    boxes = np.array([[0, 0, 60, 60], [1, 1, 61, 61], [0, 0, 60, 60]], np.float32)
    one, many = noise(), noise()
    paint(one, boxes[:1], how)
    paint(many, boxes, how)

    inside = many[1:60, 1:60].astype(float)
    assert inside.std() <= one[1:60, 1:60].astype(float).std() + 1


@pytest.mark.parametrize("how", HOWS)
def test_the_whole_picture_is_covered(how: How) -> None:
    whole, boxed = noise(), noise()
    paint(whole, BOX, how, whole=True)
    paint(boxed, np.array([[0, 0, 90, 80]], np.float32), how)

    assert np.array_equal(whole, boxed)
    assert whole.astype(float).std() < noise().std() / 4


@pytest.mark.parametrize("how", HOWS)
def test_covered_pixels_are_opaque(how: How) -> None:
    pixels = noise(channels=4)
    pixels[..., 3] = 0
    paint(pixels, BOX, how)

    assert (pixels[INSIDE][..., 3] == 255).all()
    assert pixels[..., 3].sum() == 255 * 66 * 40


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 1, 1),
        (89, 0, 90, 80),
        (-50, -50, 500, 3),
        (3.2, 4.1, 3.3, 4.2),
        (-np.inf, 0, np.inf, 9),
    ],
)
def test_boxes_of_any_size_are_covered(how: How, box: tuple[float, ...]) -> None:
    pixels = np.full((80, 90, 3), 200, np.uint8)
    paint(pixels, np.array([box], np.float32), how, colour=(200, 200, 200))

    assert (pixels == 200).all()


def test_boxes_outside_the_picture_are_left_out() -> None:
    boxes = np.array([[-9, 0, 0, 9], [90, 0, 99, 9], [5, 5, 5, 9], [9, 0, 2, 9]], np.float32)

    assert bounds(boxes, 90, 80) == []


def test_what_cannot_be_painted_is_refused() -> None:
    boxes = np.zeros((0, 4), np.float32)
    with pytest.raises(ValueError, match="wanted uint8"):
        paint(np.zeros((8, 8), np.uint8), boxes)
    with pytest.raises(ValueError, match="fill, blur, pixelate"):
        paint(noise(), boxes, "smear")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="NaN"):
        paint(noise(), np.array([[0, np.nan, 1, 1]], np.float32))


def test_a_grid_has_at_most_eight_cells_along_the_longer_side() -> None:
    pixels = noise()
    paint(pixels, np.array([[0, 0, 90, 80]], np.float32), "pixelate")

    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) <= CELLS * CELLS
