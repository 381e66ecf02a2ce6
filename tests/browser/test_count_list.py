"""The list of lines and zones: what was counted, and the editor of the one that is selected."""

from __future__ import annotations

from typing import Any

import pytest

from .access import AXE, PHONE
from .conftest import OpenRoom
from .pictures import ROOT
from .room import Room
from .test_count import at
from .walks import DOOR, has, import_shapes, shapes_file, stored, walk

YARD = {
    "name": "Yard",
    "corners": [[0.1, 0.2], [0.9, 0.2], [0.9, 0.9], [0.1, 0.9]],
    "anchor": "centre",  # the feet of the person in the video are below it
}


def counting(room: Room) -> Room:
    """Start the camera, with a line and a zone."""
    room.open("?count=1").until_state("ready")
    room.start()
    room.at("count-line").wait_for(state="attached")
    room.page.wait_for_selector("#count-tools:not([hidden])", state="attached")
    import_shapes(room, shapes_file(DOOR, zones=[YARD]))
    has(room, 1, 1)
    return room


@pytest.fixture
def room(new_room: OpenRoom) -> Room:
    """A page that counts at a line and a zone."""
    return counting(new_room(cold=True))


def door(room: Room) -> dict[str, Any]:
    """Return the only line that is kept."""
    ((line,),) = [shapes["lines"] for shapes in stored(room).values()]
    return dict(line)


def select(room: Room, name: str) -> None:
    """Press a row of the list."""
    room.page.locator(".shape-row", has_text=name).click()


def test_a_row_opens_an_editor_of_name_colour_anchor_and_direction(room: Room) -> None:
    select(room, "Door")
    assert room.page.locator(".shape-row[aria-expanded=true]").count() == 1
    assert room.at("count-name").input_value() == "Door"

    room.at("count-name").fill("  Front door ")
    room.page.keyboard.press("Enter")
    room.at("count-colour").evaluate(
        "(input) => { input.value = '#00aa88'; input.dispatchEvent(new Event('change')); }"
    )
    room.at("count-anchor").select_option("foot")
    room.at("count-reverse").click()

    wanted = {**DOOR, "name": "Front door", "colour": "#00aa88", "anchor": "foot", "band": 0.15}
    assert door(room) == {**wanted, "start": DOOR["end"], "end": DOOR["start"]}
    assert "Front door" in room.at("count-list").inner_text()
    dot = room.page.locator(".shape-row .dot").first
    assert dot.evaluate("(dot) => dot.style.backgroundColor") == "rgb(0, 170, 136)"
    for _ in range(4):
        room.at("count-undo").click()
    assert door(room) == {**DOOR, "colour": "", "band": 0.15}


def test_a_name_that_is_taken_is_refused_beside_it_and_typing_goes_on(room: Room) -> None:
    select(room, "Door")
    room.at("count-name").fill("Yard")
    room.page.keyboard.press("Enter")

    assert "called “Yard”. Choose another name." in room.at("count-error").inner_text()
    assert room.at("count-name").get_attribute("aria-invalid") == "true"
    assert door(room)["name"] == "Door"
    room.at("count-name").fill("")
    room.page.keyboard.press("Tab")
    assert "1 to 80 letters" in room.at("count-error").inner_text()
    room.at("count-name").fill("Gate")
    room.page.keyboard.press("Enter")
    assert room.at("count-error").inner_text() == ""
    assert door(room)["name"] == "Gate"


def test_a_zone_has_no_direction_and_goes_with_delete(room: Room) -> None:
    select(room, "Yard")
    assert not room.at("count-reverse").is_visible()
    room.at("count-delete").focus()
    room.page.keyboard.press("Enter")

    has(room, 1, 0)
    focused = room.page.evaluate("() => document.activeElement.textContent")
    assert focused.startswith("Door"), "the focus is in the list, not lost"
    room.at("count-undo").click()
    has(room, 1, 1)


def test_everything_is_reached_by_keys_alone(room: Room) -> None:
    page = room.page
    room.at("count-zone").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Exit")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("m")  # for "Middle"; also the key of the models page, outside of fields
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert door(room)["name"] == "Exit"
    assert door(room)["anchor"] == "centre"
    assert door(room)["start"] == DOOR["end"]
    assert not room.at("models-dialog").is_visible()


def test_buttons_that_would_do_nothing_are_disabled(new_room: OpenRoom) -> None:
    room = new_room(cold=True).open("?count=1")
    room.until_state("ready")
    room.start()
    room.at("count-line").wait_for(state="visible")
    for name in ("undo", "redo", "clear", "export"):
        assert room.at(f"count-{name}").is_disabled(), name
    assert room.at("count-form").is_hidden()

    import_shapes(room, shapes_file(DOOR))
    has(room, 1, 0)
    enabled = [name for name in ("undo", "redo", "export") if room.at(f"count-{name}").is_enabled()]
    assert enabled == ["undo", "export"]
    room.at("count-undo").click()
    has(room, 0, 0)
    assert room.at("count-undo").is_disabled()
    assert room.page.evaluate("() => document.activeElement.id") == "count-redo"


