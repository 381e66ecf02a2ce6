"""Drawing and editing lines and zones with mouse, finger and keys."""

from __future__ import annotations

import pytest

from obscura.counting import Line, Shapes, ShapesError, Zone
from obscura.counting.shapes import MOST_CORNERS, MOST_SHAPES
from obscura.page.features.count.editor import MOST_UNDO, Editor
from obscura.page.features.count.grips import TOUCH_REACH, Grip, View
from obscura.page.stage.placement import Zoom, place

SIZE = (500, 500)
VIEW = View(place((1000, 1000), SIZE), *SIZE)  # 1000 CSS pixels are the whole picture
MIRROR = View(place((1000, 1000), SIZE, mirrored=True), *SIZE)
LINE = Line("door", (0.2, 0.5), (0.8, 0.5))
ZONE = Zone("yard", ((0.2, 0.6), (0.8, 0.6), (0.8, 0.9), (0.2, 0.9)))


class Desk(Editor):
    """An editor, and what it has reported."""

    def __init__(self, *lines: Line, zones: tuple[Zone, ...] = ()) -> None:
        self.told: list[Shapes] = []
        super().__init__(Shapes(lines, zones), self.told.append)

    def tap(self, *at: tuple[float, float], view: View = VIEW) -> None:
        for point in at:
            self.move(point, view)
            self.press(point, view)
            self.release(point, view)

    def drag(self, start: tuple[float, float], end: tuple[float, float], view: View = VIEW) -> None:
        self.press(start, view)
        self.move(((start[0] + end[0]) / 2, (start[1] + end[1]) / 2), view)
        self.move(end, view)
        self.release(end, view)

    def keys(self, *keys: str, view: View = VIEW, shift: bool = False) -> list[bool]:
        return [self.key(key, view, shift=shift) for key in keys]


def near(shape: Line | Zone) -> object:
    points = (shape.start, shape.end) if isinstance(shape, Line) else shape.corners
    return [pytest.approx(point, abs=1e-5) for point in points]


def points(shape: Line | Zone) -> list[tuple[float, float]]:
    return [shape.start, shape.end] if isinstance(shape, Line) else list(shape.corners)


def test_a_line_is_drawn_with_two_taps() -> None:
    desk = Desk()
    desk.draw("line")
    desk.tap((200, 300), (700, 400))

    (line,) = desk.shapes.lines
    assert line.name == "Line 1"
    assert points(line) == near(Line("x", (0.2, 0.3), (0.7, 0.4)))
    assert desk.drawing == ""
    assert desk.chosen == Grip("Line 1")
    assert desk.told == [desk.shapes]


def test_a_line_is_drawn_with_one_drag() -> None:
    desk = Desk()
    desk.draw("line")
    desk.drag((200, 300), (700, 400))

    assert points(desk.shapes.lines[0]) == near(Line("x", (0.2, 0.3), (0.7, 0.4)))


def test_in_a_mirror_a_line_is_where_it_was_drawn() -> None:
    desk = Desk()
    desk.draw("line")
    desk.tap((200, 300), (700, 400), view=MIRROR)

    assert points(desk.shapes.lines[0]) == near(Line("x", (0.8, 0.3), (0.3, 0.4)))


def test_in_a_zoomed_picture_a_line_is_where_it_was_drawn() -> None:
    desk = Desk()
    zoomed = View(place((1000, 1000), SIZE, zoom=Zoom(2.0)), *SIZE)
    desk.draw("line")
    desk.tap((100, 500), (900, 500), view=zoomed)

    assert points(desk.shapes.lines[0]) == near(Line("x", (0.3, 0.5), (0.7, 0.5)))


@pytest.mark.parametrize("closing", ["first corner", "Enter", "double tap"])
def test_a_zone_is_closed_in_three_ways(closing: str) -> None:
    desk = Desk()
    desk.draw("zone")
    desk.tap((200, 200), (800, 200), (500, 700))
    if closing == "first corner":
        desk.tap((203, 202))
    elif closing == "Enter":
        desk.keys("Enter")
    else:
        desk.tap((501, 700))
        desk.double()

    (zone,) = desk.shapes.zones
    assert points(zone) == near(Zone("x", ((0.2, 0.2), (0.8, 0.2), (0.5, 0.7))))
    assert desk.told == [desk.shapes]


