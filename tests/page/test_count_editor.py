"""Drawing and editing lines and zones with mouse and finger, and what is undone."""

from __future__ import annotations

import random

import pytest

from obscura.counting import Line, Shapes, Zone
from obscura.counting.shapes import MOST_CORNERS
from obscura.drawing import colour
from obscura.page.features.count.editor import ARROWS
from obscura.page.features.count.edits import all_shapes
from obscura.page.features.count.grips import FINGER, MOUSE, Grip, Hand, View, grips
from obscura.page.features.count.layer import shade_of
from obscura.page.stage.placement import Zoom, place

from .count_desk import LINE, MIRROR, SIZE, VIEW, ZONE, Desk, near, points


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
    assert desk.press((200, 520), VIEW, FINGER)
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


def test_a_press_beside_all_shapes_selects_nothing_and_is_left_to_others() -> None:
    desk = Desk(LINE)
    desk.keys("Tab")

    assert not desk.press((500, 100), VIEW)
    assert desk.chosen is None
    assert not desk.move((600, 100), VIEW)
    assert not desk.release((600, 100), VIEW)


@pytest.mark.parametrize("kind", ["line", "zone"])
def test_undo_while_something_is_drawn_gives_that_up_and_nothing_else(kind: str) -> None:
    desk = Desk()
    desk.draw("line")
    desk.tap((200, 300), (700, 400))
    before = desk.shapes
    desk.draw(kind)
    desk.tap((200, 500))

    assert desk.undo()
    assert (desk.drawing, desk.draft, desk.shapes) == (kind, [], before)
    assert desk.can_undo
    assert desk.undo()
    assert (desk.drawing, desk.shapes) == ("", before)
    assert desk.undo()
    assert desk.shapes == Shapes()


def test_a_drawing_that_has_begun_can_be_given_up_by_undo_where_nothing_else_was_done() -> None:
    desk = Desk()
    assert not desk.can_undo
    desk.draw("zone")

    assert desk.can_undo
    assert desk.undo()
    assert desk.drawing == ""
    assert not desk.can_undo


@pytest.mark.parametrize("seed", range(30))
def test_whatever_a_person_does_shapes_stay_in_the_picture_and_all_can_be_undone(seed: int) -> None:
    chance = random.Random(seed)
    desk = Desk(LINE, zones=(ZONE,))
    start = desk.shapes
    keys = [*ARROWS, "Tab", "Delete", "Backspace", "Enter", " ", "Escape", "a"]
    for _ in range(80):
        at = (chance.uniform(-100, 1100), chance.uniform(-100, 1100))
        view = chance.choice([VIEW, MIRROR])
        match chance.randrange(9):
            case 0:
                desk.draw(chance.choice(["line", "zone"]))
            case 1 | 2:
                desk.press(at, view, chance.choice([MOUSE, FINGER]))
            case 3 | 4:
                desk.move(at, view)
            case 5:
                desk.release(at, view)
            case 6:
                desk.double()
            case 7:
                chance.choice([desk.undo, desk.redo, desk.cancel])()
            case _:
                desk.key(chance.choice(keys), view, shift=chance.random() < 0.5)
        corners = [point for shape in all_shapes(desk.shapes) for point in points(shape)]
        assert all(-1e-6 <= value <= 1 + 1e-6 for corner in corners for value in corner)
        assert desk.chosen is None or desk.chosen in grips(desk.shapes)
    desk.cancel()
    while desk.undo():
        pass

    assert desk.shapes == start
    assert not desk.told or desk.told[-1] == start


@pytest.mark.parametrize(("hand", "close", "far"), [(MOUSE, 7, 10), (FINGER, 15, 19)])
def test_points_snap_to_the_edges_while_they_are_drawn(hand: Hand, close: int, far: int) -> None:
    for distance, snapped in ((close, 0.0), (far, far / 1000)):
        desk = Desk()
        desk.draw("line")
        for at in ((distance, 300), (700, 1000 - distance)):
            desk.press(at, VIEW, hand)
            desk.release(at, VIEW)
        line = Line("x", (snapped, 0.3), (0.7, 1 - snapped))
        assert points(desk.shapes.lines[0]) == near(line)


