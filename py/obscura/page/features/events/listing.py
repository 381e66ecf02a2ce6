"""List of events in the panel: the latest first, as they come."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import islice
from typing import Any

from obscura.page.browser.dom import by_id, make
from obscura.page.features.events import words
from obscura.page.features.events.log import Entry, Log

SHOWN = 200
EVERY_MS = 250
"""How often the list changes at most: people cannot read faster."""


class Listing:
    """Shows the latest events of a log."""

    def __init__(self, log: Log, empty: Callable[[Collection[str]], str]) -> None:
        """
        Args:
            empty: returns what the list says while it has no event of these kinds.
        """
        self._log, self._words = log, empty
        self._list, self._empty = by_id("events-list"), by_id("events-empty")
        self._shown: list[Entry] = []
        self._shown_ms, self._changes = 0.0, 0

    def refresh(self, kinds: Collection[str], now_ms: float) -> None:
        """Show what has come, unless the list changed a moment ago. What an empty list says depends
        on more than the log."""
        stale = self._log.changes != self._changes or not self._shown
        if stale and now_ms - self._shown_ms >= EVERY_MS:
            self._shown_ms = now_ms
            self.show(kinds)

    def show(self, kinds: Collection[str]) -> None:
        """Show the latest events of these kinds."""
        self._changes = self._log.changes
        wanted = [*islice(self._log.newest_first(kinds), SHOWN)]
        self._insert(wanted)
        if self._list.hidden == bool(wanted):
            self._list.hidden = not wanted
        sentence = "" if wanted else self._words(kinds)
        if self._empty.textContent != sentence:
            self._empty.textContent = sentence
        by_id("events-undo").hidden = not self._log.can_restore

    def _insert(self, wanted: list[Entry]) -> None:
        """Insert the rows that are new: a list that is made again would lose the place to which a
        person has scrolled."""
        shown = self._shown
        for place, entry in enumerate(wanted):
            if place == len(shown) or shown[place] is not entry:
                self._list.insertBefore(_row(entry), self._list.children.item(place))
                shown.insert(place, entry)
        for _ in shown[len(wanted) :]:
            self._list.lastElementChild.remove()
        del shown[len(wanted) :]


def _row(entry: Entry) -> Any:
    item = make("li")
    time = make("time", text=entry.when, datetime=entry.record["wall_time"] or entry.when)
    item.append(time, make("span", text=words.sentence(entry.record)))
    return item
