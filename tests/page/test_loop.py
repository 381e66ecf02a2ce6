"""The frame loop: the newest frame wins, nothing queues, and the video never waits."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obscura.live.pace import ON_BATTERY, Pace
from obscura.live.timing import Timings
from obscura.page.live.loop import MOST_COUNTED, SLOW_MS, Loop, Show


class Answer:
    """An engine's answer that comes when a test says so."""

    def __await__(self) -> Generator[Answer, Any, Any]:
        return (yield self)


class Video:
    """A video and the engine that analyses it, on a clock that only the test moves.

    The video shows numbered frames. The browser offers the next frame only if it was asked for.
    """

    def __init__(self) -> None:
        self.now_ms = 1000.0
        self.shows = 0
        self.on_frame: Any = None
        self.asked = False
        self.hidden = False
        self.counts = True  # whether the browser numbers the frames that it offers
        self.offers = 0
        self.captured: list[int] = []  # the frames that the engine was given, in order
        self.drawn: list[int] = []  # those whose answer was shown
        self.events: list[tuple[str, int]] = []
        self.running: Coroutine[Any, Any, None] | None = None
        self.timings, self.pace = Timings(), Pace()
        self.loop = Loop(
            self,
            self._analyse,
            self.timings,
            self.pace,
            now_ms=lambda: self.now_ms,
            start=self._start,
        )

    # ---- as `Frames` -----------------------------------------------------------------------------

    def ask(self) -> None:
        """Have the next frame offered."""
        self.asked = True

    def cancel(self) -> None:
        """Have no frame offered."""
        self.asked = False

    def total(self) -> int:
        """Return how many frames were shown."""
        return self.shows

    # ---- what happens ----------------------------------------------------------------------------

    def play(self, frames: int = 1, *, every_ms: float = 1000 / 30) -> None:
        """Show further frames, each of which is offered if the loop asked for it."""
        for _ in range(frames):
            self.now_ms += every_ms
            self.shows += 1
            if self.asked:
                self.asked = False
                self.offers += 1
                self.on_frame(self.shows if self.counts else None)

    def skip(self, frames: int, *, ms: float = 0.0) -> None:
        """Show frames without offering any of them, as a browser does under load."""
        self.shows += frames
        self.now_ms += ms

    def answer(self, outcome: Any = "boxes") -> None:
        """Have the engine answer the frame that it was given."""
        running, self.running = self.running, None
        assert running is not None, "the engine has nothing to answer"
        try:
            running.throw(outcome) if isinstance(outcome, Exception) else running.send(outcome)
        except StopIteration:
            return
        raise AssertionError("a frame is analysed in one go")

    @property
    def busy(self) -> bool:
        """Whether the engine is at work."""
        return self.running is not None

    async def _analyse(self, only_new: bool) -> Show | None:
        if only_new and self.captured and self.captured[-1] == self.shows:
            return None
        frame = self.shows
        self.captured.append(frame)
        self.events.append(("captured", frame))
        boxes = await Answer()
        return (lambda: self._draw(frame)) if boxes else None

    def _draw(self, frame: int) -> None:
        self.drawn.append(frame)
        self.events.append(("drawn", frame))

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        try:
            coroutine.send(None)
        except StopIteration:
            return
        assert self.running is None, "one frame at a time"
        self.running = coroutine


@pytest.fixture
def video() -> Video:
    """A video that plays, with the loop started."""
    video = Video()
    video.loop.start()
    return video


# ---- which frames --------------------------------------------------------------------------------


def test_a_loop_that_was_not_started_captures_nothing() -> None:
    video = Video()

    video.play(5)

    assert video.captured == []
    assert not video.asked


def test_the_first_frame_is_captured_as_soon_as_it_is_shown(video: Video) -> None:
    video.play()

    assert video.captured == [1]


def test_frames_that_come_while_the_engine_is_at_work_are_skipped(video: Video) -> None:
    video.play(5)

    assert video.captured == [1]
    assert video.drawn == []


def test_the_newest_frame_is_captured_once_the_engine_is_done(video: Video) -> None:
    video.play(5)

    video.answer()

    assert video.captured == [1, 5]
    assert video.drawn == [1]


def test_the_newest_frame_is_sent_before_the_answer_to_the_last_is_shown(video: Video) -> None:
    video.play(3)

    video.answer()

    assert video.events == [("captured", 1), ("captured", 3), ("drawn", 1)]


def test_a_frame_is_analysed_once(video: Video) -> None:
    video.play()

    video.answer()

    assert video.captured == [1]
    assert not video.busy
    video.play()
    assert video.captured == [1, 2]


