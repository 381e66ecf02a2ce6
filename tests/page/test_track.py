"""Tracking in the page: boxes that glide with the picture, and trails behind them."""

from __future__ import annotations

import numpy as np
import pytest

from obscura.detections import Detections
from obscura.live.timing import Timings
from obscura.page.features.track.glide import FADE_S, Glide
from obscura.page.features.track.trails import CASING, Trails
from obscura.page.live.analysis import Analysis, Answer
from obscura.page.stage.layers import OPACITY
from obscura.page.stage.placement import place
from obscura.tracking import Tracker
from obscura.tracking.tracker import NO_TRACK
from obscura.update import FrameInfo, Update

from .answers import make_answer, make_card

SIZE = (640, 480)
PLACE = place((1280, 960), SIZE)


class Walk:
    """A box that walks to the right by 50 pixels a second, answered 5 times a second."""

    def __init__(self) -> None:
        self.now_ms = self.showing_ms = 0.0
        self.moving = True
        self.analysis = Analysis(Timings(), lambda: self.now_ms, in_view=lambda _answer: True)
        self.tracker = Tracker()
        self.analysis.track(self.tracker)
        self.glide = Glide(
            self.analysis,
            self.tracker,
            moving=lambda: self.moving,
            showing_ms=lambda: self.showing_ms,
            now_ms=lambda: self.now_ms,
        )
        self.card = make_card(1)

    def answer(self, frame: int, *, seen: bool = True) -> None:
        """Receive the answer for a frame, 100 ms after it was captured."""
        made = make_answer(self.card)
        left = (100 + 10 * frame) / made.frame.width
        outputs = made.outputs._replace(
            boxes=np.array([[left, 0.2, left + 0.25, 0.8]], np.float32),
            scores=np.array([0.9 if seen else 0.0], np.float32),
            classes=np.array([0], np.int32),
        )
        time_s = frame / 5
        info = FrameInfo(frame, time_s, made.frame.width, made.frame.height)
        self.now_ms = self.showing_ms = 1000 * time_s + 100
        self.analysis.receive(Answer(1, self.card, info, outputs, captured_ms=self.now_ms - 100))
        assert self.analysis.update is not None
        self.drawn = self.glide.moved(self.analysis.update)

    def wait(self, ms: float) -> bool:
        """Let time pass; draw if that is due, and return whether it was."""
        self.now_ms += ms
        self.showing_ms += ms
        due = self.glide.due()
        if due:
            assert self.analysis.update is not None
            self.drawn = self.glide.moved(self.analysis.update)
        return due

    def left(self) -> float:
        """Return where the box was drawn."""
        return float(self.drawn.detections.xyxy[0, 0])

    def opacity(self) -> float:
        """Return how opaque it was drawn."""
        return float(self.drawn.detections.data.get(OPACITY, np.ones(1))[0])


@pytest.fixture
def walk() -> Walk:
    """Twenty answers have come: the last one was for the place 290."""
    made = Walk()
    for frame in range(20):
        made.answer(frame)
    return made


def test_a_box_is_drawn_where_the_object_is_by_now(walk: Walk) -> None:
    assert walk.left() == pytest.approx(290 + 5, abs=1)

    assert walk.wait(100)

    assert walk.left() == pytest.approx(290 + 10, abs=1.5)


def test_a_video_that_plays_twice_as_fast_moves_them_twice_as_far(walk: Walk) -> None:
    walk.showing_ms += 100

    assert walk.wait(0)
    assert walk.left() == pytest.approx(290 + 10, abs=1.5)


def test_while_a_video_waits_for_its_data_the_boxes_stand_as_it_does(walk: Walk) -> None:
    walk.now_ms += 300

    assert not walk.wait(0)


def test_where_a_video_begins_again_boxes_wait_for_its_first_answer(walk: Walk) -> None:
    walk.showing_ms = 0.0

    assert walk.wait(0)
    assert walk.left() == pytest.approx(290, abs=1)


def test_a_picture_that_stands_has_its_boxes_where_they_were_found(walk: Walk) -> None:
    walk.moving = False
    walk.answer(20)

    assert walk.left() == pytest.approx(300)
    assert not walk.wait(1000)
    assert not walk.glide.lasts_s()


def test_what_does_not_move_is_not_drawn_again() -> None:
    made = Walk()
    for _ in range(3):
        made.answer(0)
    made.wait(1000)

    assert not made.wait(16)
    assert not made.glide.lasts_s()


def test_what_moves_is_drawn_again_for_as_long_as_it_is_predicted(walk: Walk) -> None:
    assert walk.glide.lasts_s() == walk.tracker.options.hold_s


def test_an_update_that_is_not_the_latest_stays_as_it_is(walk: Walk) -> None:
    other = Update(FrameInfo(0, 0.0, *SIZE), Detections.empty())

    assert walk.glide.moved(other) is other


def test_who_comes_into_view_fades_in() -> None:
    made = Walk()
    made.answer(0)

    assert made.opacity() == pytest.approx(1 / 3, abs=0.01)
    assert made.glide.lasts_s(), "although nothing moves"
    made.wait(50)
    assert made.opacity() == pytest.approx(2 / 3, abs=0.01)
    made.wait(50)
    assert made.opacity() == 1

    made.answer(1)
    assert made.opacity() == 1


