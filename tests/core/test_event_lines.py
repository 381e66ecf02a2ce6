"""Events as JSON Lines: every kind, with its times, place and names."""

from __future__ import annotations

import json

from obscura.counting import Appeared, Crossing, Vanished, ZoneEntered, ZoneLeft
from obscura.counting.events import TrackEvent
from obscura.detections import Detections
from obscura.export import events
from obscura.update import Event, FrameInfo, Update

LABELS = ("person", "Auto\n=1")
SHARED = {
    "time_s": 1.5,
    "wall_time": "2001-09-09T01:46:41.500+00:00",
    "source": "clip.mp4",
    "model": "cocossd",
    "track_id": 7,
    "label": "Auto\n=1",
    "class_id": 1,
    "x": 0.25,
    "y": 0.3333,
}
BASE = (1.5, 7, 1, (0.25, 1 / 3))
CASES: list[tuple[TrackEvent, dict[str, object]]] = [
    (Appeared(*BASE), {"event": "appeared"}),
    (Vanished(*BASE, 3.25), {"event": "vanished", "seen_s": 3.25}),
    (Crossing(*BASE, "Tür", "in"), {"event": "crossing", "line": "Tür", "direction": "in"}),
    (ZoneEntered(*BASE, "till"), {"event": "zone_entered", "zone": "till"}),
    (ZoneLeft(*BASE, "till", 2), {"event": "zone_left", "zone": "till", "dwell_s": 2}),
]


def update(time_s: float, *happened: Event) -> Update:
    return Update(FrameInfo(0, time_s, 10, 10), Detections.empty(), happened)


def test_every_kind_of_event_is_one_line_with_its_fields() -> None:
    frame = update(2.0, *(event for event, _ in CASES))

    records = events.to_records(
        frame, LABELS, wall_s=1e9 + 2, source="clip.mp4", model="cocossd"
    )  # the events happened half a second before the frame

    for record, (_, own) in zip(records, CASES, strict=True):
        line = events.to_line(record)
        assert line.count("\n") == 1
        assert line.endswith("\n")
        assert json.loads(line) == SHARED | own


def test_every_kind_of_event_has_a_name() -> None:
    # By name, because a class with slots leaves one without them behind.
    kinds = {kind.__name__ for kind in TrackEvent.__subclasses__()}

    assert {kind.__name__ for kind in events.NAMES} == kinds


def test_a_time_on_the_wall_that_is_unknown_is_null() -> None:
    (record,) = events.to_records(update(0, CASES[0][0]), LABELS)

    assert record["wall_time"] is None


def test_an_event_of_before_a_video_began_again_does_not_lie_in_the_future() -> None:
    (record,) = events.to_records(update(0.0, CASES[1][0]), LABELS, wall_s=1e9)

    assert record["wall_time"] == "2001-09-09T01:46:40.000+00:00"


def test_events_that_are_not_of_tracks_are_left_out() -> None:
    assert events.to_records(update(0, Event(0.0)), LABELS) == []