@pytest.mark.parametrize(("hand", "close", "far"), [(MOUSE, 7, 10), (FINGER, 15, 19)])
def test_a_dragged_point_snaps_to_the_edges(hand: Hand, close: int, far: int) -> None:
    for distance, snapped in ((close, 1.0), (far, 1 - far / 1000)):
        desk = Desk(LINE)
        desk.drag((800, 500), (1000 - distance, 500), hand=hand)
        assert desk.shapes.lines[0].end[0] == pytest.approx(snapped)


def test_a_dragged_shape_snaps_to_the_edge_that_is_near() -> None:
    desk = Desk(zones=(ZONE,))
    desk.drag((500, 750), (307, 846))
    assert points(desk.shapes.zones[0]) == near(
        Zone("x", ((0, 0.7), (0.6, 0.7), (0.6, 1.0), (0.0, 1.0)))
    )

    desk.drag((300, 850), (330, 820))
    assert points(desk.shapes.zones[0])[0] == pytest.approx((0.03, 0.67), abs=1e-5)


@pytest.mark.parametrize(("hand", "pixels"), [(MOUSE, 2), (FINGER, 7)])
def test_a_hand_that_trembles_while_it_selects_moves_nothing(hand: Hand, pixels: int) -> None:
    desk = Desk(LINE)
    desk.press((500, 500), VIEW, hand)
    desk.move((500 + pixels, 500), VIEW)
    desk.release((500 + pixels, 500), VIEW)

    assert desk.shapes.lines == (LINE,)
    assert desk.chosen == Grip("door")
    assert not desk.can_undo


def test_new_shapes_have_a_colour_of_their_own_that_stays() -> None:
    desk = Desk()
    for y in (200, 400, 600):
        desk.draw("line")
        desk.tap((200, y), (700, y))
    colours = [line.colour for line in desk.shapes.lines]
    assert len(set(colours)) == 3

    desk.chosen = Grip("Line 1")
    desk.remove()
    assert [line.colour for line in desk.shapes.lines] == colours[1:]
    desk.draw("line")
    desk.tap((200, 800), (700, 800))
    assert desk.shapes.lines[-1].colour == colours[0]


@pytest.mark.parametrize(("stem", "count"), [("line", 2), ("zone", 4)])
def test_a_new_shape_has_no_name_whose_counts_are_kept(stem: str, count: int) -> None:
    kept = {"Line 1", "Zone 1", "Zone 2"}
    desk = Desk(used_names=lambda: kept)
    corners = [(200, 200), (800, 200), (500, 700), (200, 200)]
    for _ in range(2):
        desk.draw(stem)
        desk.tap(*corners[: 2 if stem == "line" else 4])

    last = f"{stem.capitalize()} {count + (stem == 'line')}"
    assert [shape.name for shape in all_shapes(desk.shapes)][-1] == last
    assert not kept & {shape.name for shape in all_shapes(desk.shapes)}


def test_the_first_shapes_have_not_the_colours_of_people_bicycles_and_cars() -> None:
    desk = Desk()
    for y in (200, 400, 600, 800):
        desk.draw("line")
        desk.tap((200, y), (700, y))

    common = {colour(class_id) for class_id in range(3)}
    assert not common & {line.colour for line in desk.shapes.lines}
    assert not common & {shade_of(LINE, index) for index in range(4)}, "also where none is given"


def test_the_anchor_is_changed_and_had_back() -> None:
    desk = Desk(LINE, zones=(ZONE,))
    desk.set_anchor("door", "centre")
    desk.set_anchor("yard", "centre")
    assert desk.shapes.lines[0].anchor == desk.shapes.zones[0].anchor == "centre"
    desk.undo()
    desk.undo()

    assert desk.shapes == Shapes((LINE,), (ZONE,))


def test_a_zone_has_no_direction_to_reverse() -> None:
    desk = Desk(zones=(ZONE,))
    desk.reverse("yard")

    assert not desk.told


def test_a_whole_zone_is_removed_also_while_a_corner_is_selected() -> None:
    desk = Desk(zones=(ZONE,))
    desk.chosen = Grip("yard", 2)

    assert desk.remove()
    assert not desk.remove()
    assert desk.shapes == Shapes()
