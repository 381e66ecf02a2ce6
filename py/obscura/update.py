"""Updates: one analysed frame each, with what was found in it and what happened."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from obscura.detections import Detections


@dataclass(frozen=True, slots=True)
class FrameInfo:
    """Number, time and size of a frame, without its pixels.

    Attributes:
        index: number of the frame within its source, from 0.
        time_s: time of capture in seconds; never decreases within a source.
        width: width of the source in pixels.
        height: height of the source in pixels.

    Raises:
        ValueError: the index is negative, the time is not finite, or a side has no pixels.
    """

    index: int
    time_s: float
    width: int
    height: int

    def __post_init__(self) -> None:
        # One condition, because a frame must cost no more than a fraction of a microsecond here.
        if self.index < 0 or self.width < 1 or self.height < 1 or not isfinite(self.time_s):
            raise ValueError(
                "frame: wanted an index from 0, a finite time and at least one pixel, got "
                f"index {self.index}, {self.time_s} s, {self.width} x {self.height}"
            )


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a source. Stages define subclasses.

    Attributes:
        time_s: time in seconds, as in `FrameInfo`.
    """

    time_s: float


@dataclass(frozen=True, slots=True)
class Update:
    """One analysed frame.

    Attributes:
        frame: number, time and size of the frame.
        detections: what was found, in pixels of the source.
        events: what the stages noticed, in the order of the stages.
    """

    frame: FrameInfo
    detections: Detections
    events: tuple[Event, ...] = ()
