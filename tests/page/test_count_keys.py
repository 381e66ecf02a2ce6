"""Drawing and editing lines and zones with the keyboard."""

from __future__ import annotations

import pytest

from obscura.counting import Line, Shapes, Zone
from obscura.page.features.count import words
from obscura.page.features.count.grips import Grip

from .count_desk import LINE, MIRROR, VIEW, ZONE, Desk, near, points


def test_escape_gives_up_a_draft_then_the_selection_then_is_left_to_others() -> None:
    desk = Desk(LINE)
    desk.draw("zone")
    desk.tap((100, 100), (300, 100))

    assert desk.keys("Escape") == [True]
    assert (desk.drawing, desk.draft) == ("", [])
    desk.keys("Tab")
    assert desk.keys("Escape", "Escape") == [True, False]
    assert desk.chosen is None


def test_a_line_is_drawn_with_the_keyboard() -> None:
    desk = Desk()
    desk.draw("line")
    desk.keys(*["ArrowLeft"] * 10, shift=True)
    desk.keys("Enter")
    desk.keys(*["ArrowRight"] * 20, shift=True)
    desk.keys("ArrowDown", "Enter")

    assert points(desk.shapes.lines[0]) == near(Line("x", (0.3, 0.5), (0.7, 0.502)))


def test_a_zone_is_drawn_with_the_keyboard() -> None:
    desk = Desk()
    desk.draw("zone")
    for arrow in ("ArrowLeft", "ArrowUp", "ArrowRight"):
        desk.keys(*[arrow] * 5, shift=True)
        desk.keys(" ")
    desk.keys("Enter")

    corners = points(desk.shapes.zones[0])
    assert corners == near(Zone("x", ((0.4, 0.5), (0.4, 0.4), (0.5, 0.4))))


def test_arrows_move_to_where_they_point_in_a_mirror_too() -> None:
    desk = Desk(LINE)
    desk.keys("Tab", "Enter", "ArrowRight")
    assert desk.shapes.lines[0].start == pytest.approx((0.202, 0.5))
    desk.keys("ArrowRight", view=MIRROR, shift=True)
    assert desk.shapes.lines[0].start == pytest.approx((0.182, 0.5))


def test_tab_goes_from_shape_to_shape_and_lets_the_focus_go_on() -> None:
    desk = Desk(LINE, zones=(ZONE,))
    visited = []
    while desk.key("Tab", VIEW):
        visited.append(desk.chosen)

    assert visited == [Grip("door"), Grip("yard")]
    assert desk.chosen is None
    desk.key("Tab", VIEW, shift=True)
    assert desk.chosen == Grip("yard")
    desk.keys("Enter", "Enter")
    desk.key("Tab", VIEW, shift=True)
    assert desk.chosen == Grip("door"), "also from one of its points"
    assert Desk().keys("Tab") == [False]


def test_enter_goes_through_the_points_of_the_selected_shape() -> None:
    desk = Desk(LINE, zones=(ZONE,))
    assert desk.keys("Enter") == [False], "nothing is selected"
    desk.keys("Tab")
    visited = []
    for _ in range(4):
        desk.key("Enter", VIEW)
        visited.append(desk.chosen)

    assert visited == [Grip("door", 0), Grip("door", 1), Grip("door"), Grip("door", 0)]
    desk.keys("Enter", "Enter", shift=True)
    assert desk.chosen == Grip("door", 1)


def test_delete_takes_a_corner_while_more_than_three_are_left() -> None:
    desk = Desk(zones=(ZONE,))
    desk.chosen = Grip("yard", 1)
    desk.keys("Delete")
    assert desk.shapes.zones[0].corners == (ZONE.corners[0], *ZONE.corners[2:])

    desk.chosen = Grip("yard", 1)
    desk.keys("Delete")
    assert desk.shapes == Shapes()
    assert desk.keys("Delete") == [False]


def test_backspace_takes_back_a_corner_and_then_the_draft() -> None:
    desk = Desk()
    desk.draw("zone")
    desk.tap((100, 100), (300, 100))
    desk.keys("Backspace")
    assert len(desk.draft) == 1
    desk.keys("Backspace", "Backspace")
    assert desk.drawing == ""


def test_a_screen_reader_is_told_where_keys_have_moved_a_point() -> None:
    desk = Desk(LINE)
    desk.keys("Tab", "Enter", "Enter")
    assert words.where(desk) == "door, point 2 at 80% across, 50% down"
    desk.keys("ArrowDown", shift=True)
    assert words.where(desk) == "door, point 2 at 80% across, 52% down"
    desk.draw("line")
    desk.keys("ArrowUp", shift=True)
    assert words.where(desk) == "Start at 50% across, 48% down"
    desk.keys("Enter", "ArrowLeft")
    assert words.where(desk) == "End at 50% across, 48% down"
    desk.draw("zone")
    desk.keys("ArrowUp", "Enter", "ArrowUp")
    assert words.where(desk).startswith("Corner 2 at")
    desk.keys("Escape", "Tab")
    assert words.where(desk) == "door selected"
