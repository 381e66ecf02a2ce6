"""CoverAhead: covers objects before they are first detected, in frames that are shown with a delay.

A detector finds people who enter a few frames late, and those frames would show them. Where each
frame is held back for a moment, objects detected in the meantime are covered in it too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from obscura.redaction.cover import Cover
from obscura.redaction.geometry import Covered, CoverOptions, covered
from obscura.redaction.sighted import Sighted
from obscura.update import Update

AHEAD_S = 1.0
"""Seconds after which nobody had come into the picture undetected, in bench/redaction."""

MOST_S = 1.0
"""Seconds for which a frame waits for later ones, at most."""
MEMORY = 2
"""How many times as long as frames are held back detections are remembered: also those from before
a frame, at the other end of a gap."""
ROUNDING_S = 1e-3
"""By how much times of frames are rounded: 0.5 s are 0.5 s."""


class CoverAhead:
    """A `Cover` whose answers come ``ahead_s`` seconds after their frames, or later.

    The caller keeps the pixels of frames until their answer has come: at 15 answers per second and
    one second these are 15 frames.
    """

    def __init__(
        self,
        options: CoverOptions | None = None,
        *,
        ahead_s: float = AHEAD_S,
        frames: int = 0,
    ) -> None:
        """Set how long frames are held back.

        Args:
            options: what is covered.
            ahead_s: seconds for which a frame is held back.
            frames: number of later frames for which it is held back besides, for no more than
                `MOST_S`. What matters is how often somebody was looked for: at few frames a second,
                half a second is a look or two.

        Raises:
            ValueError: a number is negative, or not a number.
        """
        for name, value in (("ahead_s", ahead_s), ("frames", frames)):
            if not value >= 0:
                raise ValueError(f"{name}: wanted 0 or more, got {value}")
        self.ahead_s, self._frames = ahead_s, frames
        self._most_s = max(ahead_s, MOST_S) if frames else ahead_s
        self.cover = Cover(options, memory_s=MEMORY * self._most_s)
        self.reset()

    def reset(self) -> None:
        """Forget all objects and frames, because another source or another model follows."""
        self.cover.reset()
        self._waiting: deque[Covered] = deque()
        self._begun: list[Sighted] = []

    def update(
        self,
        update: Update,
        labels: Sequence[str],
        *,
        spared: Collection[int] = (),
        why: str = "",
    ) -> list[Covered]:
        """Take in a frame, and return what to cover of the frames that are due, oldest first.

        The arguments are those of `Cover.update`.
        """
        now_s = update.frame.time_s
        if self._waiting and now_s < self._waiting[-1].frame.time_s:
            self.reset()
        self._waiting.append(self.cover.update(update, labels, spared=spared, why=why))
        self._begun += [each for each in self.cover.sighted() if each.begun_s == now_s]
        due = []
        while self._waiting and self._is_due(now_s - self._waiting[0].frame.time_s + ROUNDING_S):
            due.append(self._released(self._waiting.popleft()))
        # Objects that all waiting frames already know need nothing more.
        oldest_s = self._waiting[0].frame.time_s if self._waiting else now_s
        self._begun = [each for each in self._begun if each.begun_s > oldest_s]
        return due

    def close(self) -> list[Covered]:
        """Return what to cover of the frames that are still held back, because no more follow."""
        due = [self._released(each) for each in self._waiting]
        self._waiting.clear()
        return due

    def _is_due(self, waited_s: float) -> bool:
        """Whether the oldest frame that waits is due."""
        if len(self._waiting) > self._frames:
            return waited_s >= self.ahead_s
        return waited_s >= self._most_s

    def _released(self, frame: Covered) -> Covered:
        """Return what to cover of a frame, with what was detected since."""
        time_s = frame.frame.time_s
        known = {id(each): each for each in (*self._begun, *self.cover.sighted())}
        places = [each.at(time_s) for each in known.values() if not each.spared]
        later = [place for place in places if place is not None]
        more = covered(frame.frame, later, self.cover.options)
        return replace(frame, xyxy=np.concatenate([frame.xyxy, more.xyxy]))
