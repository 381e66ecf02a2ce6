"""Several cameras side by side: each analysed, removed, lost, had back; never under the veil."""

from __future__ import annotations

import re

import pytest

from .conftest import OpenRoom
from .pictures import encode, sample
from .plugged import plugged
from .room import Room
from .spies import COUNT_PROXIES, Heaps

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

    room.page.locator(".camera-view .icon-button").click()

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


# ---- cameras that are plugged in and out -------------------------------------------------------

THREE = {"first": "Front", "yard": "Yard", "door": "Door"}
RUNS = """(name) => obscura.snapshot().cameras.some(
  (each) => each.name === name && !each.lost && each.fps > 0 && each.seen.person)"""
LOST = "(name) => obscura.snapshot().cameras.some((each) => each.name === name && each.lost)"


@pytest.fixture
def studio(new_room: OpenRoom) -> Room:
    """The first of three cameras, live."""
    room = new_room(init=plugged(**THREE) + COUNT_PROXIES).open()
    room.until_state("ready")
    room.start()
    return room


def until(room: Room, condition: str, name: str) -> None:
    room.page.wait_for_function(condition, arg=name)


def beside(room: Room) -> list[str]:
    """Return the names of the further cameras."""
    return [each["name"] for each in room.snapshot()["cameras"]]


def choose(room: Room, name: str) -> None:
    """Add a camera by its name, one of several that could be added; wait until it is analysed."""
    room.at("add-camera").click()
    room.at("cameras-dialog").get_by_role("button", name=name).click()
    until(room, RUNS, name)


def goes_on(room: Room) -> None:
    """Wait until more frames of the first camera are analysed."""
    before = room.snapshot()["frames"]
    room.until(f"now.frames > {before + 2}")


def test_of_several_cameras_one_is_chosen_by_name_and_three_run_side_by_side(studio: Room) -> None:
    studio.at("add-camera").click()
    studio.page.wait_for_selector("#cameras-dialog[open]")
    offered = studio.at("cameras-choices").locator("button").all_inner_texts()
    assert offered == ["Yard", "Door"]
    studio.page.keyboard.press("Escape")
    assert beside(studio) == []

    choose(studio, "Door")
    studio.at("add-camera").click()  # only one is left, so nothing is asked

    until(studio, RUNS, "Yard")
    assert beside(studio) == ["Door", "Yard"]
    assert studio.at("add-camera").is_hidden()
    goes_on(studio)
    boxes = [each.bounding_box() for each in studio.page.locator(".camera-view").all()]
    assert all(boxes)
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"] + 1
    studio.at("promise").click()
    studio.until_text("fact-camera", r"^on \(3 cameras\): Front, Door, Yard$")


def test_pause_is_for_all_cameras(studio: Room) -> None:
    choose(studio, "Yard")

    studio.at("pause").click()
    studio.until_state("paused")

    view = studio.page.locator(".camera-view")
    assert view.locator("video").evaluate("(video) => video.paused")
    view.get_by_text("Paused").wait_for()
    studio.at("pause").click()
    studio.until_state("running")
    until(studio, RUNS, "Yard")
    assert not view.locator("video").evaluate("(video) => video.paused")


def test_a_lost_camera_is_had_back_by_one_press_with_what_it_had_seen(studio: Room) -> None:
    choose(studio, "Yard")
    studio.page.evaluate("() => tracks.at(-1).stop()")
    until(studio, LOST, "Yard")
    view = studio.page.locator(".camera-view")

    view.get_by_role("button", name="Start again: Yard").click()

    until(studio, RUNS, "Yard")
    assert view.get_by_role("button", name="Start again: Yard").is_hidden()
    (now,) = studio.snapshot()["cameras"]
    assert now["seen"]["person"] >= 1
    assert studio.page.evaluate("() => tracks.map((track) => track.readyState)") == [
        "live",
        "ended",
        "live",
    ]