def test_where_the_browser_does_not_number_frames_each_offer_is_another_frame(video: Video) -> None:
    video.counts = False
    video.play(3)

    video.answer()
    video.answer()

    assert video.captured == [1, 3]
    assert video.drawn == [1, 3]


@given(steps=st.lists(st.sampled_from(["play", "answer", "slow answer", "nothing", "hide"])))
def test_nothing_queues_and_no_frame_is_older_than_the_one_before(steps: list[str]) -> None:
    video = Video()
    video.loop.start()

    for step in steps:
        before = len(video.captured)
        if step == "play":
            video.play()
        elif step == "hide":
            video.hidden = not video.hidden
        elif video.busy:
            video.now_ms += 2 * SLOW_MS if step == "slow answer" else 1
            video.answer(None if step == "nothing" else "boxes")
        new = video.captured[before:]
        assert new in ([], [video.shows]), "what is captured is what the video shows now"

    assert video.drawn == sorted(set(video.drawn)), "no frame is shown twice or out of order"
    assert set(video.drawn) <= set(video.captured)
    assert video.loop.analysed_frames == len(video.drawn)


# ---- a slow engine -------------------------------------------------------------------------------


def slow(video: Video) -> None:
    """Let the engine take long for one frame, after which it is known to be slow."""
    video.play()
    video.now_ms += SLOW_MS + 1
    video.answer()
    video.play()
    assert video.busy


def test_a_fast_engine_is_offered_every_frame(video: Video) -> None:
    video.play(10)

    assert video.offers == 10


def test_while_a_slow_engine_works_no_frame_is_offered(video: Video) -> None:
    slow(video)
    offers = video.offers

    video.play(10)

    assert video.offers == offers


def test_once_a_slow_engine_is_done_the_frame_that_is_showing_is_captured(video: Video) -> None:
    slow(video)
    video.play(4)
    video.now_ms += SLOW_MS + 1

    video.answer()

    assert video.captured == [1, 2, 6]
    assert video.busy


def test_a_slow_engine_waits_for_an_offer_if_the_video_shows_the_same_frame_still(
    video: Video,
) -> None:
    slow(video)
    video.now_ms += SLOW_MS + 1

    video.answer()

    assert video.captured == [1, 2]
    assert video.asked
    video.play()
    assert video.captured == [1, 2, 3]


def test_an_engine_that_has_become_fast_is_offered_frames_again(video: Video) -> None:
    slow(video)
    video.play()
    video.answer()
    video.answer()  # of the frame that is showing still

    offers = video.offers
    video.play(5)

    assert video.offers == offers + 5


# ---- pausing -------------------------------------------------------------------------------------


def test_while_it_is_paused_nothing_is_captured(video: Video) -> None:
    video.loop.paused = True

    video.play(5)

    assert video.captured == []
    video.loop.paused = False
    video.play()
    assert video.captured == [6]


def test_the_answer_that_was_under_way_is_shown_though_it_is_paused(video: Video) -> None:
    video.play()
    video.loop.paused = True

    video.answer()

    assert video.drawn == [1]
    assert not video.busy


def test_while_it_is_suspended_the_picture_goes_on_but_nothing_is_captured(video: Video) -> None:
    video.loop.suspend(True)

    video.play(5)

    assert video.captured == []
    assert video.offers == 5
    video.loop.suspend(False)
    video.play()
    assert video.captured == [6]


def test_in_a_hidden_tab_nothing_is_captured(video: Video) -> None:
    video.hidden = True

    video.play(5)

    assert video.captured == []
    video.hidden = False
    video.play()
    assert video.captured == [6]


@pytest.mark.parametrize("held", ["paused", "suspended", "hidden"])
def test_a_slow_engine_goes_on_after_it_was_kept_from_working(video: Video, held: str) -> None:
    slow(video)

    def hold(value: bool) -> None:
        if held == "paused":
            video.loop.paused = value
        elif held == "suspended":
            video.loop.suspend(value)
        else:
            video.hidden = value

    hold(True)
    video.now_ms += SLOW_MS + 1
    video.answer()
    video.play(3)
    assert not video.busy
    hold(False)
    video.play()

    assert video.captured[-1] == video.shows


# ---- starting and stopping -----------------------------------------------------------------------


def test_after_it_was_stopped_no_frame_is_offered_or_captured(video: Video) -> None:
    video.play()
    video.answer()

    video.loop.stop()
    video.play(5)

    assert video.captured == [1]
    assert not video.loop.running


