"""Recording what is seen: each frame with its own boxes, at its own time, in a file that plays."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from . import networks
from .conftest import OpenRoom
from .numbered import STEP, Shown, clip, duration_s, pictures_end_s, place, shown, sounds
from .room import Room

EVEN = range(0, 6000, 100)
NO_H264 = """
if (globalThis.VideoEncoder) {
  const ask = VideoEncoder.isConfigSupported.bind(VideoEncoder);
  VideoEncoder.isConfigSupported = async (config) =>
    config.codec.startsWith("avc") ? { supported: false, config } : ask(config);
}
"""
"""A browser without H.264, so that recordings are WebM with VP8."""
SLOW_MS = 180_000
"""How long a browser without an encoder in hardware may take where the cores are busy."""


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom) -> Room:
    room = shared_room(cold=True, accept_downloads=True, permissions=["camera"]).open()
    room.until_state("ready")
    see_colours(room)
    return room


@pytest.fixture
def room(visit: Room) -> Room:
    """The page with no dialog open, and nothing recorded."""
    if visit.page.locator("#record-dialog[open]").count():
        visit.at("record-delete").click()
    visit.home()
    return visit


def see_colours(room: Room) -> None:
    """Have the page use a network that finds a green rectangle at once."""
    room.at("models").click()
    names = networks.named(*networks.COLOURS)
    room.pick(("colours.onnx", networks.yolov8(metadata=names)))
    room.until_model("own-colours")
    room.page.keyboard.press("Escape")


def play(room: Room, data: bytes) -> None:
    """Give the page a clip, and wait until it is analysed."""
    room.give(data, "numbered.webm", "video/webm")
    room.until_live()


def record(room: Room, frames: int) -> None:
    """Record at least this many frames, and wait for the dialog."""
    room.page.evaluate("() => document.activeElement.blur()")
    room.page.keyboard.press("r")
    room.until(f"now.recording && now.recording.frames >= {frames}")
    room.page.keyboard.press("r")
    until_finished(room)


def until_finished(room: Room) -> None:
    """Wait until the dialog shows a recording."""
    done = "#record-dialog[open] #record-save:visible"
    room.page.wait_for_selector(done, timeout=SLOW_MS)


def saved(room: Room) -> bytes:
    """Save the recording; return the file."""
    with room.page.expect_download() as download:
        room.at("record-save").click()
    name = download.value.suggested_filename
    assert re.fullmatch(r"obscura-\d{4}-\d\d-\d\d-\d{6}\.(mp4|webm)", name)
    assert name in room.at("record-status").inner_text()
    return Path(download.value.path()).read_bytes()


def check(frames: list[Shown]) -> None:
    """Assert that each frame has its own box: not that of the frame before it or after it."""
    for each in frames:
        assert each.box is not None, each
        left, right = place(each.number)
        assert abs(each.box[0] - left) < STEP / 2, each
        assert abs(each.box[1] - right) < STEP / 2, each


def test_each_frame_has_its_own_box_at_its_own_time(room: Room) -> None:
    play(room, clip(EVEN))

    record(room, 12)
    data = saved(room)

    frames = shown(data)
    assert len(frames) >= 12
    check(frames)
    assert frames[0].time_s == 0
    for one, other in pairwise(frames):
        if other.number > one.number:  # else the clip began again
            apart = (other.number - one.number) * 0.1
            assert other.time_s - one.time_s == pytest.approx(apart, abs=0.002)
    assert frames[-1].time_s < duration_s(data) <= frames[-1].time_s + 1


def test_a_recording_can_be_sought_in_before_it_is_saved(room: Room) -> None:
    play(room, clip(EVEN))
    record(room, 10)

    video = "document.getElementById('record-video')"
    room.page.wait_for_function(f"() => {video}.readyState > 0")
    duration = room.page.evaluate(f"() => {video}.duration")
    room.page.evaluate(f"() => {{ {video}.currentTime = {duration / 2}; }}")
    room.page.wait_for_function(f"() => !{video}.seeking")

    assert room.page.evaluate(f"() => {video}.currentTime") == pytest.approx(duration / 2, abs=0.01)
    assert duration == pytest.approx(duration_s(saved(room)), abs=0.05)


def test_the_button_says_that_it_records_and_for_how_long(room: Room) -> None:
    play(room, clip(EVEN))
    button = room.at("record")
    assert button.inner_text() == "Record"
    assert button.get_attribute("aria-pressed") == "false"

    button.click()
    room.until_text("record-text", r"^Stop 0:0[1-9]$")
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    until_finished(room)

    assert button.inner_text() == "Record"
    room.page.keyboard.press("Escape")
    room.page.wait_for_selector("#record-left:visible")
    room.at("record-open").click()
    until_finished(room)


def test_only_a_moving_picture_is_recorded(room: Room) -> None:
    assert not room.at("record").is_visible()
    room.page.keyboard.press("r")
    play(room, clip(EVEN))
    assert room.at("record").is_visible()
    assert room.snapshot()["recording"] is None


def test_the_sound_of_a_video_is_copied_if_it_is_wanted(room: Room) -> None:
    given = clip(range(0, 50_000, 200), sound=True)
    room.page.evaluate("() => document.getElementById('record_sound').click()")
    play(room, given)
    record(room, 10)
    data = saved(room)
    room.page.evaluate("() => document.getElementById('record_sound').click()")

    frames, heard, original = shown(data), sounds(data), sounds(given)
    began = frames[0].number * 0.2
    first = [each for _, each in original].index(heard[0][1])
    assert [each for _, each in heard] == [each for _, each in original[first:]][: len(heard)]
    for (time_s, _), (source_s, _) in zip(heard, original[first:], strict=False):
        assert time_s == pytest.approx(source_s - began, abs=0.025)
    assert heard[-1][0] == pytest.approx(pictures_end_s(data), abs=0.05)
    assert pictures_end_s(data) <= frames[-1].time_s + 1


def test_a_recording_has_no_sound_unless_it_is_wanted(room: Room) -> None:
    play(room, clip(EVEN, sound=True))
    record(room, 3)
    assert sounds(saved(room)) == []


def test_the_microphone_is_recorded_if_it_is_wanted(new_room: OpenRoom) -> None:
    wanted = ["camera", "microphone"]
    room = new_room(cold=True, accept_downloads=True, permissions=wanted).open()
    room.until_state("ready")
    room.page.evaluate("() => document.getElementById('record_sound').click()")
    room.start()
    record(room, 6)
    data = saved(room)

    heard = sounds(data)
    assert heard[0][0] == pytest.approx(0, abs=0.1)
    assert heard[-1][0] == pytest.approx(duration_s(data), abs=1.5)
    steps = [b - a for (a, _), (b, _) in pairwise(heard)]
    assert max(steps) < 0.2, "without a gap"
