"""The frame clock: frames are numbered, and their times never run backwards."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from obscura.live.frame_clock import FrameClock
from obscura.update import FrameInfo

FIXED = settings(deadline=None, derandomize=True, database=None, max_examples=100)

TIMES = st.floats(0, 1e6, allow_nan=False)
SIZE = (640, 480)


def test_frames_are_numbered_from_zero() -> None:
    clock = FrameClock()

    frames = [clock.frame(time_s, *SIZE) for time_s in (5.0, 5.1, 5.4)]

    assert frames == [
        FrameInfo(0, 5.0, *SIZE),
        FrameInfo(1, 5.1, *SIZE),
        FrameInfo(2, 5.4, *SIZE),
    ]


def test_a_frame_has_the_size_of_its_own_moment() -> None:
    clock = FrameClock()
    clock.frame(0.0, 640, 480)

    turned = clock.frame(0.1, 480, 640)  # as a phone is

    assert (turned.width, turned.height) == (480, 640)


def test_another_source_begins_at_zero_and_on_its_own_clock() -> None:
    clock = FrameClock()
    clock.frame(100.0, *SIZE)
    clock.frame(50.0, *SIZE)

    clock.reset()

    assert clock.frame(2.0, *SIZE) == FrameInfo(0, 2.0, *SIZE)


def test_a_video_that_begins_again_goes_on_in_time() -> None:
    clock = FrameClock()

    times = [clock.frame(time_s, *SIZE).time_s for time_s in (0.0, 0.5, 1.0, 0.0, 0.5, 1.0, 0.25)]

    assert times == pytest.approx([0.0, 0.5, 1.0, 6.0, 6.5, 7.0, 12.0])


@FIXED
@given(times=st.lists(TIMES))
def test_no_frame_after_a_cut_has_the_time_of_one_before(times: list[float]) -> None:
    clock = FrameClock()

    before: set[float] = set()
    latest: set[float] = set()
    for time_s in times:
        cuts = clock.cuts
        frame = clock.frame(time_s, *SIZE)
        if clock.cuts > cuts:
            before, latest = before | latest, set()
        latest.add(frame.time_s)
        assert frame.time_s not in before


@FIXED
@given(times=st.lists(TIMES))
@example(times=[0.1, 0.7, 0.3, 0.9, 0.1, 0.6])
def test_time_never_runs_backwards_whatever_the_source_says(times: list[float]) -> None:
    clock = FrameClock()

    frames = [clock.frame(time_s, *SIZE) for time_s in times]

    assert [frame.index for frame in frames] == list(range(len(times)))
    assert all(a.time_s <= b.time_s for a, b in itertools.pairwise(frames))


@FIXED
@given(times=st.lists(TIMES).map(sorted))
def test_times_that_do_not_run_backwards_are_kept_as_they_are(times: list[float]) -> None:
    clock = FrameClock()

    assert [clock.frame(time_s, *SIZE).time_s for time_s in times] == times


@FIXED
@given(
    length_s=st.floats(0.5, 600),
    step_s=st.floats(0.01, 0.2),
    rounds=st.integers(2, 5),
)
def test_within_each_round_of_a_video_time_passes_as_in_the_file(
    length_s: float, step_s: float, rounds: int
) -> None:
    clock = FrameClock()
    media = [number * step_s for number in range(int(min(length_s / step_s, 50)) + 1)]

    for _ in range(rounds):
        times = [clock.frame(time_s, *SIZE).time_s for time_s in media]

        passed = [time_s - times[0] for time_s in times]
        assert passed == pytest.approx(media, abs=1e-6)


def test_the_clock_counts_how_often_a_video_went_back() -> None:
    clock = FrameClock()

    cuts = []
    for time_s in (5.0, 5.1, 5.1, 2.0, 2.1, 9.0, 0.0):
        clock.frame(time_s, *SIZE)
        cuts.append(clock.cuts)

    assert cuts == [0, 0, 0, 1, 1, 1, 2]
    clock.reset()
    assert clock.cuts == 0
