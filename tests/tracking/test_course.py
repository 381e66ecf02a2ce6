"""Where tracks are drawn between two frames."""

from __future__ import annotations

import numpy as np
import pytest

from obscura.tracking.course import LEAST_BELIEF, Course

ROWS = np.array([0])


def course(*lefts: float, step_s: float = 0.1) -> Course:
    """Return the course of one box, which was detected at these places in turn."""
    made = Course()
    made.add(np.array([[lefts[0], 50.0, 20.0, 40.0]]))
    for left in lefts[1:]:
        made.follow(ROWS, np.array([[left, 50.0, 20.0, 40.0]]), np.array([step_s]))
    return made


def later(made: Course, seconds: float) -> float:
    return float(made.at(ROWS, np.array([seconds]))[0, 0])


def test_what_stands_stays_where_it_was_detected() -> None:
    assert later(course(100, 100, 100), 0.4) == 100


def test_what_moves_steadily_is_drawn_where_it_is() -> None:
    made = course(*range(100, 300, 5))

    assert later(made, 0.2) == pytest.approx(295 + 10, abs=0.1)


def test_a_jump_is_not_believed_altogether() -> None:
    made = course(100, 100, 100, 110)

    velocity = 100 * (1 - np.exp(-1))  # of 100 pixels a second, the mean with what was before
    assert later(made, 0.1) == pytest.approx(110 + 0.1 * LEAST_BELIEF * velocity)


def test_frames_of_the_same_time_have_no_velocity_without_end() -> None:
    made = course(100, 101, step_s=0.0)

    assert np.isfinite(later(made, 0.4))
    assert later(made, 0.4) == pytest.approx(101, abs=1)


def test_tracks_that_are_forgotten_take_nothing_with_them() -> None:
    made = course(*range(100, 300, 5))
    made.add(np.array([[10.0, 50.0, 20.0, 40.0]]))
    made.keep(np.array([False, True]))

    assert later(made, 0.4) == 10
