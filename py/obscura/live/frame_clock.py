"""Frame clock: numbers the frames of a source, and keeps their times from running backwards."""

from __future__ import annotations

from obscura.update import FrameInfo

CUT_S = 5.0
"""Seconds from the last frame before a cut to the first one after it."""


class FrameClock:
    """Makes the `FrameInfo` of each frame of one source.

    A video that plays over and over begins each round at time 0, and a browser may switch from one
    clock to another. Where the time given runs backwards, counting continues `CUT_S` later: by then
    whatever follows objects has let go of those that were there before.

    Attributes:
        cuts: how often the time given has run backwards, as when a video begins again.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin another source."""
        self._index = self.cuts = 0
        self._given_s: float | None = None  # the latest time, as it was given
        self._latest_s = 0.0  # and as it was returned
        self._offset_s = 0.0  # what is added to the times given

    def frame(self, time_s: float, width: int, height: int) -> FrameInfo:
        """Return the next frame.

        Args:
            time_s: seconds of its capture on the source's own clock.
            width: pixels of the source.
            height: pixels of the source.
        """
        if self._given_s is not None and time_s < self._given_s:
            self._offset_s = self._latest_s + CUT_S - time_s
            self.cuts += 1
        now_s = time_s + self._offset_s
        if self._given_s is not None:
            now_s = max(now_s, self._latest_s)  # the sum may be rounded down
        self._given_s, self._latest_s = time_s, now_s
        frame = FrameInfo(self._index, now_s, width, height)
        self._index += 1
        return frame
