"""Recordings: when frames show, what waits, how long there is room, and whole videos."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import numpy as np
import pytest

from obscura.detections import Detections
from obscura.export.records import to_record
from obscura.live.frame_clock import CUT_S
from obscura.page.features.record import words
from obscura.page.features.record.recording import MOST_HELD, MOST_WAITING, HeldFrames, Recording
from obscura.page.features.record.room import RESERVE, seconds_left
from obscura.page.features.record.timeline import FRAME_S, Timeline
from obscura.page.features.record.whole import Cancelled, encode_all, shown
from obscura.page.live.analysis import DecodeOptions
from obscura.page.live.results import Head, Results
from obscura.update import FrameInfo, Update

SIZE = (640, 480)


# ---- when frames show ----------------------------------------------------------------------------


def times(*frames: tuple[float, int], is_video: bool = True) -> list[float | None]:
    """Return when frames of these times and epochs show."""
    line = Timeline()
    placed = [line.frame(time_s, epoch, is_video=is_video) for time_s, epoch in frames]
    return [None if each is None else each[0] for each in placed]


def test_a_recording_begins_at_zero_and_keeps_the_frames_times() -> None:
    assert times((7.0, 1), (7.1, 1), (7.4, 1)) == pytest.approx([0, 0.1, 0.4])


def test_a_gap_in_a_camera_takes_its_time_also_after_a_pause() -> None:
    assert times((7.0, 1), (7.1, 1), (19.1, 2), is_video=False) == pytest.approx([0, 0.1, 12.1])


@pytest.mark.parametrize(
    "later",
    [
        pytest.param((7.1 + CUT_S, 1), id="it begins again"),
        pytest.param((2.0, 2), id="it is sought back"),
        pytest.param((60.0, 2), id="it is sought ahead"),
        pytest.param((0.0, 3), id="another source"),
    ],
)
def test_what_was_not_showing_takes_no_time(later: tuple[float, int]) -> None:
    assert times((7.0, 1), (7.1, 1), later) == pytest.approx([0, 0.1, 0.2])


def test_the_same_frame_is_not_added_twice() -> None:
    assert times((7.0, 1), (7.0, 1), (7.1, 1)) == pytest.approx([0, None, 0.1])


def test_the_latest_frame_lasts_as_long_as_the_one_before() -> None:
    line = Timeline()
    line.frame(0, 1, is_video=True)
    assert line.end_s == pytest.approx(FRAME_S)
    line.frame(0.25, 1, is_video=True)
    assert line.end_s == pytest.approx(0.5)


# ---- what waits ----------------------------------------------------------------------------------


class Closable:
    """A frame that knows whether it was closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


def test_frames_without_an_answer_are_closed() -> None:
    held, frames = HeldFrames(), [Closable() for _ in range(3)]
    for index, frame in enumerate(frames):
        held.add(index, frame)

    taken = held.take(1)

    assert taken is frames[1]
    assert [each.closed for each in frames] == [True, False, False]
    assert held.take(1) is None
    held.clear()
    assert frames[2].closed


def test_no_more_frames_are_held_than_cameras_can_spare() -> None:
    held, frames = HeldFrames(), [Closable() for _ in range(10)]
    for index, frame in enumerate(frames):
        held.add(index, frame)

    assert sum(not each.closed for each in frames) == MOST_HELD


class Encoder:
    """An encoder that is as slow as the test wants."""

    written = 0

    def __init__(self) -> None:
        self.added: list[tuple[float, float]] = []
        self.waiting: list[asyncio.Future[None]] = []
        self.broken: Exception | None = None

    def add(self, time_s: float, duration_s: float) -> asyncio.Future[None]:
        self.added.append((time_s, duration_s))
        self.waiting.append(asyncio.get_running_loop().create_future())
        return self.waiting[-1]

    async def finish(self) -> None:
        if self.broken is not None:
            raise self.broken


def recording() -> tuple[Recording, Encoder]:
    encoder = Encoder()
    tasks = set()

    def spawn(coroutine: Coroutine[Any, Any, None]) -> None:
        tasks.add(asyncio.ensure_future(coroutine))

    return Recording(encoder, spawn), encoder


def test_an_encoder_that_is_busy_keeps_nothing_waiting() -> None:
    async def scenario() -> None:
        made, encoder = recording()
        drawn: list[int] = []
        for index in range(5):
            made.add(lambda index=index: drawn.append(index), index / 10, 1, is_video=True)  # type: ignore[misc]
        assert drawn == list(range(MOST_WAITING))
        assert made.left_out == 5 - MOST_WAITING

        encoder.waiting[0].set_result(None)
        await asyncio.sleep(0.01)
        made.add(lambda: drawn.append(9), 0.9, 1, is_video=True)

        assert drawn[-1] == 9
        assert encoder.added[-1][0] == pytest.approx(0.9), "frames that were left out take time"

    asyncio.run(scenario())


def test_an_error_of_the_encoder_ends_the_adding() -> None:
    async def scenario() -> None:
        made, encoder = recording()
        made.add(lambda: None, 0, 1, is_video=True)
        encoder.waiting[0].set_exception(OSError("broken"))
        await asyncio.sleep(0.01)

        made.add(lambda: pytest.fail("not drawn any more"), 0.1, 1, is_video=True)
        encoder.broken = OSError("broken again")
        await made.finish()

        assert str(made.error) == "broken", "the first one is the cause"
        assert made.frames == 1

    asyncio.run(scenario())


