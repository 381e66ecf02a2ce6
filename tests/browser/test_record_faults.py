"""Whatever happens to a recording, what was recorded until then is kept."""

from __future__ import annotations

import io
import re
import time
from itertools import pairwise
from typing import Any

import av
import pytest
from playwright.sync_api import Route

from .conftest import OpenRoom
from .numbered import clip, duration_s, shown, sounds
from .room import Room
from .test_record import EVEN, check, play, record, saved, see_colours, until_finished

HIDING = """
globalThis.looks = { hidden: false };
Object.defineProperty(document, "hidden", { get: () => looks.hidden });
globalThis.turn = (hidden) => {
  looks.hidden = hidden;
  document.dispatchEvent(new Event("visibilitychange"));
};
"""
FAILING = """
globalThis.most = 100;
globalThis.encoded = 0;
if (globalThis.VideoEncoder) {
  const encode = VideoEncoder.prototype.encode;
  VideoEncoder.prototype.encode = function (...values) {
    if (++encoded > globalThis.most) throw new DOMException("The encoder broke", "EncodingError");
    return encode.apply(this, values);
  };
}
"""
FREE = """
globalThis.free = 1e12;
const estimate = async () => ({ quota: 1e12, usage: 1e12 - free });
if (navigator.storage) navigator.storage.estimate = estimate;
"""
PRIVATE = """
if (navigator.storage) {
  const refuse = async () => { throw new DOMException("not in private windows", "SecurityError"); };
  navigator.storage.getDirectory = refuse;
}
"""
NO_LOCKS = """
if (globalThis.LockManager) {
  const refuse = async () => { throw new DOMException("no site data", "SecurityError"); };
  LockManager.prototype.request = LockManager.prototype.query = refuse;
}
"""
DENIED = """
const devices = navigator.mediaDevices;
if (devices) {
  const ask = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wanted) => {
    if (wanted.audio) throw new DOMException("denied", "NotAllowedError");
    return ask(wanted);
  };
}
"""
NO_SOUND = "delete globalThis.AudioEncoder;"


@pytest.fixture
def visit(new_room: OpenRoom) -> Any:
    """``visit(init="")``: the page with a network that finds green rectangles at once."""

    def opened(init: str = "", query: str = "") -> Room:
        room = new_room(cold=True, accept_downloads=True, permissions=["camera"], init=init)
        room.open(query).until_state("ready")
        see_colours(room)
        return room

    return opened


def fill(room: Room, most: int) -> None:
    """Have the device be full once so many bytes were written by a worker that starts from now
    on."""
    full = f"""
      const write = FileSystemSyncAccessHandle.prototype.write;
      let left = {most};
      FileSystemSyncAccessHandle.prototype.write = function (data, ...rest) {{
        left -= data.length;
        if (left < 0) throw new DOMException("full", "QuotaExceededError");
        return write.call(this, data, ...rest);
      }};
    """

    def answer(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=full + response.text())

    room.page.route("**/assets/disk.*.js", lambda route: answer(route))


def begin(room: Room, frames: int = 1) -> None:
    """Begin to record, and go on until there are this many frames."""
    room.at("record").click()
    room.until_many("now.recording?.frames", frames)


def until_deleted(room: Room) -> None:
    """Wait until no recording is left on the device."""
    room.until_async(
        """async () => {
          const root = await navigator.storage.getDirectory();
          const folder = await root.getDirectoryHandle("obscura-recordings");
          for await (const name of folder.keys()) return false;
          return true;
        }"""
    )


def look(room: Room) -> None:
    """Open the recording that is offered."""
    room.at("record-open").click()
    until_finished(room)


