"""The frame clock: numbers the frames of a source, and keeps their times from running backwards."""

from __future__ import annotations

from obscura.update import FrameInfo


class FrameClock:
    """Makes the `FrameInfo` of each frame of one source.

    The times of a video that plays over and over begin again with each round, and a browser may
    switch from one clock to another: whatever runs backwards goes on from the latest time instead.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin another source."""
        self._index = 0
        self._raw_s: float | None = None  # the latest time as it was given
        self._offset_s = 0.0  # what is added to such times

    def frame(self, time_s: float, width: int, height: int) -> FrameInfo:
        """Return the next frame.

        Args:
            time_s: seconds of its capture on the source's own clock.
            width: pixels of the source.
            height: pixels of the source.
        """
        if self._raw_s is not None and time_s < self._raw_s:
            self._offset_s += self._raw_s - time_s
        self._raw_s = time_s
        frame = FrameInfo(self._index, time_s + self._offset_s, width, height)
        self._index += 1
        return frame
