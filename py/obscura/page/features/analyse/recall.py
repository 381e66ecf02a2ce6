"""Recall: what was found in a video's frames, as updates of the frame that shows. Pure Python."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from obscura.export.reading import from_record
from obscura.page.features.analyse.marks import Finds
from obscura.page.live.protocols import Later
from obscura.page.live.results import Results
from obscura.update import FrameInfo, Update

ROUNDING_S = 1e-3
"""Times of frames are rounded, by browsers and in records; no video has frames as close as this."""


class Recall:
    """Returns what is known of a frame; implements `live.protocols.Kept`.

    Attributes:
        card: None, since it is known only while the model that found it is in use.
    """

    card = None

    def __init__(
        self,
        results: Results,
        finds: Finds,
        tracks: Callable[[], bool],
        waits: Callable[[], bool] = lambda: False,
    ) -> None:
        """
        Args:
            tracks: returns whether objects are to have their numbers.
            waits: returns whether frames that are not known are to stay so for the moment.
        """
        self._results, self._finds, self._tracks = results, finds, tracks
        self._waits = waits

    async def at(self, time_s: float, frame: FrameInfo) -> Update | Later | None:
        """See `live.protocols.Kept`; None also for what cannot be read."""
        results = self._results
        if not results.head.complete and time_s > results.end_s + ROUNDING_S:
            return Later.LATER if self._waits() else None
        try:
            record = await results.at(time_s + ROUNDING_S)
            if record is None:
                return None
            found = from_record(record).detections
        except Exception:  # noqa: BLE001  (RecordsError, and what browsers throw)
            return None
        if not self._tracks():
            return Update(frame, found.replace(track_id=None))
        if found.track_id is None:
            found = found.replace(track_id=np.full(len(found), -1, np.int64))
        assert found.track_id is not None
        known = [self._finds.track(track) for track in found.track_id.tolist()]
        begun_s = np.array([begun for begun, _ in known], np.float64)
        best = np.array([highest for _, highest in known], np.float64)
        alone = found.track_id < 0
        facts = {
            "seen_s": np.where(alone, 0.0, record["time_s"] - begun_s),
            "missed_s": np.zeros(len(found)),
            # As while tracking: what has no track is not shown.
            "best": np.where(alone, -1.0, best),
        }
        return Update(frame, found.replace(data={**found.data, **facts}))
