"""Updates and pipelines: validated frames, and stages that run in order, once per frame."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from obscura.detections import Detections
from obscura.pipeline import Pipeline, Stage
from obscura.update import Event, FrameInfo, Update


def frame(**changes: Any) -> FrameInfo:
    return FrameInfo(**({"index": 0, "time_s": 0.0, "width": 640, "height": 480} | changes))


class Adder:
    """A stage that adds an event of its own, and counts its calls."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self.seen: list[Update] = []
        self.resets = 0

    def update(self, update: Update) -> Update:
        self.seen.append(update)
        return Update(update.frame, update.detections, (*update.events, self.event))

    def reset(self) -> None:
        self.resets += 1


@pytest.mark.parametrize(
    "changes",
    [{"index": -1}, {"time_s": math.nan}, {"time_s": math.inf}, {"width": 0}, {"height": -4}],
)
def test_a_frame_that_cannot_be_is_refused_by_name(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        frame(**changes)


def test_frames_and_updates_cannot_be_changed() -> None:
    update = Update(frame(), Detections.empty())

    with pytest.raises(AttributeError):
        update.frame.index = 1  # type: ignore[misc]
    with pytest.raises(AttributeError):
        update.events = (Event(0.0),)  # type: ignore[misc]


def test_frames_with_the_same_values_are_equal() -> None:
    assert frame(index=3) == frame(index=3)
    assert frame(index=3) != frame(index=4)


def test_an_update_has_no_events_of_its_own() -> None:
    assert Update(frame(), Detections.empty()).events == ()


def test_a_pipeline_passes_the_update_through_its_stages_in_order() -> None:
    first, second = Adder(Event(1.0)), Adder(Event(2.0))
    update = Update(frame(), Detections(np.ones((1, 4)), np.ones(1), np.zeros(1, np.int32)))

    result = Pipeline([first, second]).update(update)

    assert result.events == (Event(1.0), Event(2.0))
    assert result.detections is update.detections
    assert first.seen == [update]
    assert second.seen[0].events == (Event(1.0),)


def test_stages_see_frames_without_detections_too() -> None:
    stage = Adder(Event(0.0))

    Pipeline([stage]).update(Update(frame(), Detections.empty()))

    assert len(stage.seen) == 1


def test_a_reset_reaches_every_stage() -> None:
    stages = [Adder(Event(0.0)), Adder(Event(0.0))]

    Pipeline(stages).reset()

    assert [stage.resets for stage in stages] == [1, 1]


def test_a_pipeline_is_a_stage_itself() -> None:
    inner: Stage = Pipeline([Adder(Event(1.0))])

    result = Pipeline([inner, Adder(Event(2.0))]).update(Update(frame(), Detections.empty()))

    assert result.events == (Event(1.0), Event(2.0))


def test_a_pipeline_without_stages_returns_what_it_was_given() -> None:
    update = Update(frame(), Detections.empty())

    assert Pipeline().update(update) is update
