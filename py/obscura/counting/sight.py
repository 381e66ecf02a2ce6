"""Sights: where the tracks of a frame are, relative to the picture."""

from __future__ import annotations

from dataclasses import dataclass

from obscura.counting.shapes import Point
from obscura.update import Update

WITHIN = (1e-4, 1 - 1e-4)
"""Anchors lie at least this far within the picture, in fractions of it. The foot of who is cut off
by the lower edge lies on that edge, as do lines and zones that reach to it: so it is in the zone,
and crosses the line."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Where a track is in one frame.

    Attributes:
        time_s: time of the frame in seconds.
        track_id: number of the track.
        class_id: its class.
        anchors: x, y relative to the picture, by the name of the anchor.
        height: of its box, relative to the picture.
    """

    time_s: float
    track_id: int
    class_id: int
    anchors: dict[str, Point]
    height: float


def sights(update: Update) -> list[Sight]:
    """Return where the tracks of an update are; rows without a track are left out."""
    detections, frame = update.detections, update.frame
    if detections.track_id is None:
        return []
    size = (frame.width, frame.height)
    centres = (detections.anchors("centre") / size).clip(*WITHIN).tolist()
    feet = (detections.anchors("foot") / size).clip(*WITHIN).tolist()
    heights = ((detections.xyxy[:, 3] - detections.xyxy[:, 1]) / frame.height).tolist()
    rows = zip(
        detections.track_id.tolist(),
        detections.class_id.tolist(),
        centres,
        feet,
        heights,
        strict=True,
    )
    return [
        Sight(
            frame.time_s,
            track_id,
            class_id,
            {"centre": (centre[0], centre[1]), "foot": (foot[0], foot[1])},
            height,
        )
        for track_id, class_id, centre, foot, height in rows
        if track_id >= 0
    ]
