"""Gliding boxes: where tracked objects are in the picture that is showing. Pure Python.

A model's answer is for a frame that was captured some time ago. The boxes are drawn where the
tracker expects the objects by now, and again for each frame of the display while they move. Who
comes into view fades in, and who is not detected any more fades out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from obscura.page.live.analysis import Analysis
from obscura.page.stage.layers import OPACITY
from obscura.tracking import Tracker
from obscura.tracking.tracker import NO_TRACK
from obscura.update import Update

Floats = NDArray[np.float32]

STILL = 0.25
"""Pixels of the source by which a box has to move to be drawn again."""
FADE_S = 0.15
"""Seconds in which a box fades in, or out."""
FAINT = 0.05
"""Change of the opacity with which a box is drawn again."""


class Glide:
    """Moves the boxes of an update to where they are now.

    Attributes:
        animated: whether boxes are drawn for each frame of the display; else none fades.
    """

    def __init__(
        self,
        analysis: Analysis,
        tracker: Tracker,
        *,
        moving: Callable[[], bool],
        showing_ms: Callable[[], float],
        now_ms: Callable[[], float],
    ) -> None:
        """
        Args:
            moving: returns whether the picture changes by itself.
            showing_ms: returns when the picture that is showing was made, on the clock of
                `Answer.captured_ms`.
            now_ms: returns the time on the page's clock.
        """
        self._analysis, self._tracker = analysis, tracker
        self._moving, self._showing_ms, self._now_ms = moving, showing_ms, now_ms
        self.animated = True
        self._update: Update | None = None  # the one that the rest is about
        self._came_ms: dict[int, float] = {}  # when each track of it was drawn first
        self._rows_came_ms = np.zeros(0)  # and each row
        self._drawn: tuple[Floats, Floats] | None = None
        self._next: tuple[Floats, Floats] | None = None  # computed by `due`, for `moved` to draw

    def moved(self, update: Update) -> Update:
        """Return an update with its tracked boxes where they are in the picture that is showing,
        and their opacities; any other update as it is."""
        if not self._follow(update):
            self._drawn = None
            return update
        boxes, opacity = self._drawn = self._next or self._state(update)
        self._next = None
        data = update.detections.data
        if self.animated and (opacity < 1).any():
            data = {**data, OPACITY: opacity}
        return Update(update.frame, update.detections.replace(xyxy=boxes, data=data), update.events)

    def due(self) -> bool:
        """Return whether a box has moved or faded since it was drawn."""
        update = self._analysis.update
        if update is None or self._drawn is None or not self._follow(update):
            return False  # the next update draws
        self._next = self._state(update)
        return _differ(self._next, self._drawn)

    def lasts_s(self) -> float:
        """Return for how many seconds boxes will move or fade, if no other update follows; 0 if
        none will."""
        update = self._analysis.update
        if update is None or self._drawn is None or not self._follow(update):
            return 0.0
        longest_s = self._tracker.options.hold_s
        return longest_s if _differ(self._state(update, longest_s), self._drawn) else 0.0

    def _follow(self, update: Update) -> bool:
        """Take note of the update that is drawn; return whether its boxes can move."""
        answer, detections = self._analysis.answer, update.detections
        if update is not self._analysis.update or answer is None or not answer.moving:
            return False
        if detections.track_id is None or not self._moving():
            return False
        if update is not self._update:
            self._update, self._next = update, None
            now, before = self._now_ms(), self._came_ms
            tracks = detections.track_id.tolist()
            self._came_ms = {track_id: before.get(track_id, now) for track_id in tracks}
            self._came_ms.pop(NO_TRACK, None)  # nobody knows whether it was there before
            self._rows_came_ms = np.array([self._came_ms.get(each, 0.0) for each in tracks])
        return True

    def _state(self, update: Update, later_s: float = 0.0) -> tuple[Floats, Floats]:
        """Return where the boxes are, ``(n, 4)`` xyxy, and how opaque, ``(n,)`` in 0..1."""
        answer, detections = self._analysis.answer, update.detections
        assert answer is not None
        # Below 0 a video has begun again, and what it shows now is not known yet.
        ago_s = max(self._showing_ms() - answer.captured_ms, 0.0) / 1000 + later_s
        boxes = self._tracker.moved(detections, update.frame.time_s + ago_s)
        missed_s = detections.data["missed_s"]
        left_s = np.where(missed_s > 0, self._tracker.options.hold_s - missed_s - ago_s, FADE_S)
        now = self._now_ms() + later_s * 1000
        there_s = (now - self._rows_came_ms) / 1000
        opacity = np.minimum(left_s, there_s + FADE_S / 3) / FADE_S
        return boxes, opacity.clip(0, 1).astype(np.float32)


def _differ(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> bool:
    """Return whether people would see boxes and opacities differ."""
    return bool(len(one[0])) and (
        float(np.abs(one[0] - other[0]).max()) > STILL
        or float(np.abs(one[1] - other[1]).max()) > FAINT
    )
