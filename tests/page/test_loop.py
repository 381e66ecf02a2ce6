"""The frame loop: the newest frame wins, nothing queues, and the video never waits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obscura.page.live.loop import SLOW_MS

from .video import Video, make_slow

FIXED = settings(deadline=None, derandomize=True, database=None, max_examples=100)


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


@FIXED
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


def test_a_fast_engine_is_offered_every_frame(video: Video) -> None:
    video.play(10)

    assert video.offers == 10


def test_while_a_slow_engine_works_no_frame_is_offered(video: Video) -> None:
    make_slow(video)
    offers = video.offers

    video.play(10)

    assert video.offers == offers


def test_once_a_slow_engine_is_done_the_frame_that_is_showing_is_captured(video: Video) -> None:
    make_slow(video)
    video.play(4)
    video.now_ms += SLOW_MS + 1

    video.answer()

    assert video.captured == [1, 2, 6]
    assert video.busy


def test_a_slow_engine_waits_for_an_offer_if_the_video_shows_the_same_frame_still(
    video: Video,
) -> None:
    make_slow(video)
    video.now_ms += SLOW_MS + 1

    video.answer()

    assert video.captured == [1, 2]
    assert video.asked
    video.play()
    assert video.captured == [1, 2, 3]


def test_an_engine_that_has_become_fast_is_offered_frames_again(video: Video) -> None:
    make_slow(video)
    video.play()
    video.answer()
    video.answer()  # of the frame that is showing still

    offers = video.offers
    video.play(5)

    assert video.offers == offers + 5


# ---- pausing -------------------------------------------------------------------------------------


def test_paused_the_very_frame_that_is_shown_is_analysed_once(video: Video) -> None:
    video.play()
    video.skip(3)  # shown while the engine works
    video.loop.pause(True)
    assert video.captured == [1]

    video.answer(None)  # whose frame is not the one shown any more
    video.answer()

    assert video.captured == [1, 4]
    assert video.drawn == [4]
    assert not video.busy


def test_a_frame_that_the_browser_shows_after_it_was_told_to_pause_is_analysed(
    video: Video,
) -> None:
    video.play()
    video.answer()
    video.loop.pause(True)
    video.skip(1)
    video.answer()
    assert video.captured == [1, 1, 2], "another one shows when the answer is there"
    video.answer()

    video.play()
    video.answer()

    assert video.captured == [1, 1, 2, 3]
    assert video.drawn[-1] == 3
    assert not video.busy


def test_a_paused_frame_waits_until_analysis_is_not_suspended(video: Video) -> None:
    video.play()
    video.answer()
    video.loop.suspend(True)

    video.loop.pause(True)
    assert not video.busy
    video.loop.suspend(False)
    video.answer()

    assert video.drawn == [1, 1]


def test_another_frame_is_analysed_on_demand_only_while_it_is_paused(video: Video) -> None:
    video.play()
    video.answer()
    video.loop.analyse_shown()
    assert not video.busy, "it plays: the next frame is analysed anyway"

    video.loop.pause(True)
    video.answer()
    video.skip(5)
    video.loop.analyse_shown()
    video.answer()

    assert video.drawn == [1, 1, 6]


def test_resumed_it_goes_on_with_the_next_frame(video: Video) -> None:
    video.play()
    video.loop.pause(True)
    video.loop.pause(False)
    video.answer()
    assert not video.busy, "what was to be analysed while it is paused is not any more"

    video.play()

    assert video.captured == [1, 2]


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
    make_slow(video)

    def hold(value: bool) -> None:
        if held == "paused":
            video.loop.pause(value)
        elif held == "suspended":
            video.loop.suspend(value)
        else:
            video.hidden = value

    hold(True)
    video.now_ms += SLOW_MS + 1
    video.answer()
    if held == "paused":
        video.answer()  # the frame that is shown
    else:
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
    video.loop.pause(True)
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
