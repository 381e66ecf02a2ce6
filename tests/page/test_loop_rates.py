"""The frame loop's figures: how many frames are shown and analysed, and how long they take."""

from __future__ import annotations

import pytest

from obscura.live.pace import ON_BATTERY
from obscura.page.live.loop import MOST_COUNTED

from .video import Video, make_slow


@pytest.fixture
def video() -> Video:
    """A video that plays, with the loop started."""
    video = Video()
    video.loop.start()
    return video


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
    make_slow(video)
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
