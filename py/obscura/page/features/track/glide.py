"""Gliding boxes: where tracked objects are in the picture that is showing. Pure Python.

A model's answer is for a frame that was captured some time ago. The boxes are drawn where the
tracker expects the objects by now, and again for each frame of the display while they move.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from obscura.detections import Detections
from obscura.page.live.analysis import Analysis
from obscura.tracking import Tracker
from obscura.update import Update

STILL = 0.25
"""Pixels of the source by which a box has to move to be drawn again."""


class Glide:
    """Moves the boxes of an update to where they are now."""

    def __init__(
        self,
        analysis: Analysis,
        tracker: Tracker,
        now_ms: Callable[[], float],
        rate: Callable[[], float],
    ) -> None:
        """
        Args:
            rate: returns how fast the picture plays; 1 is its own speed, 0 is not at all.
        """
        self._analysis, self._tracker = analysis, tracker
        self._now_ms, self._rate = now_ms, rate
        self._drawn: NDArray[np.float32] | None = None

    def moved(self, update: Update) -> Update:
        """Return an update with its tracked boxes where they are in the picture that is showing;
        any other update as it is."""
        boxes = self._boxes(update)
        self._drawn = boxes
        if boxes is None:
            return update
        return Update(update.frame, update.detections.replace(xyxy=boxes), update.events)

    @property
    def due(self) -> bool:
        """Whether a box has moved since it was drawn."""
        update = self._analysis.update
        boxes = None if update is None else self._boxes(update)
        if boxes is None or self._drawn is None or len(boxes) != len(self._drawn):
            return False  # the next update draws
        return bool(len(boxes)) and float(np.abs(boxes - self._drawn).max()) > STILL

    def _boxes(self, update: Update) -> NDArray[np.float32] | None:
        answer, rate = self._analysis.answer, self._rate()
        detections = update.detections
        if update is not self._analysis.update or answer is None or not answer.moving or not rate:
            return None
        if detections.track_id is None:
            return None
        ago_s = (self._now_ms() - answer.captured_ms) / 1000
        predicted = self._tracker.predict(update.frame.time_s + ago_s * rate)
        return _by_track(detections, predicted)


def _by_track(detections: Detections, predicted: Detections) -> NDArray[np.float32]:
    """Return the predicted boxes of detections, and their own where nothing is predicted."""
    assert detections.track_id is not None
    assert predicted.track_id is not None
    boxes = detections.xyxy.copy()
    rows, tracks = np.nonzero(detections.track_id[:, None] == predicted.track_id)
    boxes[rows] = predicted.xyxy[tracks]
    return boxes
