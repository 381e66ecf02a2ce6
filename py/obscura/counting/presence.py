"""Presence: which tracks are in view, since when, and that they appeared and vanished."""

from __future__ import annotations

from collections import Counter as Tally
from dataclasses import dataclass, replace
from math import inf

from obscura.counting.counter import LOST_S
from obscura.counting.events import Appeared, TrackEvent, Vanished
from obscura.counting.shapes import Point
from obscura.counting.sight import sights
from obscura.update import Update


@dataclass(slots=True)
class _View:
    """A track in view."""

    class_id: int
    place: Point
    begun_s: float
    seen_s: float
    noticed: bool = False  # whether it was seen twice: what is seen only once is no event


class Presence:
    """A `Stage` after the tracker that adds `Appeared` and `Vanished`, once each per track.

    A track vanishes when it has not been seen for ``lost_s``, so an occlusion that the tracker
    bridges is no event. Rows without a track are ignored. Only tracks in view are remembered.

    Attributes:
        lost_s: seconds after which a track that is not seen has vanished.
    """

    def __init__(self, lost_s: float = LOST_S) -> None:
        """
        Raises:
            ValueError: lost_s is negative, or not a number.
        """
        if not lost_s >= 0:
            raise ValueError(f"lost_s: wanted 0 or more, got {lost_s}")
        self.lost_s = lost_s
        self.reset()

    def reset(self) -> None:
        """Forget all tracks, because another source or model follows."""
        self._views: dict[int, _View] = {}
        self._time_s = -inf

    @property
    def in_view(self) -> Tally[int]:
        """Number of tracks in view, by class_id; those included that are hidden for a moment."""
        return Tally(view.class_id for view in self._views.values())

    def update(self, update: Update) -> Update:
        """Return the update with the events of this frame.

        Where time runs backwards, as when a video begins again, all tracks have vanished.
        """
        now = update.frame.time_s
        events: list[TrackEvent] = []
        if now < self._time_s:
            events += self._forget(inf)
        self._time_s = now
        for sight in sights(update):
            place = sight.anchors["centre"]
            view = self._views.get(sight.track_id)
            if view is None:
                self._views[sight.track_id] = _View(sight.class_id, place, now, now)
                continue
            if not view.noticed:
                view.noticed = True
                events.append(Appeared(view.begun_s, sight.track_id, view.class_id, view.place))
            view.class_id, view.place, view.seen_s = sight.class_id, place, now
        events += self._forget(now - self.lost_s)
        return replace(update, events=(*update.events, *events)) if events else update

    def _forget(self, before_s: float) -> list[TrackEvent]:
        """Forget tracks that were not seen since; return that they vanished."""
        gone = [(each, view) for each, view in self._views.items() if view.seen_s < before_s]
        for track_id, _ in gone:
            del self._views[track_id]
        return [
            Vanished(view.seen_s, track_id, view.class_id, view.place, view.seen_s - view.begun_s)
            for track_id, view in gone
            if view.noticed
        ]