def test_who_is_not_detected_any_more_fades_out_before_the_track_is_let_go(walk: Walk) -> None:
    walk.answer(20, seen=False)  # for 0.2 s, and drawn 0.1 s later
    assert walk.opacity() == pytest.approx(0.1 / FADE_S, abs=0.01)
    walk.wait(50)
    assert walk.opacity() == pytest.approx(0.05 / FADE_S, abs=0.01)
    walk.wait(50)
    assert walk.opacity() == 0

    walk.answer(21)
    assert walk.opacity() == 1, "it was there all the time"


def test_who_has_no_number_yet_does_not_fade(walk: Walk) -> None:
    update = walk.analysis.update
    assert update is not None
    one = update.detections
    data = {**one.data, "missed_s": np.zeros(1)}
    alone = one.replace(track_id=np.array([NO_TRACK]), data=data)
    walk.analysis.update = Update(update.frame, Detections.concatenate([alone, alone]))

    assert OPACITY not in walk.glide.moved(walk.analysis.update).detections.data


def test_people_who_want_less_motion_see_no_fading() -> None:
    made = Walk()
    made.glide.animated = False
    made.answer(0)

    assert made.opacity() == 1


# ---- trails --------------------------------------------------------------------------------------


class Pen:
    """A 2D context that notes what is stroked."""

    def __init__(self) -> None:
        self.strokeStyle, self.lineWidth, self.globalAlpha = "", 1.0, 1.0
        self.strokes: list[tuple[str, float, float, str]] = []

    def stroke(self, path: str) -> None:
        self.strokes.append((self.strokeStyle, self.lineWidth, self.globalAlpha, path))


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


def lines(trails: Trails, update: Update) -> list[str]:
    """Return the paths that are drawn in colour: trails, and their ends to where the boxes are."""
    pen = Pen()
    trails.draw(pen, update, PLACE)
    assert pen.globalAlpha == 1
    half = len(pen.strokes) // 2
    assert [style for style, *_ in pen.strokes[:half]] == [CASING] * half
    return [path for *_, path in pen.strokes[half:]]


def test_a_trail_leads_along_the_feet_to_where_the_box_is_drawn() -> None:
    trails = Trails(str)
    for time in range(3):
        update = step(trails, time / 2, 100 + 10 * time)

    assert lines(trails, update) == ["M220.0 400.0L240.0 400.0", "M240.0 400.0L260.0 400.0"]
    boxes = update.detections.xyxy + np.array([5, 0, 5, 0], np.float32)
    later = Update(update.frame, update.detections.replace(xyxy=boxes))
    assert lines(trails, later) == ["M220.0 400.0L240.0 400.0", "M240.0 400.0L270.0 400.0"]


def test_trails_follow_their_picture_where_it_is_zoomed() -> None:
    trails = Trails(str)
    for time in range(2):
        update = step(trails, time / 2, 100 + 10 * time)
    lines(trails, update)

    pen = Pen()
    trails.draw(pen, update, place(SIZE, SIZE))

    assert [path for *_, path in pen.strokes[2:]] == ["M110.0 200.0", "M110.0 200.0L120.0 200.0"]


def test_the_trail_of_a_box_that_fades_fades_with_it() -> None:
    trails = Trails(str)
    for time in range(2):
        update = step(trails, time / 2, 100 + 10 * time, 300 + 10 * time)
    data = {OPACITY: np.array([1, 0.42])}
    pen = Pen()

    trails.draw(pen, Update(update.frame, update.detections.replace(data=data)), PLACE)

    assert [alpha for _, _, alpha, _ in pen.strokes] == [1] * 4 + [0.4] * 4


def test_a_trail_ends_after_two_seconds() -> None:
    trails = Trails(str)
    for time in range(10):
        update = step(trails, time / 2, 100 + 10 * time)

    assert lines(trails, update)[0].count("L") == 3, "five points, the last one at the box"


def test_trails_over_a_file_are_its_own() -> None:
    live = Trails(str)
    step(live, 0.0, 500)

    apart = live.apart(["person"])
    for time in range(2):
        update = step(Trails(str), time / 2, 100 + 10 * time)
        apart.follow(update, update)

    assert lines(apart, update) == ["M220.0 400.0", "M220.0 400.0L240.0 400.0"]
    live.shown = False
    assert lines(live.apart([]), update) == [], "as the setting was"


def test_the_same_frame_again_adds_no_point() -> None:
    trails = Trails(str)
    for _ in range(3):
        step(trails, 0.0, 100)

    assert lines(trails, step(trails, 0.5, 110)) == ["M220.0 400.0", "M220.0 400.0L240.0 400.0"]


def test_what_is_not_followed_has_no_trail() -> None:
    trails = Trails(str)
    for time in range(3):
        update = step(trails, time / 2, 100 + 100 * time)
        alone = update.detections.replace(track_id=np.array([-1]))
        trails.close()
        trails.take(Update(update.frame, alone))

    assert lines(trails, Update(update.frame, alone)) == []


def test_trails_can_be_switched_off_and_are_forgotten_when_tracking_ends() -> None:
    trails = Trails(str)
    step(trails, 0.0, 100)
    update = step(trails, 0.5, 110)

    trails.shown = False
    assert lines(trails, update) == []
    trails.shown = True
    trails.take(Update(update.frame, update.detections.replace(track_id=None)))
    assert lines(trails, update) == []


def test_points_that_are_too_old_make_no_trail() -> None:
    trails = Trails(str)
    step(trails, 0.0, 100)

    assert lines(trails, step(trails, 3.0, 110)) == []
