"""Stepping through a video whose rate browsers do not say."""

from __future__ import annotations

import pytest

from obscura.live.frame_grid import USUAL_S, FrameGrid


def playing(fps: float, shown: list[int]) -> FrameGrid:
    """Return a grid that has seen these frames of a video, of which browsers number what they
    show."""
    grid = FrameGrid()
    for number, frame in enumerate(shown):
        grid.observe(number, frame / fps)
    return grid


@pytest.mark.parametrize("fps", [5, 24, 29.97, 60])
@pytest.mark.parametrize("frames", [1, -1, 3])
def test_a_step_lands_in_the_middle_of_the_frame_beside(fps: float, frames: int) -> None:
    grid = playing(fps, [7, 8, 9])

    for within in (0, 0.4, 0.9):
        stepped = grid.stepped((9 + within) / fps, frames)
        assert stepped * fps == pytest.approx(9 + frames + 0.5)


def test_frames_that_the_browser_skipped_do_not_make_steps_longer() -> None:
    assert playing(25, [0, 3, 4, 8]).spacing_s == pytest.approx(1 / 25)


def test_a_jump_to_another_part_is_no_spacing() -> None:
    assert playing(25, [0, 1, 500, 2, 3]).spacing_s == pytest.approx(1 / 25)


def test_a_step_from_a_time_whose_frame_was_not_seen_keeps_its_place_within_the_frame() -> None:
    grid = playing(25, [0, 1])

    assert grid.stepped(4.02, 1) == pytest.approx(4.06)
    assert grid.stepped(4.02, -1) == pytest.approx(3.98)


def test_a_video_of_which_nothing_is_known_has_the_usual_rate() -> None:
    assert FrameGrid().stepped(2, 1) == pytest.approx(2 + USUAL_S)
    grid = playing(5, [1, 2])
    grid.reset()
    assert grid.stepped(2, 1) == pytest.approx(2 + USUAL_S)


def test_a_second_step_before_the_first_has_shown_goes_one_frame_further() -> None:
    grid = FrameGrid()
    for number in range(1, 4):
        grid.observe(number, number / 10)

    first = grid.stepped(0.3, 1)
    second = grid.stepped(first, 1)

    assert first == pytest.approx(0.45)
    assert second == pytest.approx(0.55)


def test_a_frame_that_is_reported_late_does_not_hold_the_next_step_back() -> None:
    grid = FrameGrid()
    for number in range(1, 4):
        grid.observe(number, number / 10)
    first = grid.stepped(0.35, 1)

    grid.observe(4, 0.3)  # the frame before, shown once more

    assert grid.stepped(first, 1) == pytest.approx(first + 0.1)


def test_a_step_from_a_part_that_was_sought_and_has_not_shown_is_a_whole_frame() -> None:
    grid = playing(10, [3, 4])
    grid.seek(0.5)

    assert grid.stepped(0.5, 1) == pytest.approx(0.6)

    grid.observe(9, 0.5, playing=False)
    assert grid.stepped(0.5, 1) == pytest.approx(0.65)


def test_frames_shown_again_while_paused_do_not_make_steps_shorter() -> None:
    grid = playing(10, [3, 4])

    for number, time_s in enumerate((0.4, 0.5, 0.5, 0.6), 4):
        grid.observe(number, time_s, playing=False)
    grid.observe(11, 0.7)  # counts from before it played on
    grid.observe(12, 0.8)

    assert grid.spacing_s == pytest.approx(0.1)
