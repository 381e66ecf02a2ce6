"""Several cameras side by side: each analysed, removed, lost; and never shown under the veil."""

from __future__ import annotations

import re

import pytest

from .conftest import OpenRoom
from .pictures import encode, sample
from .room import Room

SPY = """
globalThis.tracks = [];
if (globalThis.MediaDevices) {
  const ask = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = async function (wishes) {
    const stream = await ask.call(this, wishes);
    tracks.push(...stream.getTracks());
    return stream;
  };
}
"""


@pytest.fixture
def room(new_room: OpenRoom) -> Room:
    """The first of two cameras, live."""
    room = new_room("two cameras", init=SPY).open()
    room.until_state("ready")
    room.start()
    return room


def add(room: Room) -> None:
    room.at("add-camera").click()
    room.page.wait_for_function(
        "() => /\\d fps/.test(document.querySelector('.camera-head span')?.textContent)"
        " && !document.querySelector('.camera-head span').textContent.startsWith('0.0')"
    )


def test_a_second_camera_is_analysed_beside_the_first(room: Room) -> None:
    add(room)

    before = room.snapshot()["frames"]
    room.until(f"now.frames > {before + 3}")
    names = room.page.evaluate("() => tracks.map((track) => track.label)")
    assert len(set(names)) == 2
    view = room.page.locator(".camera-view")
    assert view.get_attribute("aria-label") == f"Further camera: {names[1]}"
    assert re.search(r"\d fps", view.inner_text())
    assert "since it was added" in view.inner_text()
    assert "not kept" in room.at("cameras-note").inner_text()
    assert room.at("add-camera").is_hidden(), "there are no more"
    boxes = [room.at("view").bounding_box(), view.bounding_box()]
    assert all(boxes)
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"] + 1
    assert room.page.evaluate("() => document.querySelectorAll('#video').length") == 1


def test_a_camera_is_removed_and_the_first_goes_on(room: Room) -> None:
    add(room)

    room.page.locator(".camera-view button").click()

    assert room.page.locator(".camera-view").count() == 0
    assert room.page.evaluate("() => tracks.map((track) => track.readyState)") == ["live", "ended"]
    assert room.at("cameras").is_hidden()
    assert room.page.evaluate("() => document.activeElement.id") == "add-camera"
    before = room.snapshot()["frames"]
    room.until(f"now.frames > {before + 3}")
    add(room)  # and comes again


def test_a_camera_that_is_lost_is_said_to_be_and_stops_no_other(room: Room) -> None:
    add(room)

    room.page.evaluate("() => tracks[1].stop()")

    room.page.wait_for_selector(".camera-view.lost")
    assert "Disconnected" in room.page.locator(".camera-view").inner_text()
    before = room.snapshot()["frames"]
    room.until(f"now.frames > {before + 3}")
    assert room.at("notice").is_hidden()


@pytest.mark.parametrize("way", ["stop", "photo"])
def test_further_cameras_go_with_the_first(room: Room, way: str) -> None:
    add(room)

    if way == "stop":
        room.stop()
    else:
        room.read(encode(sample()), "instead.png")

    room.page.wait_for_function("() => !document.querySelector('.camera-view')")
    assert room.page.evaluate("() => tracks.map((track) => track.readyState)") == ["ended"] * 2


def test_under_the_veil_no_further_camera_is_shown(room: Room) -> None:
    add(room)

    room.page.evaluate("() => document.getElementById('redact').click()")

    room.page.wait_for_function(
        "() => getComputedStyle(document.querySelector('.camera-view video')).opacity === '0'"
    )
    room.page.wait_for_function(
        "() => document.querySelector('.camera-view').innerText.includes('Not shown while Hide')"
    )


def test_with_one_camera_there_is_nothing_to_add(new_room: OpenRoom) -> None:
    room = new_room().open()
    room.until_state("ready")
    room.start()

    assert room.at("add-camera").is_hidden()
