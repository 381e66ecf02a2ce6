"""Tracking in the page: boxes that glide with the picture, and trails behind them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from obscura.detections import Detections
from obscura.live.timing import Timings
from obscura.page.features.track.glide import Glide
from obscura.page.features.track.trails import Trails
from obscura.page.live.analysis import Analysis, Answer
from obscura.page.stage.placement import place
from obscura.tracking import Tracker
from obscura.update import FrameInfo, Update

from .answers import make_answer, make_card

SIZE = (640, 480)
PLACE = place((1280, 960), SIZE)


class Walk:
    """A box that walks to the right by 50 pixels a second, answered 5 times a second."""

    def __init__(self) -> None:
        self.now_ms = 0.0
        self.rate = 1.0
        self.analysis = Analysis(Timings(), lambda: self.now_ms, in_view=lambda _answer: True)
        self.tracker = Tracker()
        self.analysis.track(self.tracker)
        self.glide = Glide(self.analysis, self.tracker, lambda: self.now_ms, lambda: self.rate)
        self.card = make_card(1)

    def answer(self, frame: int) -> None:
        """Receive the answer for a frame, 100 ms after it was captured."""
        made = make_answer(self.card)
        left = (100 + 10 * frame) / made.frame.width
        outputs = made.outputs._replace(
            boxes=np.array([[left, 0.2, left + 0.25, 0.8]], np.float32),
            scores=np.array([0.9], np.float32),
            classes=np.array([0], np.int32),
        )
        time_s = frame / 5
        info = FrameInfo(frame, time_s, made.frame.width, made.frame.height)
        self.now_ms = 1000 * time_s + 100
        self.analysis.receive(Answer(1, self.card, info, outputs, captured_ms=self.now_ms - 100))

    def left(self) -> float:
        """Return where the box is drawn now."""
        assert self.analysis.update is not None
        return float(self.glide.moved(self.analysis.update).detections.xyxy[0, 0])


@pytest.fixture
def walk() -> Walk:
    """Twenty answers have come: the last one was for the place 290."""
    made = Walk()
    for frame in range(20):
        made.answer(frame)
    return made


def test_a_box_is_drawn_where_the_object_is_by_now(walk: Walk) -> None:
    assert walk.left() == pytest.approx(290 + 5, abs=1)

    walk.now_ms += 100

    assert walk.glide.due
    assert walk.left() == pytest.approx(290 + 10, abs=1.5)


def test_a_video_that_plays_twice_as_fast_moves_them_twice_as_far(walk: Walk) -> None:
    walk.rate = 2.0

    assert walk.left() == pytest.approx(290 + 10, abs=1.5)


def test_a_picture_that_stands_has_its_boxes_where_they_were_found(walk: Walk) -> None:
    walk.rate = 0.0

    assert walk.left() == pytest.approx(290)
    walk.now_ms += 1000
    assert not walk.glide.due


def test_what_does_not_move_is_not_drawn_again() -> None:
    made = Walk()
    for _ in range(3):
        made.answer(0)
    made.left()

    made.now_ms += 16

    assert not made.glide.due


def test_an_update_that_is_not_the_latest_stays_as_it_is(walk: Walk) -> None:
    other = Update(FrameInfo(0, 0.0, *SIZE), Detections.empty())

    assert walk.glide.moved(other) is other


# ---- trails --------------------------------------------------------------------------------------


class Pen:
    """A 2D context that notes the lines drawn."""

    def __init__(self) -> None:
        self.strokeStyle, self.lineWidth = "", 1.0
        self.lines: list[list[tuple[float, float]]] = []
        self.strokes: list[Any] = []

    def beginPath(self) -> None:  # noqa: N802
        self.lines.append([])

    def moveTo(self, x: float, y: float) -> None:  # noqa: N802
        self.lines[-1].append((x, y))

    def lineTo(self, x: float, y: float) -> None:  # noqa: N802
        self.lines[-1].append((x, y))

    def stroke(self) -> None:
        self.strokes.append((self.strokeStyle, self.lineWidth))


def step(trails: Trails, time_s: float, *lefts: float) -> Update:
    """Take an update with one track per place."""
    boxes = [[left, 100, left + 20, 200] for left in lefts]
    update = Update(
        FrameInfo(0, time_s, *SIZE),
        Detections(
            np.array(boxes, np.float32).reshape(-1, 4),
            np.ones(len(lefts), np.float32),
            np.zeros(len(lefts), np.int32),
            np.arange(1, len(lefts) + 1),
        ),
    )
    trails.take(update)
    return update


def lines(trails: Trails, update: Update) -> list[list[tuple[float, float]]]:
    pen = Pen()
    trails.draw(pen, update, PLACE)
    return pen.lines


def test_a_trail_leads_along_the_feet_to_where_the_box_is_drawn() -> None:
    trails = Trails()
    for time in range(3):
        update = step(trails, time / 2, 100 + 10 * time)

    assert lines(trails, update) == [[(220, 400), (240, 400), (260, 400)]]


def test_a_trail_ends_after_two_seconds() -> None:
    trails = Trails()
    for time in range(10):
        update = step(trails, time / 2, 100 + 10 * time)

    assert len(lines(trails, update)[0]) == 5


def test_the_same_frame_again_adds_no_point() -> None:
    trails = Trails()
    for _ in range(3):
        step(trails, 0.0, 100)

    assert lines(trails, step(trails, 0.5, 110)) == [[(220, 400), (240, 400)]]


def test_trails_can_be_switched_off_and_are_forgotten_when_tracking_ends() -> None:
    trails = Trails()
    step(trails, 0.0, 100)
    update = step(trails, 0.5, 110)

    trails.shown = False
    assert lines(trails, update) == []
    trails.shown = True
    trails.take(Update(update.frame, update.detections.replace(track_id=None)))
    assert lines(trails, update) == []


def test_points_that_are_too_old_make_no_trail() -> None:
    trails = Trails()
    step(trails, 0.0, 100)

    assert lines(trails, step(trails, 3.0, 110)) == []
