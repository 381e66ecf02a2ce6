"""What is known about one analysed frame: the frame itself, its detections and its events."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from obscura.detections import Detections


@dataclass(frozen=True, slots=True)
class FrameInfo:
    """A frame of a source, without its pixels.

    Attributes:
        index: number of the frame, from 0 within its source.
        time_s: time of capture in seconds; never runs backwards within a source.
        width: width in pixels of the source.
        height: height in pixels of the source.

    Raises:
        ValueError: a value is out of range; the message names it.
    """

    index: int
    time_s: float
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.index < 0:
            raise ValueError(f"index: wanted 0 or more, got {self.index}")
        if not isfinite(self.time_s):
            raise ValueError(f"time_s: wanted a finite number, got {self.time_s}")
        if self.width < 1 or self.height < 1:
            raise ValueError(f"width, height: wanted 1 or more, got {self.width}, {self.height}")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a frame. Base of the events that stages add to an `Update`.

    Attributes:
        time_s: time of capture of the frame, in seconds.
    """

    time_s: float


@dataclass(frozen=True, slots=True)
class Update:
    """The result of one analysed frame. Stages return a changed copy; sinks read it.

    Attributes:
        frame: the frame that was analysed.
        detections: objects found in it, boxes in pixels of the source.
        events: what happened in this frame, in the order in which stages noticed it.
    """

    frame: FrameInfo
    detections: Detections
    events: tuple[Event, ...] = ()
