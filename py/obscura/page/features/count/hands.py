"""Hands: mouse, fingers and keys over the picture, for the editor of lines and zones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from obscura.page.browser.dom import by_id, listen
from obscura.page.features.count import words
from obscura.page.features.count.grips import FINGER, MOUSE, Hand
from obscura.page.features.count.layer import ShapeLayer
from obscura.page.features.count.undo import command_of

FIELDS = "input:not([type=color], [type=checkbox])"
"""Fields in which the browser itself undoes what is typed."""


class Hands:
    """Passes events of the overlay to the editor that the layer draws."""

    def __init__(
        self,
        canvas: Any,
        layer: ShapeLayer,
        changed: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        """
        Args:
            canvas: the overlay's element.
            changed: called when the editor made use of an event.
            say: called with where something is now, after a key.
        """
        self._canvas, self._layer = canvas, layer
        self._changed, self._say = changed, say
        for event, handler in {
            "pointerdown": self._press,
            "pointermove": self._move,
            "pointerup": self._release,
            "pointercancel": self._cancel,
            "dblclick": self._double,
            "keydown": self._key,
        }.items():
            listen(canvas, event, handler)
        listen(by_id("count-tools"), "keydown", self._shortcut)
        listen(canvas.ownerDocument, "keydown", self._escape)

    def show(self, shown: bool) -> None:
        """Take pointers and keys, or leave them to the picture."""
        canvas = self._canvas
        canvas.classList.toggle("edited", shown)
        canvas.setAttribute("aria-hidden", "false" if shown else "true")
        attributes = {"tabindex": "0", "role": "application", "aria-label": words.CANVAS}
        for name, value in attributes.items():
            if shown:
                canvas.setAttribute(name, value)
            else:
                canvas.removeAttribute(name)

    def _at(self, event: Any) -> tuple[float, float]:
        corner = self._canvas.getBoundingClientRect()
        return event.clientX - corner.left, event.clientY - corner.top

    def _used(self, event: Any, used: bool) -> None:
        """Keep an event that the editor made use of from zooming and panning."""
        if used:
            event.stopPropagation()
            event.preventDefault()
            self._changed()

    def _ready(self, event: Any) -> bool:
        return self._layer.shown and self._layer.view is not None and bool(event.isPrimary)

    def _press(self, event: Any) -> None:
        if self._ready(event) and event.button == 0:
            assert self._layer.view is not None
            used = self._layer.editor.press(self._at(event), self._layer.view, hand_of(event))
            if used:
                self._canvas.setPointerCapture(event.pointerId)
                self._canvas.focus()
            self._used(event, used)
            if not used:
                self._changed()  # nothing is selected any more

    def _move(self, event: Any) -> None:
        if self._ready(event):
            assert self._layer.view is not None
            self._used(event, self._layer.editor.move(self._at(event), self._layer.view))

    def _release(self, event: Any) -> None:
        if self._ready(event):
            assert self._layer.view is not None
            self._used(event, self._layer.editor.release(self._at(event), self._layer.view))

    def _cancel(self, event: Any) -> None:
        if self._ready(event):
            self._used(event, self._layer.editor.cancel())

    def _double(self, event: Any) -> None:
        if self._layer.shown:
            self._used(event, self._layer.editor.double())

    def _key(self, event: Any) -> None:
        if self._layer.shown and self._layer.view and not self._shortcut(event):
            editor = self._layer.editor
            used = editor.key(str(event.key), self._layer.view, shift=event.shiftKey)
            self._used(event, used)
            if used:
                deleted = editor.chosen is None and str(event.key) in ("Delete", "Backspace")
                self._say(words.DONE["delete"] if deleted else words.where(editor))

    def _shortcut(self, event: Any) -> bool:
        """Undo or redo by the keys that people know from elsewhere; return whether it was one."""
        control = bool(event.ctrlKey or event.metaKey)
        command = command_of(str(event.key), control=control, shift=bool(event.shiftKey))
        if not command or event.target.closest(FIELDS):
            return False
        done = getattr(self._layer.editor, command)()
        self._say(words.DONE[command] if done else "")
        self._used(event, True)
        return True

    def _escape(self, event: Any) -> None:
        """Give up what is being drawn, wherever the focus is; in a dialog or on the error card
        Escape closes that."""
        editor = self._layer.editor
        elsewhere = event.target.closest("dialog, #notice")
        if event.key == "Escape" and editor.drawing and not elsewhere:
            editor.cancel()
            self._used(event, True)


def hand_of(event: Any) -> Hand:
    """Return how exactly a pointer event points: a pen as exactly as a mouse."""
    return FINGER if event.pointerType == "touch" else MOUSE
