"""Whatever happens while a whole video is made, what was made until then is kept."""

from __future__ import annotations

from .conftest import OpenRoom
from .numbered import clip, duration_s, shown
from .test_record import check
from .test_record_faults import FAILING, FREE, fill
from .test_whole_video import SLOW, opened, saved

EVEN = list(range(0, 6000, 33))


def test_a_video_that_breaks_off_in_the_middle(new_room: OpenRoom) -> None:
    data = clip(EVEN, sound=False)
    room = opened(new_room, EVEN, data[: len(data) * 2 // 3])

    room.at("record-whole").click()
    frames = shown(saved(room))

    assert len(EVEN) // 3 < len(frames) < len(EVEN)
    assert [each.number for each in frames] == list(range(len(frames)))
    check(frames)
    said = room.at("record-note-text").inner_text()
    assert f"breaks off at 0:{int(frames[-1].time_s):02}" in said


def test_a_device_that_is_full_all_at_once(new_room: OpenRoom) -> None:
    room = opened(new_room, EVEN, clip(EVEN))
    fill(room, 60_000)

    room.at("record-whole").click()
    frames = shown(saved(room))

    assert 20 < len(frames) < len(EVEN)
    assert [each.number for each in frames] == list(range(len(frames)))
    check(frames)
    assert "Storage is full" in room.at("record-note-text").inner_text()


def test_a_device_that_fills_up_is_said_before(new_room: OpenRoom) -> None:
    room = opened(new_room, EVEN, clip(EVEN), init=FREE + SLOW)

    room.at("record-whole").click()
    room.until_text("record-note-text", "^Making the video: [1-9][0-9] %")
    room.page.evaluate("() => { free = 32_001_000; }")
    room.until_text("record-note-text", "the video will end at about 0:0. of 0:0")
    room.page.evaluate("() => { free = 31e6; }")
    data = saved(room)

    frames = shown(data)
    assert 10 < len(frames) < len(EVEN)
    check(frames)
    assert duration_s(data) < 5
    assert "the video ends at 0:0" in room.at("record-note-text").inner_text()


def test_an_encoder_that_fails_after_a_hundred_frames(new_room: OpenRoom) -> None:
    times = EVEN[:130]
    room = opened(new_room, times, clip(times), init=FAILING)

    room.at("record-whole").click()
    frames = shown(saved(room))

    assert 60 < len(frames) <= 101
    check(frames)
    assert "encoder failed" in room.at("record-note-text").inner_text()
    room.at("record-delete").click()
    room.page.evaluate("() => { most = Infinity; }")
    room.at("record-whole").click()  # with another codec
    frames = shown(saved(room))
    assert [each.number for each in frames] == list(range(len(times)))


def test_a_page_that_is_closed_meanwhile(new_room: OpenRoom) -> None:
    room = opened(new_room, EVEN, clip(EVEN), init=SLOW)
    room.at("record-whole").click()
    room.until_text("record-note-text", "^Making the video: [3-9][0-9] %")

    room.reload().until_state("ready")
    room.page.wait_for_selector("#record-left:visible")
    room.at("record-open").click()
    frames = shown(saved(room))

    assert len(frames) > 20
    check(frames)