def test_what_a_closed_tab_left_is_offered_on_the_next_visit(visit: Any) -> None:
    room = visit()
    play(room, clip(EVEN))
    begin(room, 36)
    early_s = room.snapshot()["recording"]["seconds"]
    room.until("now.recording.frames >= 40")
    recorded_s, since = room.snapshot()["recording"]["seconds"], time.monotonic()

    room.reload()
    more_s = time.monotonic() - since
    room.until_state("ready")
    room.page.wait_for_selector("#record-left:visible")
    offered = room.at("record-left-text").inner_text()
    look(room)
    data = saved(room)

    form = r"20\d\d-\d\d-\d\d, \d\d:\d\d isn't saved yet \((\d+):(\d\d) · \d"
    said = re.search(form, offered)
    assert said is not None
    offered_s = int(said[1]) * 60 + int(said[2])
    assert min(recorded_s - 4, early_s - 1) < offered_s < recorded_s + more_s + 1
    frames = shown(data)
    check(frames)
    assert len(frames) >= 20, "at most the last second or so is lost"
    assert duration_s(data) >= frames[-1].time_s
    room.at("record-delete").click()
    until_deleted(room)
    room.reload().until_state("ready")
    room.start()
    assert not room.at("record-left").is_visible(), "it is gone"


def test_while_the_tab_is_hidden_time_goes_on(visit: Any) -> None:
    room = visit(HIDING)
    play(room, clip(range(0, 60_000, 250)))  # it does not begin again meanwhile
    begin(room, 5)

    room.page.evaluate("() => turn(true)")
    room.page.wait_for_timeout(1500)
    hidden = room.snapshot()["recording"]["frames"]
    room.page.evaluate("() => turn(false)")
    room.until(f"now.recording.frames > {hidden + 5}")
    said = room.at("record-note-text").inner_text()
    room.at("record").click()
    until_finished(room)
    frames = shown(saved(room))

    assert re.match(r"Nothing was recorded for 0:0\d while this tab was hidden", said)
    check(frames)
    gaps = [b.time_s - a.time_s for a, b in pairwise(frames)]
    assert max(gaps) > 1, "what was not seen takes its time"


def test_an_encoder_that_fails_after_a_hundred_frames(visit: Any) -> None:
    room = visit(FAILING)
    play(room, clip(range(0, 12_000, 50)))
    begin(room)
    room.until_many("now.recording?.frames ?? Infinity", 100)
    room.page.wait_for_selector("#record-left:visible")

    said = room.at("record-note-text").inner_text()
    look(room)
    frames = shown(saved(room))

    assert "encoder failed" in said
    check(frames)
    assert 75 <= len(frames) <= 101
    room.at("record-delete").click()
    room.page.evaluate("() => { most = Infinity; }")
    record(room, 5)  # with another codec
    check(shown(saved(room)))


def test_a_camera_that_is_lost(new_room: OpenRoom) -> None:
    room = new_room(cold=True, accept_downloads=True, permissions=["camera"]).open()
    room.until_state("ready")
    room.start()
    begin(room, 5)

    room.page.evaluate(
        """() => {
          const [track] = video.srcObject.getVideoTracks();
          track.stop();
          track.dispatchEvent(new Event("ended"));
        }"""
    )
    room.until_error("camera-lost")
    room.page.wait_for_selector("#record-left:visible")
    said = room.at("record-note-text").inner_text()
    look(room)

    assert "so did the recording" in said
    assert duration_s(saved(room)) > 0.1


def test_a_full_device_is_said_before_and_nothing_is_lost(visit: Any) -> None:
    room = visit(FREE)
    play(room, clip(EVEN))
    begin(room, 5)

    room.page.evaluate("() => { free = 33e6; }")
    room.until_text("record-note-text", "^Storage is nearly full: recording stops in about 0:")
    room.until("now.recording")
    room.page.evaluate("() => { free = 32e6; }")
    room.page.wait_for_selector("#record-left:visible")
    said = room.at("record-note-text").inner_text()
    look(room)

    assert said.startswith("Storage is full")
    check(shown(saved(room)))
    room.at("record-delete").click()
    room.at("record").click()
    room.until_text("record-note-text", "isn't enough free storage")


def test_a_device_that_is_full_all_at_once(visit: Any) -> None:
    room = visit()
    fill(room, 40_000)
    play(room, clip(EVEN))
    room.at("record").click()
    room.page.wait_for_selector("#record-left:visible")

    look(room)
    frames = shown(saved(room))

    assert len(frames) > 2
    check(frames)