def test_a_lost_camera_that_does_not_come_says_so_and_can_be_tried_again(studio: Room) -> None:
    choose(studio, "Yard")
    studio.page.evaluate("() => { tracks.at(-1).stop(); refusal = 'NotReadableError'; }")
    until(studio, LOST, "Yard")
    again = studio.page.get_by_role("button", name="Start again: Yard")

    again.click()

    studio.until_error("camera-busy")
    studio.at("notice-dismiss").click()
    studio.page.evaluate("() => { refusal = ''; }")
    again.click()
    until(studio, RUNS, "Yard")


def test_a_camera_that_is_plugged_in_again_starts_by_itself(studio: Room) -> None:
    choose(studio, "Yard")
    studio.page.evaluate("() => unplug('yard')")
    until(studio, LOST, "Yard")

    studio.page.evaluate("() => plug('yard', 'Yard')")

    until(studio, RUNS, "Yard")
    assert studio.at("notice").is_hidden()


def live(room: Room) -> list[str]:
    """Return the names of the cameras that are open, sorted."""
    running = "tracks.filter((each) => each.readyState === 'live')"
    names: list[str] = room.page.evaluate(f"() => {running}.map((each) => each.label)")
    return sorted(names)


def test_without_the_first_camera_the_others_go_on_and_it_comes_back(studio: Room) -> None:
    choose(studio, "Yard")

    studio.page.evaluate("() => lose('first')")

    studio.until_error("camera-lost")
    assert live(studio) == ["Yard"]
    until(studio, RUNS, "Yard")
    studio.at("notice-action").click()
    studio.until_live()
    assert live(studio) == ["Front", "Yard"]
    assert beside(studio) == ["Yard"]


def test_one_that_takes_the_place_of_the_first_is_not_shown_twice(studio: Room) -> None:
    choose(studio, "Yard")

    studio.page.evaluate("() => unplug('first')")  # the browser gives another one in its place

    studio.page.wait_for_function("() => !document.querySelector('.camera-view')")
    studio.until_live()
    assert live(studio) == ["Yard"]
    studio.page.evaluate("() => plug('first', 'Front')")
    choose(studio, "Front")
    assert live(studio) == ["Front", "Yard"]


def test_a_camera_that_is_made_the_first_is_not_shown_twice(studio: Room) -> None:
    choose(studio, "Yard")

    studio.at("camera").select_option("yard")

    studio.page.wait_for_function("() => !document.querySelector('.camera-view')")
    studio.until_live()
    assert live(studio) == ["Yard"]


def test_a_camera_that_was_removed_leaves_nothing_behind(studio: Room) -> None:
    heaps = Heaps(studio)

    def rounds(count: int) -> tuple[int, int, int]:
        """Add and remove a camera so many times; return what there is then."""
        for _ in range(count):
            choose(studio, "Yard")
            studio.page.locator(".camera-view .icon-button").click()
        used = heaps.used()[0]
        proxies, videos = studio.page.evaluate(
            "() => [proxies, tracks.filter((track) => track.readyState === 'live').length]"
        )
        return used, proxies, videos

    before = rounds(2)
    after = rounds(6)

    assert after[2] == before[2] == 1, "the first camera alone runs"
    assert after[1] - before[1] < 6, "less than one proxy for each"
    assert after[0] - before[0] < 6 * 100_000


def test_on_a_phone_no_second_camera_is_offered(new_room: OpenRoom) -> None:
    phone = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile"
    room = new_room(init=plugged(**THREE), user_agent=phone).open()
    room.until_state("ready")
    assert room.at("share").is_hidden()

    room.start()

    assert room.at("flip").is_visible()
    assert room.at("add-camera").is_hidden()


def test_on_a_laptop_with_a_touch_screen_cameras_and_screens_are_offered(
    new_room: OpenRoom,
) -> None:
    room = new_room(init=plugged(**THREE), has_touch=True).open()
    room.until_state("ready")
    assert room.page.evaluate("() => navigator.maxTouchPoints") > 0
    assert room.at("share").is_visible()

    room.start()

    assert room.at("add-camera").is_visible()
