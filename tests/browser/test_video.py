"""Videos and several pictures: a time line, steps, speed, names, and a strip to go through."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import OpenRoom
from .pictures import ROOT, encode, overlap, sample
from .room import Room

CLIP = ROOT / "tools" / "browsers" / "turned" / "wide-180.mp4"
CLIP_PERSON = (20.0, 30.0, 259.0, 332.0)


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom) -> Room:
    room = shared_room().open()
    room.until_state("ready")
    return room


@pytest.fixture
def room(visit: Room) -> Room:
    """The page, with nothing of a person's own in view."""
    visit.page.evaluate("() => document.getElementById('keep-dialog').close()")
    visit.home()
    if visit.at("close-source").is_visible():
        visit.at("close-source").click()
    visit.until_state("ready")
    visit.page.evaluate("() => document.activeElement.blur()")
    return visit


def play(room: Room) -> None:
    """Give the page a video, and wait until it plays with its bar."""
    room.give(CLIP.read_bytes(), "street.mp4", "video/mp4")
    room.until_live()
    room.page.wait_for_selector("#video-bar:not([hidden])")


def give_pictures(room: Room, *names: str) -> None:
    """Pick several pictures at once, and wait until the first is read."""
    files = [
        {"name": name, "mimeType": "image/png", "buffer": encode(sample().resize((300 + i, 300)))}
        for i, name in enumerate(names)
    ]
    room.at("photo").set_input_files(files=files)
    until_shown(room, names[0])
    room.page.wait_for_selector("#picture-strip:not([hidden])")


def until_shown(room: Room, name: str) -> None:
    """Wait until a picture of this name is read, and marked in the strip once there is one."""
    caption = f"document.getElementById('caption').textContent === {json.dumps(name)}"
    room.until(f"now.state === 'still' && {caption}")


def current(room: Room) -> str:
    """Return the name of the picture that the strip marks."""
    return room.page.locator("[aria-current=true].picture-button").inner_text().strip()


def moment(room: Room) -> float:
    """Return the time of the video that is showing."""
    time: float = room.page.evaluate("() => document.getElementById('video').currentTime")
    return time


def test_a_video_has_its_name_time_and_duration(room: Room) -> None:
    play(room)

    assert room.at("video-name").inner_text() == "street.mp4"
    room.until_text("video-clock", r"^0:0\d / 0:0\d$")
    duration = room.page.evaluate("() => document.getElementById('video').duration")
    assert float(room.at("video-time").get_attribute("max") or 0) == pytest.approx(duration)

    room.stop()
    assert not room.at("video-bar").is_visible()


def test_steps_pause_and_each_frame_shown_is_analysed(room: Room) -> None:
    play(room)
    room.until("now.frames > 10")  # how far apart frames are is known from those that were shown
    room.at("pause").click()
    room.at("video-time").fill("0.5")
    room.page.wait_for_function("() => document.getElementById('video').currentTime === 0.5")
    room.page.evaluate("() => document.activeElement.blur()")

    room.page.keyboard.press(".")
    room.page.wait_for_function("() => document.getElementById('video').currentTime !== 0.5")
    room.until("now.state === 'paused' && now.detections.length > 0")
    before = moment(room)
    room.at("frame-next").click()
    room.page.wait_for_function(
        "(before) => document.getElementById('video').currentTime !== before", arg=before
    )
    now = room.until("now.state === 'paused' && now.detections.length > 0")

    assert 0.05 < moment(room) - before < 0.2, "the video has ten frames a second"
    assert overlap(now["detections"][0]["box"], CLIP_PERSON) >= 0.6
    room.page.keyboard.press(",")
    room.page.wait_for_function(
        "(before) => Math.abs(document.getElementById('video').currentTime - before) < 0.09",
        arg=before,
    )


def test_the_time_line_shows_another_part(room: Room) -> None:
    play(room)
    room.at("pause").click()
    room.until_state("paused")

    room.at("video-time").fill("0.5")

    room.page.wait_for_function("() => document.getElementById('video').currentTime === 0.5")
    room.until("now.state === 'paused' && now.detections.length > 0")


def test_the_speed_holds_for_the_next_video_too(room: Room) -> None:
    play(room)
    room.at("video-speed").select_option("0.5")
    rate = "() => document.getElementById('video').playbackRate === 0.5"
    room.page.wait_for_function(rate)
    room.stop()

    play(room)

    room.page.wait_for_function(rate)
    room.at("video-speed").select_option("1")