def test_an_error_at_the_end_is_kept() -> None:
    async def scenario() -> None:
        made, encoder = recording()
        encoder.broken = OSError("full")
        await made.finish()
        assert str(made.error) == "full"

    asyncio.run(scenario())


# ---- room ----------------------------------------------------------------------------------------


def test_a_recording_ends_while_it_can_still_be_copied() -> None:
    written, seconds = 100_000_000, 100.0
    left = seconds_left(500_000_000 + RESERVE, written, seconds)

    assert left == pytest.approx(200), "it grows and room shrinks by 1 MB a second each"
    assert seconds_left(written + RESERVE, written, seconds) == 0
    assert seconds_left(0, 0, 0) == 0
    assert seconds_left(RESERVE + 1, 0, 0) == float("inf")


# ---- words ---------------------------------------------------------------------------------------


def test_words() -> None:
    assert words.clock(7.9) == "0:07"
    assert words.clock(3723) == "1:02:03"
    assert words.when("working-obscura-2026-11-30-142505.mp4") == "2026-11-30, 14:25"
    assert words.when("else.mp4") == "else"
    assert words.making(0.25, 10) == "Making the video: 25 %, about 0:30 left"
    assert words.making(0.25, 1) == words.MAKING_BEGINS
    assert words.reason("QuotaExceededError: x") == words.FULL_WHILE_MAKING
    assert words.reason("EncodingError: x") == words.BROKE_WHILE_MAKING


# ---- whole videos --------------------------------------------------------------------------------


class Sample(Closable):
    """A decoded frame."""

    def __init__(self, timestamp: float) -> None:
        self.timestamp, self.duration = timestamp, 0.1


class Nowhere:
    """A store of results that are all held in memory."""

    async def read(self, *_prefix: str | float) -> list[Any]:
        return []

    async def write(self, records: Any) -> None:
        pass


def found(time_s: float, left: float, score: float = 0.9) -> Update:
    box = np.array([[left, 0, left + 10, 10]], np.float32)
    rows = Detections(xyxy=box, score=np.array([score]), class_id=np.array([0]))
    return Update(FrameInfo(0, time_s, *SIZE), rows)


def results(*updates: Update) -> Results:
    made = Results(Nowhere(), "clip", Head("clip.mp4", "model", ["thing"], 0.0))
    for each in updates:
        made.add(to_record(each, ["thing"]))
    return made


class Quick:
    """An encoder that takes all at once."""

    written = 0

    def __init__(self, fails_at: int = -1) -> None:
        self.added: list[tuple[float, float]] = []
        self.fails_at = fails_at

    async def add(self, time_s: float, duration_s: float) -> None:
        if len(self.added) == self.fails_at:
            raise OSError("broken")
        self.added.append((time_s, duration_s))

    async def finish(self) -> None:
        pass


async def in_order(samples: list[Sample], ended: list[bool]) -> AsyncIterator[Sample]:
    try:
        for each in samples:
            yield each
    finally:
        ended.append(True)


def encode(samples: list[Sample], kept: Results, encoder: Any, most: int = 99) -> list[Any]:
    """Encode samples; return the left edge of the box of each, None for none. Wants `most`."""
    drawn: list[Any] = []
    ended: list[bool] = []

    def draw(_sample: Any, update: Update) -> None:
        drawn.append(update.detections.xyxy[0, 0] if len(update.detections) else None)

    async def run() -> None:
        try:
            await encode_all(
                in_order(samples, ended),
                kept,
                encoder,
                draw,
                start_s=samples[0].timestamp,
                size=SIZE,
                progress=lambda _time: None,
                wanted=lambda: len(drawn) < most,
            )
        finally:
            assert ended == [True], "the decoder is let go"

    asyncio.run(run())
    return drawn


def test_each_frame_gets_what_was_found_in_it_and_no_other() -> None:
    samples = [Sample(2 + each / 10) for each in range(4)]
    kept = results(found(0.0, 5), found(0.1, 6), found(0.3, 8))
    encoder = Quick()

    drawn = encode(samples, kept, encoder)

    assert drawn == [5, 6, None, 8], "a frame that was not analysed has none"
    assert [time for time, _ in encoder.added] == pytest.approx([0, 0.1, 0.2, 0.3])
    assert all(each.closed for each in samples)


def test_a_video_that_is_not_wanted_any_more_ends() -> None:
    samples = [Sample(each / 10) for each in range(4)]
    with pytest.raises(Cancelled):
        encode(samples, results(found(0, 5)), Quick(), most=2)
    assert [each.closed for each in samples] == [True, True, True, False]


def test_an_encoder_that_fails_ends_it_and_holds_nothing() -> None:
    samples = [Sample(each / 10) for each in range(4)]
    with pytest.raises(OSError, match="broken"):
        encode(samples, results(found(0, 5)), Quick(fails_at=1))
    assert [each.closed for each in samples] == [True, True, False, False]


def test_what_is_shown_follows_the_threshold_and_the_classes() -> None:
    update = found(0, 5, score=0.4)

    assert len(shown(update, DecodeOptions(threshold=0.3), None).detections) == 1
    assert len(shown(update, DecodeOptions(threshold=0.5), None).detections) == 0
    assert len(shown(update, DecodeOptions(0.3, classes={0}), None).detections) == 1
