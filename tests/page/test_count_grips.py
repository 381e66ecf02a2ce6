"""What of a line or zone is pointed at, on the screen."""

from __future__ import annotations

import pytest

from obscura.counting import Line, Shapes, Zone
from obscura.page.features.count.grips import (
    FINGER,
    MOUSE,
    Grip,
    View,
    grips,
    hit,
    to_segment,
)
from obscura.page.stage.placement import Zoom, place

SIZE = (640, 480)
LINE = Line("door", (0.25, 0.5), (0.75, 0.5))
ZONE = Zone("yard", ((0.1, 0.6), (0.9, 0.6), (0.9, 0.95), (0.1, 0.95)))
SHAPES = Shapes((LINE,), (ZONE,))


def view(**options: object) -> View:
    return View(place((1280, 960), SIZE, **options), *SIZE)  # type: ignore[arg-type]


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("zoom", [Zoom(), Zoom(3.0, 100, -50)])
@pytest.mark.parametrize("fill", [False, True])
def test_a_point_of_the_view_maps_to_the_picture_and_back(
    mirrored: bool, zoom: Zoom, fill: bool
) -> None:
    seen = View(place((700, 900), SIZE, mirrored=mirrored, zoom=zoom, fill=fill), *SIZE)

    assert seen.shown(seen.relative((123.0, 456.0))) == pytest.approx((123, 456), abs=0.01)


def test_a_mirrored_picture_shows_its_left_on_the_right() -> None:
    assert view(mirrored=True).shown((0.25, 0.5)) == pytest.approx((960, 480))


def test_pixels_of_a_zoomed_view_span_less_of_the_picture() -> None:
    assert view().span(12.8) == pytest.approx((0.01, 12.8 / 960))
    assert view(zoom=Zoom(4.0)).span(12.8) == pytest.approx((0.0025, 3.2 / 960))


def test_an_end_is_hit_before_its_line() -> None:
    assert hit(SHAPES, (323, 484), view(), MOUSE.reach) == Grip("door", 0)
    assert hit(SHAPES, (957, 478), view(), MOUSE.reach) == Grip("door", 1)
    assert hit(SHAPES, (640, 484), view(), MOUSE.reach) == Grip("door")


def test_a_finger_hits_from_farther_away_than_a_mouse() -> None:
    beside = (320.0, 460.0)

    assert hit(SHAPES, beside, view(), MOUSE.reach) is None
    assert hit(SHAPES, beside, view(), FINGER.reach) == Grip("door", 0)


def test_a_line_ends_at_its_ends() -> None:
    assert hit(SHAPES, (300, 480), view(), MOUSE.reach) is None


def test_a_zone_is_hit_inside_and_on_its_last_edge_and_not_outside() -> None:
    assert hit(SHAPES, (640, 700), view(), MOUSE.reach) == Grip("yard")
    assert hit(SHAPES, (124, 700), view(), MOUSE.reach) == Grip("yard")
    assert hit(SHAPES, (110, 700), view(), MOUSE.reach) is None


def test_the_smaller_of_two_zones_is_hit() -> None:
    inner = Zone("inner", ((0.4, 0.7), (0.6, 0.7), (0.5, 0.9)))
    shapes = Shapes((), (ZONE, inner))

    assert hit(shapes, (640, 720), view(), MOUSE.reach) == Grip("inner")
    assert hit(shapes, (300, 720), view(), MOUSE.reach) == Grip("yard")


def test_of_two_points_in_one_place_that_of_the_chosen_shape_is_hit() -> None:
    twin = Line("twin", LINE.start, (0.5, 0.1))
    shapes = Shapes((LINE, twin))

    assert hit(shapes, (320, 480), view(), MOUSE.reach, "twin") == Grip("twin", 0)
    assert hit(shapes, (320, 480), view(), MOUSE.reach, "door") == Grip("door", 0)


def test_the_tab_order_has_each_shape_and_then_its_points() -> None:
    assert grips(Shapes((LINE,))) == [Grip("door"), Grip("door", 0), Grip("door", 1)]
    assert len(grips(SHAPES)) == 3 + 5


def test_the_distance_to_a_segment_is_to_its_nearest_point() -> None:
    assert to_segment((5, 3), (0, 0), (10, 0)) == 3
    assert to_segment((13, 4), (0, 0), (10, 0)) == 5
    assert to_segment((3, 4), (0, 0), (0, 0)) == 5
