"""Placement: where a picture and its boxes lie in the view, against a slow and plain reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obscura.page.stage.placement import MOST_ZOOM, Zoom, limited, place, zoomed

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

    lying = place(view, source, mirrored=mirrored).to_view(boxes)

    expected = []
    for x1, y1, x2, y2 in boxes.tolist():
        xs, ys = zip(
            where(view, source, x1, y1, mirrored=mirrored),
            where(view, source, x2, y2, mirrored=mirrored),
            strict=True,
        )
        expected.append([min(xs), min(ys), max(xs), max(ys)])
    assert lying.dtype == np.float32
    np.testing.assert_allclose(lying, expected, rtol=1e-5, atol=1e-2)


@FIXED
@given(view=SIZES, source=SIZES, mirrored=st.booleans())
def test_the_whole_picture_fills_its_place_and_touches_two_edges_of_the_view(
    view: tuple[int, int], source: tuple[int, int], mirrored: bool
) -> None:
    placed = place(view, source, mirrored=mirrored)

    whole = placed.to_view(np.array([[0, 0, *source]], np.float32))
    np.testing.assert_allclose(
        whole, [[placed.left, placed.top, placed.right, placed.bottom]], rtol=1e-5, atol=1e-2
    )
    assert placed.left == pytest.approx(0, abs=1e-6) or placed.top == pytest.approx(0, abs=1e-6)
    assert placed.left == pytest.approx(view[0] - placed.right, abs=1e-6)
    assert placed.top == pytest.approx(view[1] - placed.bottom, abs=1e-6)
    assert placed.scale == pytest.approx(min(view[0] / source[0], view[1] / source[1]))


@FIXED
@given(view=SIZES, source=SIZES, shares=BOXES)
def test_a_mirrored_box_mirrored_in_the_view_is_the_box(
    view: tuple[int, int],
    source: tuple[int, int],
    shares: list[tuple[float, float, float, float]],
) -> None:
    boxes = np.sort(np.array(shares, np.float32).reshape(-1, 2, 2), axis=1).reshape(-1, 4)
    boxes *= np.array([*source, *source], np.float32)

    plain = place(view, source).to_view(boxes)
    mirrored = place(view, source, mirrored=True).to_view(boxes)

    mirrored[:, [0, 2]] = view[0] - mirrored[:, [2, 0]]
    np.testing.assert_allclose(mirrored, plain, rtol=1e-4, atol=2e-2)


@pytest.mark.parametrize("mirrored", [False, True])
def test_boxes_of_the_source_are_left_as_they_are(mirrored: bool) -> None:
    boxes = np.array([[10, 20, 30, 40]], np.float32)

    place((300, 300), (100, 100), mirrored=mirrored).to_view(boxes)

    assert boxes.tolist() == [[10, 20, 30, 40]]


def test_no_boxes_are_no_boxes() -> None:
    assert place((300, 200), (100, 100)).to_view(np.empty((0, 4), np.float32)).shape == (0, 4)


@FIXED
@given(view=SIZES, source=SIZES, mirrored=st.booleans())
def test_a_picture_that_fills_covers_the_view_and_touches_two_edges(
    view: tuple[int, int], source: tuple[int, int], mirrored: bool
) -> None:
    """By the words of CSS for `object-fit: cover`."""
    placed = place(view, source, mirrored=mirrored, fill=True)

    assert placed.left <= 1e-6
    assert placed.top <= 1e-6
    assert placed.left == pytest.approx(0, abs=1e-6) or placed.top == pytest.approx(0, abs=1e-6)
    assert placed.right == pytest.approx(view[0] - placed.left, abs=1e-6)
    assert placed.bottom == pytest.approx(view[1] - placed.top, abs=1e-6)
    assert placed.scale == pytest.approx(max(view[0] / source[0], view[1] / source[1]))


POINTS = st.tuples(st.floats(0, 1), st.floats(0, 1))
ZOOMS = st.builds(Zoom, st.floats(1, MOST_ZOOM), st.floats(-500, 500), st.floats(-500, 500))


@FIXED
@given(view=SIZES, source=SIZES, at=POINTS, zoom=ZOOMS, mirrored=st.booleans(), fill=st.booleans())
def test_a_point_of_the_source_is_found_again_where_it_is_seen(
    view: tuple[int, int],
    source: tuple[int, int],
    at: tuple[float, float],
    zoom: Zoom,
    mirrored: bool,
    fill: bool,
) -> None:
    x, y = at[0] * source[0], at[1] * source[1]
    placed = place(view, source, mirrored=mirrored, fill=fill, zoom=zoom)

    seen = placed.to_view(np.array([[x, y, x, y]], np.float32))[0].tolist()

    tolerance = 1e-3 * (1 + max(source))
    assert placed.to_source(seen[0], seen[1]) == pytest.approx((x, y), abs=tolerance)


@FIXED
@given(
    view=SIZES, source=SIZES, at=POINTS, zoom=ZOOMS, factor=st.floats(0.1, 10), fill=st.booleans()
)
def test_what_lies_under_the_finger_stays_there(
    view: tuple[int, int],
    source: tuple[int, int],
    at: tuple[float, float],
    zoom: Zoom,
    factor: float,
    fill: bool,
) -> None:
    finger = (at[0] * view[0], at[1] * view[1])
    before = place(view, source, fill=fill, zoom=zoom).to_source(*finger)

    after = place(view, source, fill=fill, zoom=zoomed(zoom, factor, finger, view))

    assert after.to_source(*finger) == pytest.approx(before, rel=1e-6, abs=1e-6 * max(source))


@FIXED
@given(view=SIZES, source=SIZES, zoom=ZOOMS, fill=st.booleans())
def test_panning_ends_at_the_edges_of_the_picture(
    view: tuple[int, int], source: tuple[int, int], zoom: Zoom, fill: bool
) -> None:
    placed = place(view, source, fill=fill, zoom=limited(zoom, view, source, fill=fill))

    for low, high, side in (
        (placed.left, placed.right, view[0]),
        (placed.top, placed.bottom, view[1]),
    ):
        if high - low >= side:
            assert low <= 1e-6 * side + 1e-6
            assert high >= side - 1e-6 * side - 1e-6
        else:
            assert (low + high) / 2 == pytest.approx(side / 2)


def test_zoom_stays_between_the_whole_picture_and_the_most() -> None:
    assert zoomed(Zoom(), 0.5, (10, 10), (100, 100)).scale == 1
    assert zoomed(Zoom(), 1000, (10, 10), (100, 100)).scale == MOST_ZOOM
