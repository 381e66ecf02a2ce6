"""Undo and redo of edits of lines and zones, and edits that are refused."""

from __future__ import annotations

import pytest

from obscura.counting import Line, Shapes, ShapesError
from obscura.counting.shapes import MOST_SHAPES
from obscura.page.features.count.grips import Grip
from obscura.page.features.count.undo import MOST_UNDO, Act, command_of

from .count_desk import LINE, VIEW, ZONE, Desk


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
    desk.keys("Enter", "ArrowUp")
    desk.undo()
    assert desk.shapes.lines[0].start == pytest.approx((0.2, 0.44))
    desk.undo()
    assert desk.shapes.lines == (LINE,)


@pytest.mark.parametrize(
    ("key", "control", "shift", "command"),
    [
        ("z", True, False, "undo"),
        ("Z", True, False, "undo"),  # with Caps Lock
        ("Z", True, True, "redo"),
        ("y", True, False, "redo"),
        ("z", False, False, ""),
        ("y", True, True, ""),
        ("a", True, False, ""),
    ],
)
def test_undo_and_redo_have_the_keys_that_they_have_elsewhere(
    key: str, control: bool, shift: bool, command: str
) -> None:
    assert command_of(key, control=control, shift=shift) == command


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
    seen: list[Grip | None] = []
    desk.on_told = lambda: seen.append(desk.chosen)
    desk.rename("door", "gate")

    assert desk.chosen == Grip("gate", 1)
    assert seen == [desk.chosen], "also for who is told of the edit"


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


def test_an_edit_during_a_drag_ends_the_drag_and_both_are_undone_at_once() -> None:
    desk = Desk(LINE)
    desk.press((500, 500), VIEW)
    desk.move((500, 300), VIEW)
    desk.keys("Delete")
    assert not desk.move((500, 200), VIEW)
    desk.release((500, 200), VIEW)
    assert desk.shapes == Shapes()

    desk.undo()
    assert desk.shapes.lines == (LINE,)


def test_a_second_press_without_a_release_gives_up_the_drag() -> None:
    desk = Desk(LINE)
    desk.press((500, 500), VIEW)
    desk.move((500, 300), VIEW)
    desk.press((500, 500), VIEW)
    desk.release((500, 500), VIEW)

    assert desk.shapes.lines == (LINE,)
    assert not desk.undo()


def test_what_was_done_to_the_counts_is_undone_among_the_edits() -> None:
    desk = Desk(LINE)
    done: list[str] = []
    desk.reverse("door")
    reversed_ = desk.shapes
    desk.record(Act(lambda: done.append("back"), lambda: done.append("again")))
    desk.rename("door", "gate")

    assert desk.undo()
    assert (desk.shapes, done) == (reversed_, [])
    assert desk.undo()
    assert (desk.shapes, done) == (reversed_, ["back"])
    assert desk.undo()
    assert desk.shapes.lines == (LINE,)
    assert not desk.can_undo
    assert desk.redo()
    assert desk.redo()
    assert done == ["back", "again"]
    assert desk.can_redo