def test_trails_are_offered_only_while_objects_are_tracked(room: Room) -> None:
    assert room.at("trails").is_visible()
    room.at("track").uncheck()

    room.at("trails").wait_for(state="hidden")


def test_drawing_by_touch_says_what_to_do_and_can_be_finished_and_given_up(
    new_room: OpenRoom,
) -> None:
    room = counting(new_room(**PHONE))
    for button, wanted in (("count-cancel", 1), ("count-finish", 2)):
        room.at("panel-toggle").click()
        room.at("count-zone").click()
        room.page.wait_for_function(
            "() => !document.getElementById('panel').classList.contains('open')"
        )
        assert "press at each corner" in room.at("count-hint").inner_text()
        for corner in ((0.3, 0.4), (0.7, 0.4), (0.7, 0.7)):
            assert not room.at("count-finish").is_visible(), "it has three corners at least"
            room.page.touchscreen.tap(*at(room, *corner))
            room.page.wait_for_timeout(400)  # two taps in a row are a double tap
        room.at(button).click()
        has(room, 1, wanted)
        assert room.at("count-hint").is_hidden()


@pytest.mark.parametrize("options", [{}, PHONE, {"color_scheme": "dark"}])
def test_list_and_editor_have_no_serious_fault_of_access(
    new_room: OpenRoom, options: dict[str, Any]
) -> None:
    room = counting(new_room(**options) if options else new_room(cold=True))
    if options is PHONE:
        room.at("panel-toggle").click()
    select(room, "Door")
    room.at("count-name").fill("Yard")
    room.page.keyboard.press("Enter")
    axe = ROOT / "node_modules" / "axe-core" / "axe.min.js"
    room.page.evaluate(axe.read_text(encoding="utf-8"))

    assert room.page.evaluate(AXE) == []


# ---- counts --------------------------------------------------------------------------------------


def totals(room: Room) -> dict[str, Any]:
    """Return what was counted at the door."""
    counts: dict[str, Any] = room.snapshot()["counts"]["lines"]["Door"]
    return counts


@pytest.fixture
def walked(new_room: OpenRoom) -> Room:
    """A page in which the person of a video has come in and been in the yard, and the video is
    paused."""
    room = new_room(cold=True).open("?count=1&backend=wasm&model=cocossd")
    room.until_state("ready")
    room.give(walk(), "walk.webm", "video/webm")
    room.until_live()
    room.page.wait_for_selector("#count-tools:not([hidden])")
    import_shapes(room, shapes_file(DOOR, zones=[YARD]))
    room.until(
        "now.counts?.lines.Door?.in.person >= 1 && now.counts.zones.Yard.entered.person >= 1"
    )
    room.at("pause").click()
    room.until_state("paused")
    return room


def test_counts_survive_seeking_pausing_another_model_and_the_same_video_again(
    walked: Room,
) -> None:
    room, before = walked, totals(walked)
    assert f"in {sum(before['in'].values())} · out 0" in room.at("count-list").inner_text()
    room.choose("centernet-320")
    assert totals(room) == before
    room.page.locator("#video-bar input[type=range]").fill("0")
    room.until("now.state === 'paused'")
    assert totals(room) == before, "going back is no crossing"
    room.choose("cocossd")
    room.at("pause").click()
    now = room.until(f"now.counts.lines.Door.in.person > {before['in']['person']}")
    assert now["counts"]["lines"]["Door"]["out"] == {}

    before = totals(room)
    room.give(walk(), "walk.webm", "video/webm")
    room.until(f"now.counts.lines.Door.in.person > {before['in']['person']}")


def test_counts_of_another_video_are_its_own_and_come_back(walked: Room) -> None:
    room, before = walked, walked.snapshot()["counts"]
    room.give(walk(), "other.webm", "video/webm")
    room.until("Object.keys(now.counts.lines).length === 0")
    room.give(walk(), "walk.webm", "video/webm")

    now = room.until("now.counts.lines.Door")["counts"]
    assert now["lines"]["Door"]["in"]["person"] >= before["lines"]["Door"]["in"]["person"]
    entered = before["zones"]["Yard"]["entered"]["person"]
    assert now["zones"]["Yard"]["entered"]["person"] >= entered >= 1


def test_a_reset_of_the_counts_can_be_undone(walked: Room) -> None:
    room, before = walked, totals(walked)
    room.at("count-clear").click()
    assert totals(room) == {"in": {}, "out": {}}
    assert "Undo brings them back" in room.at("count-note").inner_text()
    assert room.at("count-clear").is_disabled()
    room.at("count-undo").click()

    assert totals(room) == before


def test_a_line_that_is_deleted_comes_back_with_its_counts(walked: Room) -> None:
    room, before = walked, totals(walked)
    select(room, "Door")
    room.at("count-delete").click()
    has(room, 0, 1)
    room.at("count-undo").click()

    assert totals(room) == before
    select(room, "Door")
    room.at("count-reverse").click()
    assert totals(room) == {"in": before["out"], "out": before["in"]}
