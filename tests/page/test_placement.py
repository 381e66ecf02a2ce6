"""Placement: where a picture and its boxes lie in the view, against a slow and plain reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obscura.page.stage.placement import contain

FIXED = settings(deadline=None, derandomize=True, database=None, max_examples=100)

SIDES = st.integers(1, 4000)
SIZES = st.tuples(SIDES, SIDES)
SHARES = st.floats(0, 1)
BOXES = st.lists(st.tuples(SHARES, SHARES, SHARES, SHARES), min_size=1, max_size=5)


def where(
    view: tuple[int, int], source: tuple[int, int], x: float, y: float, *, mirrored: bool
) -> tuple[float, float]:
    """Return where a point of the source is seen, by the words of CSS: the picture is as large as
    fits into the view, keeps its shape, and lies in the middle."""
    if mirrored:
        x = source[0] - x
    if source[0] * view[1] >= source[1] * view[0]:  # the picture is wider: bars above and below
        scale = view[0] / source[0]
        return x * scale, (view[1] - source[1] * scale) / 2 + y * scale
    scale = view[1] / source[1]
    return (view[0] - source[0] * scale) / 2 + x * scale, y * scale


@FIXED
@given(view=SIZES, source=SIZES, shares=BOXES, mirrored=st.booleans())
def test_boxes_lie_where_their_corners_are_seen(
    view: tuple[int, int],
    source: tuple[int, int],
    shares: list[tuple[float, float, float, float]],
    mirrored: bool,
) -> None:
    width, height = source
    boxes = np.array(
        [
            [min(a, b) * width, min(c, d) * height, max(a, b) * width, max(c, d) * height]
            for a, b, c, d in shares
        ],
        np.float32,
    )

    placed = contain(view, source, mirrored=mirrored).to_view(boxes)

    expected = []
    for x1, y1, x2, y2 in boxes.tolist():
        xs, ys = zip(
            where(view, source, x1, y1, mirrored=mirrored),
            where(view, source, x2, y2, mirrored=mirrored),
            strict=True,
        )
        expected.append([min(xs), min(ys), max(xs), max(ys)])
    assert placed.dtype == np.float32
    np.testing.assert_allclose(placed, expected, rtol=1e-5, atol=1e-2)


@FIXED
@given(view=SIZES, source=SIZES, mirrored=st.booleans())
def test_the_whole_picture_fills_its_place_and_touches_two_edges_of_the_view(
    view: tuple[int, int], source: tuple[int, int], mirrored: bool
) -> None:
    place = contain(view, source, mirrored=mirrored)

    whole = place.to_view(np.array([[0, 0, *source]], np.float32))
    np.testing.assert_allclose(
        whole, [[place.left, place.top, place.right, place.bottom]], rtol=1e-5, atol=1e-2
    )
    assert place.left == pytest.approx(0, abs=1e-6) or place.top == pytest.approx(0, abs=1e-6)
    assert place.left == pytest.approx(view[0] - place.right, abs=1e-6)
    assert place.top == pytest.approx(view[1] - place.bottom, abs=1e-6)
    assert place.scale == pytest.approx(min(view[0] / source[0], view[1] / source[1]))


@FIXED
@given(view=SIZES, source=SIZES, shares=BOXES)
def test_a_mirrored_box_mirrored_in_the_view_is_the_box(
    view: tuple[int, int],
    source: tuple[int, int],
    shares: list[tuple[float, float, float, float]],
) -> None:
    boxes = np.sort(np.array(shares, np.float32).reshape(-1, 2, 2), axis=1).reshape(-1, 4)
    boxes *= np.array([*source, *source], np.float32)

    plain = contain(view, source).to_view(boxes)
    mirrored = contain(view, source, mirrored=True).to_view(boxes)

    mirrored[:, [0, 2]] = view[0] - mirrored[:, [2, 0]]
    np.testing.assert_allclose(mirrored, plain, rtol=1e-4, atol=2e-2)


@pytest.mark.parametrize("mirrored", [False, True])
def test_boxes_of_the_source_are_left_as_they_are(mirrored: bool) -> None:
    boxes = np.array([[10, 20, 30, 40]], np.float32)

    contain((300, 300), (100, 100), mirrored=mirrored).to_view(boxes)

    assert boxes.tolist() == [[10, 20, 30, 40]]


def test_no_boxes_are_no_boxes() -> None:
    assert contain((300, 200), (100, 100)).to_view(np.empty((0, 4), np.float32)).shape == (0, 4)
