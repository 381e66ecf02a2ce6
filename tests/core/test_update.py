"""Updates: frames have a number, a time and a size, and updates are immutable."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from obscura.detections import Detections
from obscura.update import Event, FrameInfo, Update

FRAME = FrameInfo(index=0, time_s=0.0, width=640, height=480)


@pytest.mark.parametrize(
    "changes",
    [
        {"index": -1},
        {"time_s": float("nan")},
        {"time_s": float("inf")},
        {"width": 0},
        {"height": 0},
        {"height": -480},
    ],
)
def test_a_frame_that_cannot_exist_is_refused_with_its_values(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="frame") as caught:
        replace(FRAME, **changes)

    assert all(str(value) in str(caught.value) for value in changes.values())


@pytest.mark.parametrize("time_s", [0.0, -2.5, 1e9])
def test_any_finite_time_will_do(time_s: float) -> None:
    assert replace(FRAME, time_s=time_s).time_s == time_s


def test_frames_of_equal_values_are_equal() -> None:
    assert FrameInfo(0, 0.0, 640, 480) == FRAME
    assert FrameInfo(1, 0.0, 640, 480) != FRAME


def test_an_update_has_no_events_unless_given() -> None:
    assert Update(FRAME, Detections.empty()).events == ()
    assert Update(FRAME, Detections.empty(), (Event(1.0),)).events == (Event(1.0),)


@pytest.mark.parametrize(
    ("thing", "field"),
    [(FRAME, "index"), (Event(0.0), "time_s"), (Update(FRAME, Detections.empty()), "events")],
)
def test_nothing_can_be_assigned(thing: Any, field: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(thing, field, None)
