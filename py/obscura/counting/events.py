"""Events that are noticed over time: who appeared, crossed a line, was in a zone."""

from __future__ import annotations

from dataclasses import dataclass

from obscura.update import Event


@dataclass(frozen=True, slots=True)
class TrackEvent(Event):
    """Something that a track did.

    Attributes:
        track_id: number of the track.
        class_id: index into the labels of the model's card.
        place: x, y of the track's anchor, relative to the picture (0..1).
    """

    track_id: int
    class_id: int
    place: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Appeared(TrackEvent):
    """A track came into view; ``time_s`` is when it was first seen.

    The event comes once it is seen again: what is seen only once is no event.
    """


@dataclass(frozen=True, slots=True)
class Vanished(TrackEvent):
    """A track has not been seen for `Presence.lost_s`; ``time_s`` is when it was last seen.

    Attributes:
        seen_s: seconds from its first to its last sight.
    """

    seen_s: float


@dataclass(frozen=True, slots=True)
class Crossing(TrackEvent):
    """A track crossed a line.

    Attributes:
        line: name of the line.
        direction: "in" or "out", see `Line`.
    """

    line: str
    direction: str


@dataclass(frozen=True, slots=True)
class ZoneEntered(TrackEvent):
    """A track came into a zone, ``time_s`` ago when its ``enter_s`` had not passed yet.

    Attributes:
        zone: name of the zone.
    """

    zone: str


@dataclass(frozen=True, slots=True)
class ZoneLeft(TrackEvent):
    """A track left a zone, or was lost in it; ``time_s`` is when it was last inside.

    Attributes:
        zone: name of the zone.
        dwell_s: seconds that it was inside.
    """

    zone: str
    dwell_s: float
