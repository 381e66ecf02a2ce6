"""The pointer: selects the box that is pointed at; zooms and pans pictures that stand still."""

from __future__ import annotations

from math import exp, hypot
from typing import Any

from obscura.page.browser.dom import listen
from obscura.page.stage.overlay import Overlay
from obscura.page.stage.view import PictureView

WHEEL = 0.002
"""Part of a doubling per pixel that a wheel reports; a pinch on a touchpad reports fewer."""
PINCH_WHEEL = 0.01
DOUBLE_TAP = 2.5

Point = tuple[float, float]


class Pointer:
    """Handles mouse, fingers and wheel over the view."""

    def __init__(self, element: Any, overlay: Overlay, view: PictureView) -> None:
        """
        Args:
            element: the one that the overlay covers.
        """
        self._element, self._overlay, self._view = element, overlay, view
        self._held: dict[int, Point] = {}  # pressed pointers, and where they were last
        for event, handler in {
            "pointerdown": self._press,
            "pointermove": self._move,
            "pointerup": self._release,
            "pointercancel": self._release,
            "pointerleave": self._leave,
            "wheel": self._wheel,
            "dblclick": self._double,
        }.items():
            listen(element, event, handler)

    def select(self, row: int | None) -> None:
        """Select the box of a row of the detections; None for no box."""
        boxes = self._overlay.boxes
        boxes.point = None
        if row != boxes.selected:
            boxes.selected = row
            self._overlay.redraw()

    def _at(self, event: Any) -> Point:
        corner = self._element.getBoundingClientRect()
        return event.clientX - corner.left, event.clientY - corner.top

    def _press(self, event: Any) -> None:
        if event.target.closest("button"):
            return
        self._held[event.pointerId] = self._at(event)
        if len(self._held) == 1:
            self._point(event)

    def _move(self, event: Any) -> None:
        before = self._held.get(event.pointerId)
        if before is None or not self._view.zoomable:
            self._point(event)
            return
        now = self._at(event)
        others = [point for held, point in self._held.items() if held != event.pointerId]
        self._held[event.pointerId] = now
        if others:
            self._pinch(before, now, others[0])
        elif self._view.zoomed:
            self._view.pan(now[0] - before[0], now[1] - before[1])

    def _pinch(self, before: Point, now: Point, other: Point) -> None:
        """One of two fingers has moved."""
        old, new = (
            hypot(before[0] - other[0], before[1] - other[1]),
            hypot(now[0] - other[0], now[1] - other[1]),
        )
        middle = ((now[0] + other[0]) / 2, (now[1] + other[1]) / 2)
        self._view.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2)
        if old > 0 and new > 0:
            self._view.magnify(new / old, middle)

    def _release(self, event: Any) -> None:
        self._held.pop(event.pointerId, None)

    def _leave(self, event: Any) -> None:
        self._held.pop(event.pointerId, None)
        if event.pointerType == "mouse":  # a finger that is lifted leaves its choice behind
            self.select(None)

    def _wheel(self, event: Any) -> None:
        if not self._view.zoomable:
            return
        event.preventDefault()
        speed = PINCH_WHEEL if event.ctrlKey else WHEEL
        self._view.magnify(exp(-event.deltaY * speed), self._at(event))

    def _double(self, event: Any) -> None:
        if self._view.zoomed:
            self._view.reset()
        elif self._view.zoomable:
            self._view.magnify(DOUBLE_TAP, self._at(event))

    def _point(self, event: Any) -> None:
        self._overlay.boxes.point = self._at(event)
        self._overlay.redraw()
