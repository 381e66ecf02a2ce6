"""Where a recording's file ends: with a frame of which it does not say how long it shows, or
anywhere."""

from __future__ import annotations

import base64
import io
import re

import av
import pytest

from .analysed import analyse
from .clips import clip as numbers
from .conftest import OpenRoom
from .numbered import clip, duration_s, shown
from .room import Room
from .test_record import EVEN, NO_H264, check, play, record, saved, see_colours
from .test_record_faults import FAILING, look, until_deleted

LEFT = """async (text) => {
  const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle("obscura-recordings", { create: true });
  const name = "working-obscura-2026-12-01-120000-00112233.mp4";
  const file = await folder.getFileHandle(name, { create: true });
  const writable = await file.createWritable();
  await writable.write(bytes);
  await writable.close();
}"""
"""Leaves a file on the device as a tab does that is closed while it records."""


@pytest.fixture
def room(new_room: OpenRoom) -> Room:
    """The page in a browser without H.264, with a network that finds green rectangles at once and
    an encoder that fails on demand."""
    room = new_room(cold=True, accept_downloads=True, init=NO_H264 + FAILING)
    room.open().until_state("ready")
    see_colours(room)
    return room


def test_without_h264_the_last_frame_shows_for_a_while_too(room: Room) -> None:
    play(room, clip(EVEN))
    record(room, 5)
    data = saved(room)
    frames = shown(data)
    room.at("record-delete").click()
    until_deleted(room)

    room.page.evaluate("() => { most = encoded + 1; }")
    room.at("record").click()
    room.page.wait_for_selector("#record-left:visible")
    look(room)
    alone = saved(room)

    assert b"webm" in data[:64]
    check(frames)
    assert frames[-1].time_s < duration_s(data) <= frames[-1].time_s + 1
    assert len(shown(alone)) == 1
    assert 0 < duration_s(alone) <= 0.05
    room.at("record-delete").click()
    room.home()
    room.give(alone, "alone.webm", "video/webm")
    room.page.wait_for_selector("#analyse-row:not([hidden])")
    analyse(room)


def test_without_h264_the_last_of_frames_far_apart_shows_for_a_second(room: Room) -> None:
    play(room, clip(range(0, 60_000, 1200)))
    record(room, 3)
    data = saved(room)
    frames = shown(data)

    check(frames)
    apart = frames[-1].number - frames[0].number
    assert frames[-1].time_s == pytest.approx(1.2 * apart, abs=0.02)
    assert duration_s(data) == pytest.approx(frames[-1].time_s + 1, abs=0.02)


def test_an_mp4_is_offered_and_saved_as_far_as_it_can_be_read(new_room: OpenRoom) -> None:
    data = numbers(40, container="mp4-pieces")  # of 8 frames each, ten a second
    third = [each.start() for each in re.finditer(b"moof", data)][2]
    room = new_room(cold=True, accept_downloads=True).open()
    room.until_state("ready")

    for end, frames, offered in (
        (third + 12, 16, "0:01"),
        (third + 60, 16, "0:01"),
        (data.rindex(b"mdat") + 24, 32, "0:04"),  # with the frames that its last table lists
    ):
        room.page.evaluate(LEFT, base64.b64encode(data[:end]).decode())
        room.reload().until_state("ready")
        room.page.wait_for_selector("#record-left:visible")
        assert f"({offered} · " in room.at("record-left-text").inner_text()
        look(room)
        assert f"0:0{frames // 10} · " in room.at("record-facts").inner_text()
        with av.open(io.BytesIO(saved(room))) as made:
            assert sum(1 for _ in made.decode(video=0)) == frames
        room.at("record-delete").click()
        until_deleted(room)
