"""Frame grid: where the frames of a video lie in time, as far as its playback has shown."""

from __future__ import annotations

USUAL_S = 1 / 30
"""Spacing of frames where none is known."""
LONGEST_S = 0.25
"""Two frames further apart than this are not neighbours: the video was sought in between."""
ROUNDING_S = 0.001
"""Browsers round the time that is sought by less."""


class FrameGrid:
    """Estimates the spacing of a video's frames, because browsers do not say their rate.

    The estimate is the smallest spacing seen, as browsers skip frames under load. In a video of
    varying rate a step may therefore stay within a frame.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin another video."""
        self.spacing_s = USUAL_S
        self._known, self._playing = False, True
        self._last: tuple[int, float] | None = None
        self._sought_s: float | None = None  # and not shown yet

    def observe(self, number: int, time_s: float, *, playing: bool = True) -> None:
        """Take note of a frame that was shown.

        Args:
            number: how many frames were shown by then.
            time_s: the frame's time in the video, in seconds.
            playing: whether it came by itself. While a video is paused, browsers show and count the
                same frame more than once, so that nothing follows about the spacing.
        """
        playing, self._playing = playing and self._playing, playing
        if playing and self._last is not None and number > self._last[0]:
            spacing = (time_s - self._last[1]) / (number - self._last[0])
            if 0 < spacing <= LONGEST_S:
                self.spacing_s = min(self.spacing_s, spacing) if self._known else spacing
                self._known = True
        self._last = number, time_s
        # The frame shown before may be reported after the next was sought.
        sought = self._sought_s
        if sought is not None and -ROUNDING_S < sought - time_s < self.spacing_s:
            self._sought_s = None

    def seek(self, seconds: float) -> None:
        """Take note that another part of the video is sought: what was shown last is out of date
        until the browser shows that."""
        self._sought_s = seconds

    def stepped(self, position_s: float, frames: int) -> float:
        """Return the middle of the frame that is N frames after the one shown; earlier if negative.

        Args:
            position_s: the video's current time, in seconds.
        """
        # Another step may come before the browser has shown the frame of the one before: then what
        # was shown last is out of date.
        sought = self._sought_s
        shown = None if sought is not None and abs(position_s - sought) < ROUNDING_S else self._last
        if shown is not None and 0 <= position_s - shown[1] < 2 * self.spacing_s:
            self._sought_s = shown[1] + (frames + 0.5) * self.spacing_s
        else:
            self._sought_s = position_s + frames * self.spacing_s
        return self._sought_s
