"""Counting in the page: lines and zones drawn with mouse, finger and keys, and kept."""

from __future__ import annotations

from typing import Any

import pytest

from .access import PHONE
from .conftest import OpenRoom
from .room import Room
from .walks import has, stored


def at(room: Room, x: float, y: float) -> tuple[float, float]:
    """Return where a point of the view is, as fractions of it, in the page.

    As a hand would, it waits until the view stands still: while the panel of a phone slides away,
    the view grows, and a point that is measured meanwhile is somewhere else when it is touched.
    """
    room.at("view").element_handle().wait_for_element_state("stable")
    box = room.at("view").bounding_box()
    assert box is not None
    return box["x"] + box["width"] * x, box["y"] + box["height"] * y


def lines(room: Room) -> list[dict[str, Any]]:
    """Return the lines that are kept, of all cameras."""
    return [line for shapes in stored(room).values() for line in shapes["lines"]]


@pytest.fixture
def room(new_room: OpenRoom) -> Room:
    """A page that counts at the camera."""
    opened = new_room(cold=True).open()
    opened.until_state("ready")
    opened.start()
    opened.at("count").check()
    opened.at("count-line").wait_for(state="visible")
    return opened


def drag(room: Room, start: tuple[float, float], end: tuple[float, float]) -> None:
    mouse = room.page.mouse
    mouse.move(*at(room, *start))
    mouse.down()
    mouse.move(*at(room, *end), steps=4)
    mouse.up()


def test_counting_tracks_too_and_without_tracking_nothing_is_counted(room: Room) -> None:
    room.page.wait_for_function("() => document.getElementById('track').checked")

    room.at("track").uncheck()

    room.page.wait_for_function("() => !document.getElementById('count').checked")
    room.at("count-line").wait_for(state="hidden")
    assert room.at("count-needs").inner_text() == "Counting needs tracking, so it is off, too."
    room.at("track").check()
    room.until_text("count-needs", "^$")


def test_a_line_drawn_with_the_mouse_is_there_on_the_next_visit(room: Room) -> None:
    room.at("count-line").click()
    drag(room, (0.5, 0.9), (0.5, 0.2))

    has(room, 1, 0)
    assert "Line 1" in room.at("count-list").inner_text()
    (line,) = lines(room)
    assert line["start"][0] == pytest.approx(0.5, abs=0.02)
    assert line["start"][1] > line["end"][1]
    room.reload()
    room.until_state("ready")
    room.start()
    has(room, 1, 0)
    assert lines(room) == [line]


def test_what_was_drawn_can_be_moved_deleted_and_had_back(room: Room) -> None:
    room.at("count-line").click()
    drag(room, (0.4, 0.8), (0.4, 0.3))
    has(room, 1, 0)

    drag(room, (0.4, 0.55), (0.6, 0.55))
    (line,) = lines(room)
    ends = {round(line["start"][0], 1), round(line["end"][0], 1)}
    assert ends in ({0.6}, {0.4}), "moved by a fifth, in a mirror the other way"
    room.at("count-delete").click()
    has(room, 0, 0)
    room.at("count-undo").click()
    has(room, 1, 0)
    assert lines(room) == [line]


def test_a_zone_is_drawn_corner_by_corner(room: Room) -> None:
    room.at("count-zone").click()
    for corner in ((0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.3)):
        room.page.mouse.click(*at(room, *corner))

    now = has(room, 0, 1)
    assert now["counts"]["zones"] == {"Zone 1": {"inside": {}, "entered": {}, "left": {}}}


def test_a_line_is_drawn_moved_and_deleted_by_keys_alone(room: Room) -> None:
    room.page.keyboard.press("l")
    keys = ["Enter", *["Shift+ArrowUp"] * 5, "Enter"]
    room.page.wait_for_function("() => document.activeElement.id === 'overlay'")
    for key in keys:
        room.page.keyboard.press(key)
    has(room, 1, 0)
    (before,) = lines(room)

    room.page.keyboard.press("Shift+ArrowDown")

    (after,) = lines(room)
    assert after["start"][1] > before["start"][1]
    room.page.keyboard.press("Delete")
    has(room, 0, 0)
    room.page.keyboard.press("ControlOrMeta+z")
    has(room, 1, 0)
    room.page.keyboard.press("ControlOrMeta+y")
    has(room, 0, 0)


def test_escape_gives_up_a_drawing_wherever_the_focus_is_and_closes_a_dialog_alone(
    new_room: OpenRoom,
) -> None:
    room = new_room(**PHONE).open("?count=1")
    room.until_state("ready")
    room.start()
    room.at("panel-toggle").click()
    room.at("count-counts").click()
    room.page.wait_for_selector("#counts-dialog[open]")
    room.page.keyboard.press("Escape")
    room.page.wait_for_selector("#counts-dialog", state="hidden")
    room.ticks(5)
    assert "open" in (room.at("panel").get_attribute("class") or "").split()

    room.at("count-zone").click()
    room.at("count-hint").wait_for(state="visible")
    room.at("count-cancel").focus()
    room.page.keyboard.press("Escape")

    room.at("count-hint").wait_for(state="hidden")
    assert room.snapshot()["state"] == "running"


def test_a_finger_draws_a_line_on_a_phone(new_room: OpenRoom) -> None:
    room = new_room(**PHONE).open("?count=1")
    room.until_state("ready")
    room.start()
    room.page.keyboard.press("l")
    room.page.wait_for_function("() => document.activeElement.id === 'overlay'")

    for place in ((0.5, 0.7), (0.5, 0.3)):
        room.page.touchscreen.tap(*at(room, *place))
        room.page.wait_for_timeout(400)

    has(room, 1, 0)


def test_in_a_mirror_a_line_stays_with_what_is_in_the_picture(room: Room) -> None:
    room.at("count-line").click()
    drag(room, (0.3, 0.9), (0.3, 0.2))
    has(room, 1, 0)
    (line,) = lines(room)
    assert line["start"][0] == pytest.approx(0.7, abs=0.06), "drawn at the left, in a mirror"

    room.at("mirror").uncheck()
    room.page.keyboard.press("Escape")
    room.page.mouse.move(*at(room, 0.7, 0.5))
    drag(room, (0.7, 0.55), (0.6, 0.55))

    (moved,) = lines(room)
    assert moved["start"][0] == pytest.approx(line["start"][0] - 0.11, abs=0.02)
    assert moved["start"][1] == line["start"][1], "its direction is the same"
