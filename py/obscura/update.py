"""The noun of everything over time: one analysed frame, and what was found in it."""

from __future__ import annotations

from dataclasses import dataclass

from obscura.detections import Detections


@dataclass(frozen=True, slots=True)
class FrameInfo:
    """What is known of a frame without its pixels.

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
    """Something that happened at a moment of a source. Stages define kinds of their own."""

    time_s: float


@dataclass(frozen=True, slots=True)
class Update:
    """One analysed frame: what was found, and what happened.

    Attributes:
        detections: boxes in pixels of the source.
        events: what the stages noticed, in the order of the stages.
    """

    frame: FrameInfo
    detections: Detections
    events: tuple[Event, ...] = ()
