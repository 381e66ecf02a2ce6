"""Markers: shows marks on the time line, and goes from one to the next. Pure Python."""

from __future__ import annotations

from typing import Any

from obscura.page.features.analyse.marks import Finds, Mark, beside
from obscura.page.features.analyse.recall import ROUNDING_S
from obscura.page.features.context import Context

MARKS = 24
"""A mark ends where nothing is found for this part of the video: they can be pressed one by one."""

GAP_S = 0.5
"""So short a time without anything ends no mark."""


class Markers:
    """The marks of the video in view."""

    def __init__(self, context: Context, view: Any) -> None:
        """
        Args:
            view: `panel.AnalysePanel`.
        """
        assert context.page is not None
        self._page, self._context, self._view = context.page, context, view
        self._finds: Finds | None = None
        self._duration_s: float | None = None
        self.chosen = ""
        """The class whose marks are shown; "" for all."""
        self.marks: list[Mark] = []

    def show(self, finds: Finds | None, duration_s: float | None) -> None:
        """Show where something was found, under the settings in force now.

        Args:
            finds: None if nothing is known.
            duration_s: how long the video lasts in seconds; None if that is not known.
        """
        self._finds, self._duration_s = finds, duration_s
        card = self._page.sessions.card
        if finds is None or card is None or not duration_s:
            self.marks = []
            self._view.show_marks((), 0.0, (), "")
            return
        settings = self._context.preferences.current
        threshold = self._context.analysis.options(card).threshold
        least = card.threshold if threshold is None else threshold
        labels = finds.found(least, settings.hidden.get(card.name, ()))
        if self.chosen not in labels:
            self.chosen = ""
        wanted = [self.chosen] if self.chosen else labels
        self.marks = finds.marks(wanted, least, max(duration_s / MARKS, GAP_S))
        self._view.show_marks(self.marks, duration_s, labels, self.chosen)

    def choose(self, label: str) -> None:
        """Show the marks of a class; "" for all."""
        self.chosen = label
        self.show(self._finds, self._duration_s)

    def go(self, steps: int) -> None:
        """Show the next mark, or with -1 the one before."""
        mark = beside(self.marks, self._page.sources.position_s, steps)
        if mark is not None:
            self.open(mark)

    def open(self, mark: Mark) -> None:
        """Show the first frame of a mark."""
        self._page.sources.playback.seek(mark.start_s + ROUNDING_S)