def test_a_zone_of_two_corners_is_not_closed() -> None:
    desk = Desk()
    desk.draw("zone")
    desk.tap((200, 200), (800, 200), (200, 200))

    assert not desk.shapes.zones
    assert len(desk.draft) == 3  # back at the first corner is a corner while there are but two
    assert not Desk().finish()


def test_a_zone_closes_when_it_has_as_many_corners_as_it_may() -> None:
    desk = Desk()
    desk.draw("zone")
    desk.tap(*[(100 + 8.0 * n, 200 + 300 * (n % 2)) for n in range(MOST_CORNERS)])

    assert len(desk.shapes.zones[0].corners) == MOST_CORNERS


def test_points_snap_to_the_edges_and_stay_inside() -> None:
    desk = Desk()
    desk.draw("line")
    desk.tap((7, 300), (1040, 994))

    assert points(desk.shapes.lines[0]) == near(Line("x", (0, 0.3), (1, 1)))


def test_a_dragged_point_moves_alone_and_snaps() -> None:
    desk = Desk(LINE)
    desk.drag((800, 500), (994, 300))

    assert points(desk.shapes.lines[0]) == near(Line("x", (0.2, 0.5), (1, 0.3)))
    assert len(desk.told) == 1  # at the end of the drag, not all along


def test_a_dragged_shape_keeps_its_form_and_stays_in_the_picture() -> None:
    desk = Desk(zones=(ZONE,))
    desk.drag((500, 750), (450, 500))
    assert points(desk.shapes.zones[0])[0] == pytest.approx((0.15, 0.35), abs=1e-5)

    desk.drag((450, 500), (2000, 500))
    corners = points(desk.shapes.zones[0])
    assert max(x for x, _ in corners) == pytest.approx(1)
    assert min(x for x, _ in corners) == pytest.approx(0.4)


def test_a_finger_takes_hold_of_a_point_from_20_pixels_away() -> None:
    desk = Desk(LINE)

    assert not desk.press((200, 520), VIEW)
    assert desk.press((200, 520), VIEW, TOUCH_REACH)
    assert desk.chosen == Grip("door", 0)


def test_an_end_cannot_be_dragged_onto_the_other() -> None:
    line = Line("wall", (0.0, 0.5), (0.5, 0.5))
    desk = Desk(line)
    desk.drag((500, 500), (0, 500))

    (now,) = desk.shapes.lines
    assert now.start == line.start
    assert now.end != now.start


def test_escape_in_a_drag_puts_everything_back() -> None:
    desk = Desk(LINE)
    desk.press((500, 500), VIEW)
    desk.move((500, 200), VIEW)
    assert desk.shapes.lines[0] != LINE
    desk.keys("Escape")
    desk.release((500, 200), VIEW)

    assert desk.shapes.lines == (LINE,)
    assert desk.told == []


def test_escape_gives_up_a_draft_then_the_selection_then_is_left_to_others() -> None:
    desk = Desk(LINE)
    desk.draw("zone")
    desk.tap((100, 100), (300, 100))

    assert desk.keys("Escape") == [True]
    assert (desk.drawing, desk.draft) == ("", [])
    desk.keys("Tab")
    assert desk.keys("Escape", "Escape") == [True, False]
    assert desk.chosen is None


def test_a_press_beside_all_shapes_selects_nothing_and_is_left_to_others() -> None:
    desk = Desk(LINE)
    desk.keys("Tab")

    assert not desk.press((500, 100), VIEW)
    assert desk.chosen is None
    assert not desk.move((600, 100), VIEW)
    assert not desk.release((600, 100), VIEW)


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
    desk.keys("Tab", "Tab", "ArrowRight")
    assert desk.shapes.lines[0].start == pytest.approx((0.202, 0.5))
    desk.keys("ArrowRight", view=MIRROR, shift=True)
    assert desk.shapes.lines[0].start == pytest.approx((0.182, 0.5))


