"""Timeline: when each frame shows in a recording. Pure Python."""

from __future__ import annotations

import math

from obscura.live.frame_clock import CUT_S

FRAME_S = 1 / 30
"""Seconds for which the first frame is taken to last, until there is a second one."""
JUMP_S = 1.0
"""A video that goes on this much later after it was sought or paused was not playing meanwhile. No
frame is taken to last longer than this, either."""


class Timeline:
    """Times of a recording begin at 0 and follow the source's own clock.

    What was not showing takes no time: where a video begins again or is sought, and where another
    source takes over, the next frame follows the one before as closely as frames have until then.
    Where a camera sends nothing, or the page is hidden, time goes on.

    Attributes:
        end_s: when the latest frame ends, in seconds.
        jumps: how often time that was not showing was left out.
    """

    def __init__(self) -> None:
        self.end_s = 0.0
        self.jumps = 0
        self._at_s = 0.0
        self._interval_s = FRAME_S
        self._latest: tuple[float, int] | None = None  # the source's time and epoch
        self._source: object = None

    def frame(
        self, time_s: float, epoch: int, *, is_video: bool, source: object = None
    ) -> tuple[float, float] | None:
        """Return when the next frame shows, and for how long at least, in seconds; None if it is
        the same as the one before.

        Args:
            time_s: on the source's clock, see `FrameClock`.
            epoch: of the picture in view; another one where the source was changed or sought.
            is_video: whether a file plays, and no camera.
            source: what the frame is of; another one may have another clock.
        """
        other, self._source = source != self._source, source
        if self._latest is not None:
            passed, moved = time_s - self._latest[0], epoch != self._latest[1]
            if passed == 0 and not moved:
                return None
            again = math.isclose(passed, CUT_S, abs_tol=1e-6)
            sought = is_video and moved and passed > JUMP_S
            if passed <= 0 or again or sought or other:
                passed = self._interval_s
                self.jumps += 1
            else:
                self._interval_s = min(passed, JUMP_S)
            self._at_s += passed
        self._latest = (time_s, epoch)
        self.end_s = self._at_s + self._interval_s
        return self._at_s, self._interval_s
