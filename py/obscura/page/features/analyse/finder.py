"""Finder: what is found in a frame that is not shown, as results keep it. Pure Python."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from obscura.cards.card import ModelCard
from obscura.page.features.analyse.job import Numbers
from obscura.page.features.analyse.marks import Finds
from obscura.page.live.analysis import Analysis, Answer
from obscura.page.live.results import LEAST, Head
from obscura.pipeline import Steps
from obscura.tracking import Tracker
from obscura.update import FrameInfo, Update

TRIES = 3
"""Runs of a frame: one is lost if another way to run the model takes over meanwhile."""


class Finder:
    """Runs one model on frames, as the settings were when it was made, but for all classes."""

    def __init__(self, sources: Any, analysis: Analysis, card: ModelCard, finds: Finds) -> None:
        """
        Args:
            sources: `live.controller.SourceController`.
            finds: knows the numbers that objects have in the frames before.
        """
        self._sources, self._analysis, self.card = sources, analysis, card
        options = analysis.options(card)
        tracker = Tracker()
        tracker.use_card(card, options.threshold)
        self.numbers = Numbers(tracker, finds)
        """Numbers the objects."""
        self.labels = (*card.labels, *analysis.more_labels)
        self._settings = {"threshold": options.threshold, "iou": options.iou}
        others = [each(card) for each in analysis.least.values()]
        self._least = float(min(LEAST, tracker.options.live, *others))

    def head(self, name: str, source: Any, key: str, duration_s: float | None) -> Head:
        """Return the head of results of a video, which begin now.

        Args:
            source: the file or address of the video.
            key: of its results.
            duration_s: how long it lasts, in seconds; None if that is not known.
        """
        facts = {"kind": "video", "key": key, "duration_s": duration_s}
        facts |= {"title": self.card.title, "began_s": time.time()}
        if not isinstance(source, str):
            facts["bytes"] = int(source.size)
        return Head(name, self.card.name, [*self.labels], self._least, facts, self._settings)

    async def find(
        self, capture: Callable[[], Any], frame: FrameInfo
    ) -> tuple[Answer, Update] | None:
        """Return what is found in a frame; None if another model is in use."""
        for _ in range(TRIES):
            found: tuple[Answer, Update] | None
            found = await self._sources.find_in(capture, frame, self._steps)
            if found is not None:
                return found if found[0].card is self.card else None
        return None

    def _steps(self, answer: Answer) -> Steps:
        update = Update(answer.frame, self._analysis.decode_down(answer, self._least))
        looks = self._analysis.aside
        return update if looks is None else (yield from looks(update))
