"""Lines and zones as files: exported, imported, dropped, and given by the address."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import FilePayload

from builder.serve import ISOLATION

from .conftest import OpenRoom
from .room import Room
from .walks import DOOR, has, import_shapes, shapes_file, stored, walk

GATE = {**DOOR, "name": "Gate", "start": [0.2, 0.5], "end": [0.8, 0.5]}


def camera(room: Room, query: str = "?count=1") -> Room:
    """Open the page, start the camera, and wait until it counts."""
    room.open(query).until_state("ready")
    room.start()
    room.page.wait_for_selector("#count-tools:not([hidden])")
    return room


@pytest.fixture
def room(new_room: OpenRoom) -> Room:
    """A page that counts at the camera."""
    return camera(new_room(cold=True, accept_downloads=True))


def names(room: Room) -> list[str]:
    """Return the names of the lines in view."""
    return list(room.snapshot()["counts"]["lines"])


def lines_kept(room: Room) -> list[str]:
    """Return the names of the lines that are stored."""
    return [line["name"] for shapes in stored(room).values() for line in shapes["lines"]]


def offer(room: Room, name: str, content: bytes) -> None:
    """Put a file beside the page."""
    room.page.route(
        f"{room.url}{name}",
        lambda route: route.fulfill(
            body=content, content_type="application/json", headers=ISOLATION
        ),
    )


def test_what_is_exported_can_be_imported(room: Room) -> None:
    import_shapes(room, shapes_file(DOOR, GATE))
    has(room, 2, 0)
    before = stored(room)
    with room.page.expect_download() as download:
        room.at("count-export").click()
    assert download.value.suggested_filename == "obscura-lines-and-zones.json"
    content = Path(download.value.path()).read_bytes()
    assert json.loads(content)["format"] == 1

    import_shapes(room, shapes_file(DOOR))
    has(room, 1, 0)
    import_shapes(room, shapes_file())
    room.until_text("count-note", "no lines and no zones. What you have drawn stays")
    has(room, 1, 0)
    import_shapes(room, content)
    has(room, 2, 0)
    assert stored(room) == before
    assert "2 lines imported. Undo brings back" in room.at("count-note").inner_text()


def test_import_opens_a_file_picker(room: Room) -> None:
    with room.page.expect_file_chooser() as chooser:
        room.at("count-import").click()
    file: FilePayload = {"name": "a.json", "mimeType": "", "buffer": shapes_file(DOOR)}
    chooser.value.set_files(files=[file])

    has(room, 1, 0)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"lines: door", "This is not valid JSON"),
        (b'["door"]', 'This is not a file of lines and zones. Its "format" has to be 1.'),
        (shapes_file({"name": "Door", "start": [0, 0]}), "'Door' has no \"end\". Add it."),
        (shapes_file(DOOR, DOOR), "Two shapes have the same name (Door). Give each its own name."),
        (b" " * 2_000_001, "This file is too large to be one of lines and zones."),
    ],
)
def test_a_bad_file_is_explained_and_nothing_is_lost(
    room: Room, content: bytes, sentence: str
) -> None:
    import_shapes(room, shapes_file(GATE))
    has(room, 1, 0)
    import_shapes(room, content)

    room.page.wait_for_function(
        "(text) => document.getElementById('count-note').textContent.includes(text)", arg=sentence
    )
    assert names(room) == lines_kept(room) == ["Gate"]


def test_a_file_that_is_dropped_is_imported(new_room: OpenRoom) -> None:
    room = new_room(cold=True).open()
    room.until_state("ready")
    room.start()
    room.give(shapes_file(DOOR), "door.json", "application/json", way="drop")

    has(room, 1, 0)
    assert room.at("count").is_checked()
    assert room.at("track").is_checked()
    room.give(b'{"format": 1, "lines": 7}', "bad.json", "application/json", way="drop")
    card = room.until_error("shapes")
    assert '"lines" is not a list. Write [ and ] around' in card
    assert "What was here before is unchanged." in card
    assert names(room) == ["Door"]


def test_a_file_that_is_dropped_before_the_camera_runs_is_used_then(new_room: OpenRoom) -> None:
    room = new_room(cold=True).open()
    room.until_state("ready")
    room.give(shapes_file(DOOR), "door.json", "application/json", way="drop")
    room.until_text("count-note", "used once the camera or a video runs")
    room.start()

    has(room, 1, 0)
    assert lines_kept(room) == ["Door"]


def test_a_file_of_the_address_counts_and_leaves_alone_what_was_drawn(room: Room) -> None:
    import_shapes(room, shapes_file(GATE))
    has(room, 1, 0)
    offer(room, "kiosk/door.json", shapes_file(DOOR))

    camera(room, "?shapes=./kiosk/door.json")
    has(room, 1, 0)
    assert names(room) == ["Door"]
    assert room.at("count").is_checked()
    assert room.at("track").is_checked()
    assert room.at("count-given").is_visible()
    room.page.locator(".shape-row").click()
    room.at("count-name").fill("Way in")
    room.page.keyboard.press("Enter")
    room.give(walk(), "walk.webm", "video/webm")
    room.until("now.counts?.lines['Way in']?.in.person >= 1")
    assert lines_kept(room) == ["Gate"]

    camera(room, "?count=1")
    has(room, 1, 0)
    assert names(room) == ["Gate"]


def test_lines_may_stand_in_the_address_itself(new_room: OpenRoom) -> None:
    text = quote(shapes_file(DOOR).decode())
    room = camera(new_room(cold=True), f"?shapes={text}")

    has(room, 1, 0)
    assert not stored(room)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("https://elsewhere.test/door.json", "is on another site"),
        ('{"format":1,"lines":[{"name":"Door"}]}', "'Door' has no \"start\". Add it."),
        ("./bad.json", "This is not valid JSON"),
    ],
)
def test_what_is_wrong_in_the_address_is_shown_on_a_card(
    new_room: OpenRoom, given: str, sentence: str
) -> None:
    room = new_room(cold=True)
    offer(room, "bad.json", b"lines: door")
    room.open(f"?shapes={quote(given)}")
    card = room.until_error("shapes-address")

    assert sentence in card
    assert "The lines and zones in the address can't be used" in card
    room.at("notice-dismiss").click()
    room.start()
    assert not room.at("count-given").is_visible()
    assert sentence in room.at("count-note").inner_text(), "also when the card is gone"


@pytest.mark.provokes("404")
def test_a_file_that_is_not_there_is_missed(new_room: OpenRoom) -> None:
    room = new_room(cold=True).open("?shapes=./nowhere.json")

    assert "There is no file of lines and zones at this address" in room.until_error(
        "shapes-address"
    )
