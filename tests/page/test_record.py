"""Recordings: when frames show, what waits, how long there is room, and whole videos."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from obscura.detections import Detections
from obscura.export.records import to_record
from obscura.live.frame_clock import CUT_S
from obscura.page.features.record import names, words
from obscura.page.features.record.recording import MOST_HELD, MOST_WAITING, HeldFrames, Recording
from obscura.page.features.record.room import RESERVE, reaches_s, seconds_left
from obscura.page.features.record.timeline import FRAME_S, Timeline
from obscura.page.features.record.whole import (
    Cancelled,
    EncoderBroke,
    Seen,
    SourceBroke,
    encode_all,
    tracks_of,
)
from obscura.page.live.analysis import DecodeOptions
from obscura.page.live.results import Head, Results
from obscura.update import FrameInfo, Update

SIZE = (640, 480)
ROOT = Path(__file__).parents[2]


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


def test_a_camera_after_a_video_has_a_clock_of_its_own() -> None:
    line = Timeline()
    line.frame(7.0, 1, is_video=True, source="clip.mp4")
    line.frame(7.1, 1, is_video=True, source="clip.mp4")

    shown = line.frame(1234.5, 2, is_video=False, source="camera")

    assert shown is not None
    assert shown[0] == pytest.approx(0.2), "as closely as frames have been until then"
    assert line.jumps == 1


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


def test_frames_of_a_source_before_do_not_push_out_those_of_the_next() -> None:
    held, old, new = HeldFrames(), [Closable() for _ in range(3)], [Closable() for _ in range(2)]
    for index, frame in enumerate(old):
        held.add(70 + index, frame)

    for index, frame in enumerate(new):
        held.add(index, frame)

    assert all(each.closed for each in old)
    assert held.take(0) is new[0]
    assert held.take(1) is new[1]


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

    async def finish(self, *, complete: bool = True) -> None:
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


# ---- names ---------------------------------------------------------------------------------------


def test_two_recordings_of_one_second_are_two_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "stamp", lambda: "obscura-2026-11-30-142505")

    made = {names.new_name("webm") for _ in range(100)}

    assert len(made) == len(set(map(names.plain, made))) == 100
    for each in [*made, "working-obscura-2026-11-30-142505-12345678.webm"]:
        assert names.plain(each) == each.removeprefix("working-")
        assert names.saved_as(each) == "obscura-2026-11-30-142505.webm"
        assert names.saved_as(names.plain(each)) == "obscura-2026-11-30-142505.webm"
        assert names.when(each) == "2026-11-30, 14:25"


def test_names_of_earlier_versions_and_of_others() -> None:
    earlier = "working-obscura-2026-11-30-142505.mp4"

    assert names.saved_as(earlier) == "obscura-2026-11-30-142505.mp4"
    assert names.when(earlier) == "2026-11-30, 14:25"
    assert names.saved_as("else.mp4") == "else.mp4"
    assert names.when("else.mp4") == "else"


# ---- words ---------------------------------------------------------------------------------------


def test_words() -> None:
    assert words.clock(7.9) == "0:07"
    assert words.clock(3723) == "1:02:03"
    assert words.making(0.25, 10) == "Making the video: 25 %, about 0:30 left"
    assert words.making(0.25, 1) == words.MAKING_BEGINS
    assert words.reason("QuotaExceededError: x") == words.FULL_WHILE_MAKING
    assert words.reason("EncodingError: x") == words.BROKE_WHILE_MAKING


# ---- whole videos --------------------------------------------------------------------------------


class Sample(Closable):
    """A decoded frame."""

    def __init__(self, timestamp: float, duration: float = 0.1) -> None:
        self.timestamp, self.duration = timestamp, duration


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


def followed(time_s: float, track: int, score: float) -> Update:
    update = found(time_s, 5, score)
    return replace(update, detections=update.detections.replace(track_id=np.array([track])))


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

    async def finish(self, *, complete: bool = True) -> None:
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


def test_frames_of_less_than_two_milliseconds_have_their_own_boxes() -> None:
    times = (0.0, 0.001, 0.002, 0.0185, 0.02)
    kept = results(*[found(each, 10.0 * index) for index, each in enumerate(times)])

    drawn = encode([Sample(each) for each in times], kept, Quick())

    assert drawn == [0, 10, 20, 30, 40]


def test_times_of_a_frame_may_be_rounded_in_two_ways() -> None:
    kept = results(found(0.0, 0.0), found(0.0343, 10.0), found(0.0656, 20.0))

    drawn = encode([Sample(each) for each in (0.0, 0.033, 0.067)], kept, Quick())

    assert drawn == [0, 10, 20]


def test_each_frame_gets_what_was_found_in_it_and_no_other() -> None:
    samples = [Sample(2 + each / 10) for each in range(4)]
    kept = results(found(0.0, 5), found(0.1, 6), found(0.3, 8))
    encoder = Quick()

    drawn = encode(samples, kept, encoder)

    assert drawn == [5, 6, None, 8], "a frame that was not analysed has none"
    assert [time for time, _ in encoder.added] == pytest.approx([0, 0.1, 0.2, 0.3])
    assert all(each.closed for each in samples)


def shown_for(samples: list[Sample]) -> list[float]:
    encoder = Quick()
    encode(samples, results(found(0, 5)), encoder)
    return [duration for _, duration in encoder.added]


def test_a_last_frame_without_a_duration_shows_as_long_as_the_one_before_it() -> None:
    """WebM says of a frame only when it begins."""
    assert shown_for([Sample(0, 0.2), Sample(0.2, 0.3), Sample(0.5, 0)]) == pytest.approx(
        [0.2, 0.3, 0.3]
    )
    assert shown_for([Sample(7, 0), Sample(7.25, 0)])[-1] == pytest.approx(0.25)
    assert shown_for([Sample(0, 5), Sample(5, 0)]) == [5, 1], "at most a second"
    assert shown_for([Sample(0, 5), Sample(5, 4)]) == [5, 4], "if it does not say it"
    assert shown_for([Sample(3, 0)]) == pytest.approx([1 / 30]), "one alone"


def test_a_video_that_is_not_wanted_any_more_ends() -> None:
    samples = [Sample(each / 10) for each in range(4)]
    with pytest.raises(Cancelled):
        encode(samples, results(found(0, 5)), Quick(), most=2)
    assert [each.closed for each in samples] == [True, True, True, False]


def test_an_encoder_that_fails_ends_it_and_holds_nothing() -> None:
    samples = [Sample(each / 10) for each in range(4)]
    with pytest.raises(EncoderBroke, match="broken"):
        encode(samples, results(found(0, 5)), Quick(fails_at=1))
    assert [each.closed for each in samples] == [True, True, False, False]


def test_a_file_that_breaks_off_is_told_from_an_encoder_that_fails() -> None:
    made: list[float] = []

    async def broken() -> AsyncIterator[Sample]:
        yield Sample(0)
        yield Sample(0.1)
        raise OSError("damaged")

    async def run() -> None:
        await encode_all(
            broken(),
            results(found(0, 5)),
            Quick(),
            lambda _sample, _update: None,
            start_s=0,
            size=SIZE,
            progress=made.append,
            wanted=lambda: True,
        )

    with pytest.raises(SourceBroke, match="damaged"):
        asyncio.run(run())
    assert made == pytest.approx([0, 0.1]), "what was there is encoded"


def scores(seen: Seen, update: Update) -> list[int]:
    """Return how many rows are counted, and how many are shown."""
    every, shown = seen.of(update)
    return [len(every.detections), len(shown.detections)]


def test_what_is_shown_follows_the_threshold_and_the_classes() -> None:
    update = found(0, 5, score=0.4)

    assert scores(Seen(DecodeOptions(threshold=0.3), None, None), update) == [1, 1]
    assert scores(Seen(DecodeOptions(threshold=0.5), None, None), update) == [1, 0]
    assert scores(Seen(DecodeOptions(0.3, classes={0}), None, None), update) == [1, 1]


def test_a_track_is_shown_by_its_highest_score_and_says_for_how_long() -> None:
    kept = results(followed(1.0, 4, 0.9), followed(2.5, 4, 0.2), followed(3.0, -1, 0.8))
    tracks = asyncio.run(tracks_of(kept))
    assert tracks == {4: (1.0, 0.9)}

    options = DecodeOptions(threshold=0.5)
    weak = Seen(options, None, tracks).of(followed(2.5, 4, 0.2))[1].detections
    assert weak.data["seen_s"].tolist() == [1.5]
    assert scores(Seen(options, None, tracks), followed(3.0, -1, 0.8)) == [1, 0], "not followed"
    assert scores(Seen(options, None, {}), followed(2.5, 4, 0.2)) == [1, 0], "by its own score"
    plain = Seen(options, None, None).of(followed(2.5, 4, 0.9))[1].detections
    assert plain.track_id is None, "tracking is off"


def test_how_far_a_video_comes() -> None:
    assert reaches_s(RESERVE + 300, 100, 10) == pytest.approx(40)
    assert reaches_s(0, 100, 10) == pytest.approx(10)
    assert reaches_s(0, 0, 0) == float("inf")


# ---- the script ----------------------------------------------------------------------------------


def test_the_script_has_what_the_page_calls_of_it() -> None:
    media = ROOT / "assets/media"
    written = re.findall(r"^export [a-z ]*?(\w+) ?[({]", (media / "write.js").read_text(), re.M)
    (read,) = re.findall(r"^export {(.+)} from", (media / "index.js").read_text(), re.M)
    browser = ROOT / "py/obscura/page/browser"
    code = "".join((browser / name).read_text() for name in ("media.py", "recorder.py"))

    called = set(re.findall(r"\b_?module\.(\w+)", code))

    assert "frameOf" in called
    assert called <= {*written, *(each.strip() for each in read.split(","))}