def test_an_offer_that_comes_after_it_was_stopped_is_ignored(video: Video) -> None:
    video.loop.stop()

    video.on_frame(9)

    assert video.captured == []
    assert not video.asked


def test_a_frame_under_way_when_it_is_stopped_does_not_start_another(video: Video) -> None:
    video.play(3)
    video.loop.stop()

    video.answer(None)

    assert video.captured == [1]
    assert not video.asked


def test_another_start_begins_at_zero_and_is_not_paused(video: Video) -> None:
    video.play()
    video.answer()
    video.loop.paused = True
    video.loop.stop()

    video.loop.start()
    assert video.loop.analysed_frames == 0
    assert not video.loop.paused
    video.shows = 0  # another video
    video.play()

    assert video.captured == [1, 1]


def test_a_source_that_starts_while_the_other_ones_frame_is_under_way_waits_for_the_engine(
    video: Video,
) -> None:
    video.play()
    video.loop.stop()
    video.loop.start()
    video.shows = 0

    video.play(3)
    assert video.captured == [1]
    video.answer(None)  # of another source: there is nothing to show
    video.play()

    assert video.captured == [1, 4]
    assert video.drawn == []


# ---- failures ------------------------------------------------------------------------------------


def test_a_frame_without_an_answer_is_captured_again_once_it_is_offered(video: Video) -> None:
    video.play()

    video.answer(None)
    video.shows -= 1  # the video shows the same frame still
    video.play()

    assert video.captured == [1, 1]
    assert video.loop.analysed_frames == 0


def test_a_failure_is_passed_on_and_the_next_frame_is_analysed(video: Video) -> None:
    video.play()

    with pytest.raises(ValueError, match="broken"):
        video.answer(ValueError("broken"))

    assert video.drawn == []
    video.play()
    video.answer()
    assert video.drawn == [2]


# ---- rates and times -----------------------------------------------------------------------------


def test_a_limited_rate_captures_frames_less_often(video: Video) -> None:
    video.pace.power(charging=False, level=0.8, save_data=False)
    begun_ms = video.now_ms

    for _ in range(90):
        video.play()
        if video.busy:
            video.answer()

    seconds = (video.now_ms - begun_ms) / 1000
    assert len(video.captured) == pytest.approx(seconds * ON_BATTERY, abs=2)


def test_the_pace_is_notified_of_every_analysed_frame(video: Video) -> None:
    taken: list[tuple[float, float]] = []
    video.pace.frame = lambda now_s, ms: taken.append((now_s, ms))  # type: ignore[method-assign]
    video.play()
    video.now_ms += 20

    video.answer()

    assert taken == [(pytest.approx(video.now_ms / 1000), pytest.approx(20))]


def test_rates_of_shown_and_analysed_frames_are_told_apart(video: Video) -> None:
    for _ in range(60):
        video.play(3)
        video.answer()

    now_s = video.now_ms / 1000
    assert video.loop.shown.per_second(now_s) == pytest.approx(30, rel=0.05)
    assert video.loop.analysed.per_second(now_s) == pytest.approx(10, rel=0.1)


def test_frames_that_were_shown_but_not_offered_are_counted(video: Video) -> None:
    for _ in range(60):
        video.skip(1)
        video.play(every_ms=100)

    assert video.loop.shown.per_second(video.now_ms / 1000) == pytest.approx(20, rel=0.05)


def test_frames_that_a_slow_engine_is_not_offered_are_counted(video: Video) -> None:
    slow(video)
    for _ in range(30):
        video.play(4, every_ms=25)
        video.answer()

    assert video.loop.shown.per_second(video.now_ms / 1000) == pytest.approx(40, rel=0.05)


def test_frames_shown_while_the_page_was_out_of_sight_count_only_up_to_a_limit(
    video: Video,
) -> None:
    video.play()
    ticks: list[float] = []
    video.loop.shown.tick = ticks.append  # type: ignore[method-assign]

    video.skip(1000)
    video.play()

    assert len(ticks) == MOST_COUNTED


def test_rates_fall_to_zero_when_it_is_stopped(video: Video) -> None:
    for _ in range(10):
        video.play()
        video.answer()

    video.loop.stop()

    now_s = video.now_ms / 1000
    assert video.loop.shown.per_second(now_s) == 0
    assert video.loop.analysed.per_second(now_s) == 0


def test_the_time_of_whole_frames_is_noted(video: Video) -> None:
    video.play()
    video.now_ms += 40

    video.answer()

    totals = video.timings.frame()
    assert totals is not None
    assert totals.count == 1
    assert totals.median == pytest.approx(40)
