"""Recording while something else goes on: analysis of the whole video, or another source."""

from __future__ import annotations

import re
from itertools import pairwise

from .analysed import analyse, until_done
from .conftest import OpenRoom
from .numbered import clip, duration_s, shown
from .room import Room, another_tab
from .test_record import check, play, saved, see_colours, until_finished
from .test_record_faults import begin, until_deleted
from .test_whole_video import SLOW, left

TIMES = range(0, 6000, 100)
HELD = """() => {
  const post = Worker.prototype.postMessage;  // to the worker that writes the file
  Worker.prototype.postMessage = function (message, ...rest) {
    if (message?.call !== "close") return post.call(this, message, ...rest);
    globalThis.waits = () => post.call(this, message, ...rest);
  };
}"""
"""Has the file that is written next stay open until ``waits()`` is called."""


def visit(new_room: OpenRoom, init: str = "") -> Room:
    room = new_room(cold=True, accept_downloads=True, permissions=["camera"], init=init)
    room.open().until_state("ready")
    see_colours(room)
    return room


def stop(room: Room) -> bytes:
    """Stop recording; return the file."""
    room.at("record").click()
    until_finished(room)
    return saved(room)


def test_while_all_is_analysed_and_while_that_is_shown_again(new_room: OpenRoom) -> None:
    room = visit(new_room)
    play(room, clip(TIMES))
    begin(room)
    room.at("analyse-all").click()
    until_done(room)
    before = room.snapshot()["recording"]["frames"]
    room.until(f"now.recording.frames > {before + 10}")  # as they were found by the analysis

    data = stop(room)

    frames = shown(data)
    check(frames)
    assert all(one.time_s < other.time_s for one, other in pairwise(frames))
    room.at("record-delete").click()

    room.at("record-whole").click()
    until_finished(room)
    whole = shown(saved(room))
    assert [each.number for each in whole] == list(range(len(TIMES)))
    check(whole)


def test_while_a_whole_video_is_made(new_room: OpenRoom) -> None:
    room = visit(new_room)
    play(room, clip(TIMES))
    room.at("analyse-all").click()
    until_done(room)
    begin(room)

    room.at("record-whole").click()
    until_finished(room)
    whole = shown(saved(room))
    assert room.snapshot()["recording"], "it goes on"
    room.at("record-delete").click()
    room.page.wait_for_function("() => !document.getElementById('record-dialog').open")
    frames = shown(stop(room))

    assert [each.number for each in whole] == list(range(len(TIMES)))
    check(whole)
    check(frames)


def test_two_that_begin_in_the_same_second_are_two_files(new_room: OpenRoom) -> None:
    room = visit(new_room)
    play(room, clip(TIMES))
    room.at("analyse-all").click()
    until_done(room)
    room.page.evaluate("() => { const now = Date.now(); Date.now = () => now; }")
    begin(room)

    room.at("record-whole").click()
    until_finished(room)
    names = left(room)
    whole = shown(saved(room))
    room.at("record-delete").click()
    room.page.wait_for_function("() => !document.getElementById('record-dialog').open")
    frames = shown(stop(room))

    stamps = {re.search(r"obscura-[\d-]{17}", each).group() for each in names}  # type: ignore[union-attr]
    assert (len(stamps), len(names)) == (1, 2)
    assert [each.number for each in whole] == list(range(len(TIMES)))
    check(whole)
    check(frames)


def test_deleting_everything_deletes_what_is_being_recorded(new_room: OpenRoom) -> None:
    room = visit(new_room, SLOW)
    play(room, clip(range(0, 20_000, 100)))
    analyse(room)
    begin(room)
    room.at("record-whole").click()
    room.until_text("record-note-text", "^Making the video: ")
    assert len(left(room)) == 2

    room.at("promise").click()
    room.at("forget").click()
    with room.page.expect_navigation():
        room.at("forget-now").click()
    room.until_state("ready")

    assert left(room) == []


def test_two_tabs_do_not_finish_the_same_recording(new_room: OpenRoom) -> None:
    room = visit(new_room)
    play(room, clip(TIMES))
    begin(room, 20)
    room.reload().until_state("ready")
    room.page.wait_for_selector("#record-left:visible")
    other = another_tab(room).open()
    other.until_state("ready")
    other.page.wait_for_selector("#record-left:visible")

    room.page.evaluate(HELD)
    room.at("record-open").click()
    room.page.wait_for_function("() => globalThis.waits")
    other.at("record-open").click()
    other.until_text("record-status", "is open in another tab")
    assert not other.at("record-save").is_visible()
    room.page.evaluate("() => globalThis.waits()")
    until_finished(room)
    other.page.keyboard.press("Escape")
    other.page.wait_for_selector("#record-left:visible")
    frames = shown(saved(room))
    room.at("record-delete").click()
    until_deleted(room)
    other.at("record-open").click()
    other.page.wait_for_selector("#record-dialog[open]")
    other.until_text("record-status", "isn't on this device any more")
    assert not other.at("record-save").is_visible()

    assert len(frames) > 5
    check(frames)


def test_another_video_goes_on_in_the_same_file(new_room: OpenRoom) -> None:
    room = visit(new_room)
    play(room, clip(TIMES))
    begin(room, 5)

    room.give(clip(TIMES, size=(320, 240)), "other.webm", "video/webm")
    room.until(
        "now.recording && document.getElementById('video-name').textContent.startsWith('other')"
    )
    room.until_live()
    before = room.snapshot()["recording"]["frames"]
    room.until(f"now.recording.frames > {before + 5}")
    data = stop(room)

    frames = shown(data)
    check(frames)
    assert all(one.time_s < other.time_s for one, other in pairwise(frames))
    again = [other for one, other in pairwise(frames) if other.number < one.number]
    assert again, "the other one begins"
    assert duration_s(data) > frames[-1].time_s
