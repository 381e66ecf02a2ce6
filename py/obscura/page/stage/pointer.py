"""The pointer: a box is selected by pointing at it."""

from __future__ import annotations

from typing import Any

from obscura.page.browser.dom import listen
from obscura.page.stage.overlay import Overlay


class Pointer:
    """Selects the box under a mouse or finger, or the row that a list asks for."""

    def __init__(self, view: Any, overlay: Overlay) -> None:
        """
        Args:
            view: the element that the overlay covers.
        """
        self._view, self._overlay = view, overlay
        for event in ("pointermove", "pointerdown"):
            listen(view, event, self._point)
        listen(view, "pointerleave", self._leave)

    def select(self, row: int | None) -> None:
        """Select the box of a row of the detections; None for no box."""
        boxes = self._overlay.boxes
        boxes.point = None
        if row != boxes.selected:
            boxes.selected = row
            self._overlay.redraw()

    def _point(self, event: Any) -> None:
        corner = self._view.getBoundingClientRect()
        self._overlay.boxes.point = (event.clientX - corner.left, event.clientY - corner.top)
        self._overlay.redraw()

    def _leave(self, event: Any) -> None:
        if event.pointerType == "mouse":  # a finger that is lifted leaves its choice behind
            self.select(None)
