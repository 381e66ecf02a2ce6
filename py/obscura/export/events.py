"""Events as JSON Lines: one JSON object per line and event (jsonlines.org).

===============  ===================================================================================
``event``        "appeared", "vanished", "crossing", "zone_entered" or "zone_left"
``time_s``       when it happened, in seconds: of a video, within it; of a camera, on a clock of its
                 own. Where an event is certain only later, this is when it happened all the same
``wall_time``    the same moment by the clock on the wall, ISO 8601 in UTC; null where unknown
``source``       name of the video or camera; "" where unknown
``model``        name of the model
``track_id``     of the object; never given to another one of the source
``label``        name of its class
``class_id``     its index among the model's classes, from 0
``x, y``         where it was, relative to the picture: 0, 0 is its upper left corner, 1, 1 the
                 lower right one. Of a line or zone, the anchor it uses; else the centre of the box
``seen_s``       vanished: seconds from its first to its last sight
``line``         crossing: name of the line
``direction``    crossing: "in" or "out"
``zone``         zone_entered, zone_left: name of the zone
``dwell_s``      zone_left: seconds that it was inside
===============  ===================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from obscura.counting.events import (
    Appeared,
    Crossing,
    TrackEvent,
    Vanished,
    ZoneEntered,
    ZoneLeft,
)
from obscura.export.records import DIGITS
from obscura.update import Update

NAMES: dict[type[TrackEvent], str] = {
    Appeared: "appeared",
    Vanished: "vanished",
    Crossing: "crossing",
    ZoneEntered: "zone_entered",
    ZoneLeft: "zone_left",
}


def to_record(
    event: TrackEvent,
    labels: Sequence[str],
    *,
    wall_s: float | None = None,
    source: str = "",
    model: str = "",
) -> dict[str, Any]:
    """Return an event as plain JSON types, with the fields that the module describes.

    Args:
        labels: name of each class, by class_id.
        wall_s: when it happened, in epoch seconds; None where unknown.
        source: name of the video or camera.
        model: name of the model.
    """
    when = None if wall_s is None else datetime.fromtimestamp(wall_s, UTC)
    return {
        "event": NAMES[type(event)],
        "time_s": round(event.time_s, DIGITS),
        "wall_time": None if when is None else when.isoformat(timespec="milliseconds"),
        "source": source,
        "model": model,
        "track_id": event.track_id,
        "label": labels[event.class_id],
        "class_id": event.class_id,
        "x": round(event.place[0], DIGITS),
        "y": round(event.place[1], DIGITS),
        **_details(event),
    }


def to_records(
    update: Update,
    labels: Sequence[str],
    *,
    wall_s: float | None = None,
    source: str = "",
    model: str = "",
) -> list[dict[str, Any]]:
    """Return the events of tracks in an update, each as `to_record` does.

    Args:
        wall_s: when the frame was captured, in epoch seconds; None where unknown. An event that
            happened before it gets the time by as much earlier.
    """
    now_s = update.frame.time_s
    return [
        to_record(
            event,
            labels,
            # Where a video begins again, what happened before seems to lie ahead.
            wall_s=None if wall_s is None else wall_s - max(now_s - event.time_s, 0),
            source=source,
            model=model,
        )
        for event in update.events
        if isinstance(event, TrackEvent)
    ]


def to_line(record: dict[str, Any]) -> str:
    """Return a record as one line of JSON, with the line break at its end."""
    return json.dumps(record, ensure_ascii=False) + "\n"


def _details(event: TrackEvent) -> dict[str, Any]:
    if isinstance(event, Crossing):
        return {"line": event.line, "direction": event.direction}
    if isinstance(event, ZoneEntered):
        return {"zone": event.zone}
    if isinstance(event, ZoneLeft):
        return {"zone": event.zone, "dwell_s": round(event.dwell_s, DIGITS)}
    if isinstance(event, Vanished):
        return {"seen_s": round(event.seen_s, DIGITS)}
    return {}
