"""Tracker and counter together: every complaint that begins before the counter."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from obscura.counting import (
    Appeared,
    Counter,
    Crossing,
    Line,
    Presence,
    Shapes,
    Vanished,
    Zone,
)
from obscura.detections import Detections
from obscura.pipeline import Pipeline
from obscura.tracking import Tracker
from obscura.update import Event, FrameInfo, Update

WIDTH, HEIGHT = 640, 480
DOOR = Line("door", (0.5, 1.0), (0.5, 0.0))
HALL = Zone("hall", ((0, 0), (1, 0), (1, 1), (0, 1)), enter_s=0, leave_s=0)

Row = tuple[float, float, float, int]
"""x and y of the foot in pixels, score, class."""


class Run:
    """What comes of frames of detections."""

    def __init__(self, frames: Iterable[list[Row]], fps: float = 10) -> None:
        self.counter = Counter(Shapes((DOOR,), (HALL,)))
        pipeline = Pipeline([Tracker(), Presence(), self.counter])
        self.events: list[Event] = []
        for index, rows in enumerate(frames):
            feet = np.array([row[:2] for row in rows]).reshape(-1, 2)
            boxes = np.concatenate([feet - np.array([24, 120]), feet + np.array([24, 0])], axis=1)
            scores = np.array([row[2] for row in rows], np.float32)
            classes = np.array([row[3] for row in rows], np.int32)
            frame = FrameInfo(index, index / fps, WIDTH, HEIGHT)
            found = Detections(boxes, scores, classes)
            self.events += pipeline.update(Update(frame, found)).events

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


def across(steps: int, score: float = 0.9, class_id: int = 0) -> list[list[Row]]:
    """Somebody who walks from left to right."""
    return [[(120 + 400 * i / steps, 300, score, class_id)] for i in range(steps + 1)]


def test_boxes_of_single_frames_never_count() -> None:
    """(supervision #2578: 97 in place of 7)"""
    rng = np.random.default_rng(3)
    still: list[list[Row]] = [[(100, 300, 0.9, 0)] for _ in range(300)]
    for frame in still[5::4]:
        frame.append((rng.uniform(200, 600), rng.uniform(150, 480), 0.9, 0))

    run = Run(still)

    assert len(run.of(Appeared)) == 1
    assert run.of(Crossing) == []
    assert run.counter.zones["hall"].entries == {0: 1}


@pytest.mark.parametrize("gap", [1, 5, 12])
def test_who_is_hidden_while_crossing_counts_once(gap: int) -> None:
    """(supervision #132, #1720)"""
    frames = across(40)
    for index in range(20 - gap // 2, 20 - gap // 2 + gap):
        frames[index] = []

    run = Run(frames)

    assert len(run.of(Crossing)) == len(run.of(Appeared)) == 1
    assert run.of(Vanished) == []
    assert run.counter.zones["hall"].entries == {0: 1}


def test_a_class_that_wavers_counts_once_as_what_it_mostly_was() -> None:
    """(supervision #194)"""
    frames = across(40)
    for index in range(3, 41, 3):
        x, y, score, _ = frames[index][0]
        frames[index] = [(x, y, score - 0.2, 1)]

    run = Run(frames)

    assert run.counter.lines["door"].counts == {(0, "in"): 1}
    assert run.counter.zones["hall"].entries == {0: 1}


@pytest.mark.parametrize("fps", [2, 1])
def test_few_frames_a_second_count_the_same(fps: int) -> None:
    """(ultralytics #18504)"""
    run = Run(across(20), fps)

    assert run.counter.lines["door"].counts == {(0, "in"): 1}
    assert len(run.of(Appeared)) == 1


def test_a_score_that_sinks_keeps_the_stay() -> None:
    """Dwell time does not begin again (supervision #1855)."""
    frames: list[list[Row]] = [[(300, 300, 0.9 if i < 10 else 0.3, 0)] for i in range(100)]

    run = Run(frames)

    assert run.counter.zones["hall"].dwelling_s(9.9) == {1: pytest.approx(9.9)}


def test_two_who_meet_on_the_line_count_once_each() -> None:
    there, back = across(40), across(40)[::-1]
    frames = [[*a, (b[0][0], 340.0, 0.9, 0)] for a, b in zip(there, back, strict=True)]

    run = Run(frames)

    assert run.counter.lines["door"].counts == {(0, "in"): 1, (0, "out"): 1}
