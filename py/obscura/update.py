"""Updates: one analysed frame each, with what was found in it."""

from __future__ import annotations

from dataclasses import dataclass

from obscura.detections import Detections


@dataclass(frozen=True, slots=True)
class FrameInfo:
    """Facts about a frame, other than its pixels.

    Attributes:
        index: number of the frame within its source, from 0.
        time_s: seconds at which it was captured; never runs backwards within a source.
        width: pixels of the source.
        height: pixels of the source.
    """

    index: int
    time_s: float
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a source at a certain time. Stages define their own kinds."""

    time_s: float


@dataclass(frozen=True, slots=True)
class Update:
    """One analysed frame: what was found, and what happened.

    Attributes:
        detections: boxes in pixels of the source.
        events: what the stages reported, in the order of the stages.
    """

    frame: FrameInfo
    detections: Detections
    events: tuple[Event, ...] = ()