def test_tab_visits_every_grip_and_lets_the_focus_go_on() -> None:
    desk = Desk(LINE)
    visited = []
    while desk.key("Tab", VIEW):
        visited.append(desk.chosen)

    assert visited == [Grip("door"), Grip("door", 0), Grip("door", 1)]
    assert desk.chosen is None
    desk.key("Tab", VIEW, shift=True)
    assert desk.chosen == Grip("door", 1)
    assert Desk().keys("Tab") == [False]


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


def test_every_edit_is_undone_and_done_again() -> None:
    desk = Desk(LINE, zones=(ZONE,))
    states = [desk.shapes]
    desk.rename("door", " Entrance ")
    states.append(desk.shapes)
    desk.recolour("Entrance", "#ff0000")
    states.append(desk.shapes)
    desk.reverse("Entrance")
    states.append(desk.shapes)
    desk.drag((500, 500), (500, 300))
    states.append(desk.shapes)
    desk.load(Shapes())
    states.append(desk.shapes)

    line = states[3].lines[0]
    assert (line.name, line.colour, line.start) == ("Entrance", "#ff0000", LINE.end)
    assert len(set(states)) == 6
    for state in states[-2::-1]:
        assert desk.undo()
        assert desk.shapes == state
    assert not desk.undo()
    for state in states[1:]:
        assert desk.redo()
        assert desk.shapes == state
    assert not desk.redo()
    assert desk.told == [*states[1:], *states[-2::-1], *states[1:]]


def test_arrow_keys_in_a_row_are_one_edit_to_undo() -> None:
    desk = Desk(LINE)
    desk.keys("Tab", *["ArrowUp"] * 30)
    desk.keys("Tab", "ArrowUp")
    desk.undo()
    assert desk.shapes.lines[0].start == pytest.approx((0.2, 0.44))
    desk.undo()
    assert desk.shapes.lines == (LINE,)


def test_a_new_edit_ends_what_could_be_done_again() -> None:
    desk = Desk(LINE)
    desk.reverse("door")
    desk.undo()
    desk.rename("door", "gate")

    assert not desk.redo()


def test_undo_selects_nothing_that_is_not_there_any_more() -> None:
    desk = Desk()
    desk.draw("line")
    desk.tap((200, 300), (700, 400))
    desk.undo()

    assert desk.shapes == Shapes()
    assert desk.chosen is None


def test_the_history_is_bounded() -> None:
    desk = Desk(LINE)
    for _ in range(MOST_UNDO + 20):
        desk.reverse("door")
    undone = 0
    while desk.undo():
        undone += 1

    assert undone == MOST_UNDO


@pytest.mark.parametrize("name", ["yard", "  ", "x" * 81])
def test_a_bad_name_is_refused_and_changes_nothing(name: str) -> None:
    desk = Desk(LINE, zones=(ZONE,))
    with pytest.raises(ShapesError):
        desk.rename("door", name)

    assert desk.shapes == Shapes((LINE,), (ZONE,))
    assert not desk.undo()


def test_a_selected_shape_stays_selected_under_its_new_name() -> None:
    desk = Desk(LINE)
    desk.chosen = Grip("door", 1)
    desk.rename("door", "gate")

    assert desk.chosen == Grip("gate", 1)


def test_new_names_are_those_that_are_free() -> None:
    desk = Desk(Line("Line 1", (0.2, 0.9), (0.8, 0.9)))
    desk.draw("line")
    desk.tap((200, 300), (700, 400))

    assert desk.shapes.lines[1].name == "Line 2"


def test_there_are_no_more_shapes_than_there_may_be() -> None:
    desk = Desk(*[Line(f"{n}", (0.1, n / 200), (0.9, n / 200)) for n in range(MOST_SHAPES)])
    with pytest.raises(ShapesError):
        desk.draw("line")

    assert desk.drawing == ""
