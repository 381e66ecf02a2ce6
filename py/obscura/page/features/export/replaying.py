"""Replaying: what results hold, as the page shows it and as files have it. Pure Python."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from obscura.cards.card import ModelCard
from obscura.counting import Counter, Presence, Shapes
from obscura.detections import Detections
from obscura.export import events
from obscura.export.reading import from_record
from obscura.export.records import to_record
from obscura.export.session import shown
from obscura.page.live.analysis import ended
from obscura.page.live.results import Results
from obscura.tracking import Tracker
from obscura.update import FrameInfo, Update

TICK_S = 1e-3
"""Times of records have four decimals: a frame's own record may be a little later than it."""
STALE_S = 2.0
"""For how long boxes of a frame stay where not all frames are there; slow devices analyse one in a
second."""

Record = dict[str, Any]


class Replay:
    """Implements `live.protocols.Kept` with results.

    Attributes:
        card: of the model that found them.
    """

    def __init__(self, results: Results, card: ModelCard) -> None:
        """
        Args:
            card: of any model; its name, title and labels become those of the results.
        """
        head = results.head
        title = str(head.source.get("title") or head.model)
        self.card = replace(card, name=head.model, title=title, labels=tuple(head.labels))
        self.results = results

    async def at(self, time_s: float, frame: FrameInfo) -> Update:
        """See `live.protocols.Kept`."""
        record = await self.results.at(time_s + TICK_S)
        # A frame of a whole video may show for long; elsewhere nobody knows what came after it.
        known = record is not None and (
            self.results.head.complete or time_s - record["time_s"] <= STALE_S
        )
        found = from_record(record).detections if record and known else Detections.empty()
        return Update(frame, found)


class Chosen:
    """The rows of records that a person wants to have."""

    def __init__(
        self,
        labels: Sequence[str],
        threshold: float,
        classes: Collection[int] | None = None,
        tracker: Tracker | None = None,
    ) -> None:
        """
        Args:
            threshold: the lowest score, 0 to 1.
            classes: class_ids; None for all.
            tracker: follows objects as at that threshold; None leaves the tracks as they are.
        """
        self._labels, self._threshold = labels, threshold
        self._classes, self._tracker = classes, tracker

    def of(self, record: Record) -> Record:
        """Return a record with these rows alone. Call it once per frame, in order."""
        if self._tracker is None:  # as `export.session.shown`, but twenty times as fast
            rows = [row for row in record["detections"] if self._wants(row)]
            return {**record, "detections": rows}
        update = shown(from_record(record), self._threshold, self._classes, self._tracker)
        made = to_record(update, self._labels)
        return {**record, "detections": made["detections"]}

    def _wants(self, row: Record) -> bool:
        known = self._classes is None or row["class_id"] in self._classes
        return known and bool(row["score"] >= self._threshold)


class Happened:
    """What happens in records: tracks, lines and zones, as a live picture has them.

    Attributes:
        counter: what was counted so far.
    """

    def __init__(
        self,
        labels: Sequence[str],
        shapes: Shapes,
        tracker: Tracker,
        classes: Collection[int] | None = None,
    ) -> None:
        """
        Args:
            labels: names of the classes, by class_id.
            shapes: lines and zones.
            tracker: follows objects.
            classes: class_ids of which events are wanted; None for all.
        """
        self._labels, self._tracker, self._classes = labels, tracker, classes
        self._presence, self.counter = Presence(), Counter(shapes)
        self._last: tuple[FrameInfo, Record] | None = None

    def of(self, record: Record) -> list[Record]:
        """Return the events of a frame, as `export.events.to_record` does. Call it once per frame,
        in order."""
        update = from_record(record)
        self._last = update.frame, record
        return self._noticed(self._tracker.update(update), record)

    def end(self) -> list[Record]:
        """Return the events of the end, at which all go that are still there."""
        return [] if self._last is None else self._noticed(ended(self._last[0]), self._last[1])

    def _noticed(self, update: Update, record: Record) -> list[Record]:
        update = self._presence.update(update)
        if self._classes is not None:
            kept = [each in self._classes for each in update.detections.class_id.tolist()]
            update = replace(update, detections=update.detections[np.array(kept, bool)])
        update = self.counter.update(update)
        made = events.to_records(
            update, self._labels, source=record["source"], model=record["model"]
        )
        return [each for each in made if self._classes is None or each["class_id"] in self._classes]