def test_a_video_that_does_not_begin_again_stays_at_its_end_and_so_does_the_next(
    room: Room,
) -> None:
    loops = "() => document.getElementById('video').loop"
    play(room)
    assert room.page.evaluate(loops)

    room.at("video-loop").click()
    assert room.at("video-loop").get_attribute("aria-pressed") == "false"
    room.until_state("paused")
    room.stop()
    play(room)

    assert not room.page.evaluate(loops)
    room.at("video-loop").click()
    assert room.page.evaluate(loops)


def test_a_snapshot_of_a_video_says_when_it_was(room: Room) -> None:
    play(room)
    room.at("pause").click()
    room.until_state("paused")
    time = moment(room)

    room.page.keyboard.press("s")
    room.page.wait_for_selector("#keep-dialog[open]")
    with room.page.expect_download() as download:
        room.at("keep-json").click()
    made = json.loads(Path(download.value.path()).read_text("utf-8"))

    assert made["source"] == "street.mp4"
    assert made["time_s"] == pytest.approx(time, abs=0.05)
    row = made["detections"][0]
    assert overlap([row[edge] for edge in ("x1", "y1", "x2", "y2")], CLIP_PERSON) >= 0.6


def test_of_several_pictures_each_can_be_shown(room: Room) -> None:
    give_pictures(room, "one.png", "two.png", "three.png")
    assert room.at("picture-position").inner_text() == "1 of 3"
    assert room.at("picture-names").locator("img").count() == 3

    room.at("picture-next").click()
    until_shown(room, "two.png")
    room.until_text("picture-position", "2 of 3")
    assert [room.page.evaluate("() => picture.width"), current(room)] == [301, "two.png"]

    room.page.evaluate("() => document.activeElement.blur()")
    room.page.keyboard.press(".")
    until_shown(room, "three.png")
    room.until_text("picture-position", "3 of 3")
    assert room.labels() == ["person"]

    room.page.locator(".picture-button").first.click()
    until_shown(room, "one.png")


def test_the_arrow_keys_go_through_the_pictures_once_these_have_the_focus(room: Room) -> None:
    give_pictures(room, "left.png", "right.png")
    room.page.locator(".picture-button").first.focus()

    room.page.keyboard.press("ArrowRight")

    until_shown(room, "right.png")
    assert room.at("threshold-value").inner_text() == "40 %"


def test_a_picture_that_cannot_be_opened_is_marked_and_the_others_are_shown(room: Room) -> None:
    picture = encode(sample())
    room.at("photo").set_input_files(
        files=[
            {"name": "good.png", "mimeType": "image/png", "buffer": picture},
            {"name": "bad.png", "mimeType": "image/png", "buffer": b"nothing"},
            {"name": "last.png", "mimeType": "image/png", "buffer": picture},
        ]
    )
    until_shown(room, "good.png")

    room.at("picture-next").click()
    room.until_error("picture")
    room.at("notice-dismiss").click()

    assert "can't be opened" in (
        room.page.locator(".picture-button").nth(1).get_attribute("title") or ""
    )
    assert current(room) == "good.png"
    room.at("picture-next").click()
    until_shown(room, "last.png")


def test_closing_the_picture_returns_to_the_start_page(room: Room) -> None:
    give_pictures(room, "a.png", "b.png")

    room.at("close-source").click()

    room.until_state("ready")
    assert room.page.evaluate("() => document.body.dataset.scene") == "welcome"
    assert not room.at("picture-strip").is_visible()
    assert not room.at("close-source").is_visible()


def test_of_a_picture_and_a_model_the_page_says_what_it_does_with_which(
    new_room: OpenRoom,
) -> None:
    room = new_room().open()
    room.until_state("ready")

    room.at("photo").set_input_files(
        files=[
            {"name": "mine.onnx", "mimeType": "", "buffer": b"not a network"},
            {"name": "mine.png", "mimeType": "image/png", "buffer": encode(sample())},
        ]
    )

    room.until_text("picture-note", "“mine.onnx” is being added as a model")
    room.until_error("model-unreadable")
    room.at("notice-dismiss").click()
    until_shown(room, "mine.png")
