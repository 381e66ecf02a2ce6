"""The answer in view: the last outputs, read under the present settings, drawn and listed."""

from __future__ import annotations

from typing import Any

from js import ResizeObserver, performance
from pyodide.ffi import create_proxy

from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.families.decode import Outputs, decode
from obscura.live.timing import Timings
from obscura.page.browser.dom import by_id, listen
from obscura.page.stage.overlay import Overlay
from obscura.page.stage.results import Results
from obscura.page.state.settings import Settings
from obscura.page.words import text

LIST_EVERY_MS = 250
"""How often the list beside a moving picture changes: people cannot read faster."""


class View:
    """Keeps the model's K rows, so that a changed threshold needs no new inference."""

    def __init__(self, timings: Timings) -> None:
        """
        Args:
            timings: where the stages "decode" and "draw" are noted.
        """
        self._timings = timings
        self._root = by_id("view")
        self._overlay = Overlay(by_id("overlay"))
        self._results = Results(self._select)
        self._outputs: Outputs | None = None
        self._card: ModelCard | None = None
        self._size = (1, 1)
        self._listed = 0.0
        self.detections = Detections.empty()
        self.labels: tuple[str, ...] = ()
        for event in ("pointermove", "pointerdown"):
            listen(self._root, event, self._point)
        listen(self._root, "pointerleave", self._point_away)
        listen(by_id("overlay"), "contextrestored", lambda _event: self._overlay.resize())
        observer = ResizeObserver.new(create_proxy(lambda *_: self._overlay.resize()))
        observer.observe(self._root)

    @property
    def answered(self) -> bool:
        """Whether there is an answer for the present picture."""
        return self._outputs is not None

    def answer(self, outputs: Outputs, card: ModelCard, size: tuple[int, int]) -> None:
        """Take a model's new answer for a picture of this width and height."""
        self._outputs, self._card, self._size = outputs, card, size

    def clear(self) -> None:
        """Forget the answer and take its boxes away."""
        self._outputs = None
        self.detections = Detections.empty()
        self._overlay.clear()

    def present(
        self,
        settings: Settings,
        scene: str,
        *,
        moving: bool,
        mirrored: bool,
    ) -> None:
        """Show the answer, if there is one.

        Args:
            moving: the picture changes by itself, so the list counts per class and changes slowly.
        """
        card = self._card
        if self._outputs is None or card is None:
            return
        hidden = set(settings.hidden.get(card.name, ()))
        shown = [i for i, label in enumerate(card.labels) if label not in hidden]
        begun = performance.now()
        self.detections = decode(
            self._outputs,
            card,
            self._size,
            threshold=settings.threshold,
            iou=settings.iou,
            classes=shown if hidden else None,
        )
        self.labels = card.labels
        decoded = performance.now()
        self._overlay.show(self.detections, card.labels, self._size, mirrored=mirrored)
        self._timings.add("decode", decoded - begun)
        self._timings.add("draw", performance.now() - decoded)
        if moving and decoded - self._listed < LIST_EVERY_MS:
            return
        self._listed = decoded
        self._results.show(
            self.detections,
            card.labels,
            title=text.SEEN_TITLES[scene],
            empty=text.SEEN_EMPTY[scene if shown else "hidden"],
            each=not moving,
        )

    def announce(self) -> None:
        """Tell screen readers what is seen."""
        self._results.announce()

    def _point(self, event: Any) -> None:
        corner = self._root.getBoundingClientRect()
        self._overlay.point = (event.clientX - corner.left, event.clientY - corner.top)
        self._overlay.redraw()

    def _point_away(self, event: Any) -> None:
        if event.pointerType == "mouse":  # a finger that is lifted leaves its choice behind
            self._select(None)

    def _select(self, row: int | None) -> None:
        self._overlay.point = None
        if row != self._overlay.selected:
            self._overlay.selected = row
            self._overlay.redraw()
