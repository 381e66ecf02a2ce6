"""Videos: a time line, steps, speed and names; and pictures given with a model."""

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


def until_shown(room: Room, name: str) -> None:
    """Wait until a picture of this name is read."""
    caption = f"document.getElementById('caption').textContent === {json.dumps(name)}"
    room.until(f"now.state === 'still' && {caption}")


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
    room.page.evaluate("() => Object.defineProperty(video, 'duration', { value: 9 })")
    room.page.wait_for_function("() => document.getElementById('video-time').max === '9'")
    room.until_text("video-clock", r"^0:0\d / 0:09$")

    room.stop()
    assert not room.at("video-bar").is_visible()


def test_steps_pause_and_each_frame_shown_is_analysed(room: Room) -> None:
    play(room)
    room.at("video-speed").select_option("0.25")  # a busy browser may leave out frames
    room.until("now.frames > 10")  # how far apart frames are is known from those that were shown
    room.at("video-speed").select_option("1")
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
    room.give(CLIP.read_bytes(), "street.mp4", "video/mp4")
    # It may have ended before a test hears of it.
    room.until("['running', 'paused'].includes(now.state) && now.frames > 0")
    room.page.wait_for_selector("#video-bar:not([hidden])")

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