def test_nothing_that_is_hidden_is_in_a_recording(visit: Any) -> None:
    room = visit(query="?redact=1&redact_what=green&redact_how=fill")
    play(room, clip(EVEN))
    record(room, 10)

    frames = shown(saved(room))

    assert len(frames) >= 10
    for each in frames:
        assert each.green == 0, "no pixel of it is seen"


def test_the_largest_pictures(visit: Any) -> None:
    room = visit()
    play(room, clip(range(0, 1000, 100), size=(3840, 2160)))
    record(room, 3)

    data = saved(room)
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (3840, 2160)
    check(shown(data))


def test_a_recording_that_is_stopped_at_once(visit: Any) -> None:
    room = visit()
    play(room, clip(EVEN))
    room.page.keyboard.press("k")
    room.until_state("paused")
    room.ticks(30)
    room.at("record").click()
    room.until("now.recording")
    room.at("record").click()

    room.until_text("record-note-text", "^Nothing was recorded")


@pytest.mark.parametrize("forbidden", ["", NO_LOCKS], ids=["files", "files and locks"])
def test_a_browser_that_stores_nothing_records_in_memory(visit: Any, forbidden: str) -> None:
    room = visit(PRIVATE + forbidden)
    play(room, clip(EVEN))
    begin(room, 10)
    said = room.at("record-note-text").inner_text()
    room.at("record").click()
    until_finished(room)
    assert re.match("This browser lets the page store nothing, .* lost if this tab closes", said)

    room.page.keyboard.press("Escape")
    room.page.wait_for_selector("#record-left:visible")
    look(room)
    data = saved(room)
    frames = shown(data)
    check(frames)
    assert duration_s(data) >= frames[-1].time_s > 0
    room.at("record-delete").click()
    room.page.wait_for_function("() => !document.getElementById('record-dialog').open")
    assert not room.at("record-left").is_visible()


@pytest.mark.parametrize(
    ("init", "why"),
    [
        pytest.param(DENIED, "^No microphone, or it isn't allowed", id="it is refused"),
        pytest.param(NO_SOUND, "^This browser can't record a microphone", id="no encoder"),
    ],
)
def test_without_a_microphone_it_is_recorded_without_sound(
    new_room: OpenRoom, init: str, why: str
) -> None:
    room = new_room(cold=True, accept_downloads=True, permissions=["camera"], init=init)
    room.open().until_state("ready")
    room.page.evaluate("() => document.getElementById('record_sound').click()")
    room.start()
    begin(room, 4)
    said = room.at("record-note-text").inner_text()
    room.at("record").click()
    until_finished(room)
    data = saved(room)

    assert re.match(why, said)
    assert "without sound" in said
    assert sounds(data) == []
    assert duration_s(data) > 0.1


def check_silent(room: Room) -> None:
    """End a recording: it says why it has no sound, and has none."""
    room.at("record").click()
    until_finished(room)

    assert room.at("record-status").inner_text().startswith("Without sound, because")
    data = saved(room)
    assert sounds(data) == []
    check(shown(data))


def test_without_its_sound_if_that_is_gone_meanwhile(visit: Any) -> None:
    room = visit()
    play(room, clip(range(0, 50_000, 200), sound=True))
    room.page.evaluate("() => document.getElementById('record_sound').click()")
    begin(room, 5)
    room.page.evaluate(
        """() => {
          const slice = Blob.prototype.slice;
          Blob.prototype.slice = function (...args) {
            if (this.name === "numbered.webm") throw new DOMException("gone", "NotReadableError");
            return slice.apply(this, args);
          };
        }"""
    )
    check_silent(room)


def test_sound_is_left_out_once_a_video_was_sought(visit: Any) -> None:
    room = visit()
    play(room, clip(range(0, 50_000, 200), sound=True))
    room.page.evaluate("() => document.getElementById('record_sound').click()")
    begin(room, 5)
    room.at("video-time").evaluate(
        "at => { at.value = at.max * 0.75; at.dispatchEvent(new Event('input')); }"
    )
    room.page.wait_for_function("() => video.currentTime > 10 && !video.seeking")
    before = room.snapshot()["recording"]["frames"]
    room.until(f"now.recording.frames > {before + 5}")
    check_silent(room)
