"""Crop: lets a person choose the part of a shared screen to look at."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial
from typing import Any

from obscura.page.browser.cropped import CroppedStream
from obscura.page.browser.dom import by_id, contains_focus, listen
from obscura.page.features.context import Context
from obscura.page.features.crop import words
from obscura.page.features.crop.frame import WHOLE, Box, CropFrame, pixels, within
from obscura.page.stage.placement import Placement, place
from obscura.page.state.feature import Part
from obscura.page.words.text import pixels as measure

MOUSE_PX, FINGER_PX = 8, 22
CURSORS = {
    (-1, 0): "ew-resize",
    (1, 0): "ew-resize",
    (0, -1): "ns-resize",
    (0, 1): "ns-resize",
    (-1, -1): "nwse-resize",
    (1, 1): "nwse-resize",
    (1, -1): "nesw-resize",
    (-1, 1): "nesw-resize",
}
"""By the edges that a pointer is at."""


def start(context: Context) -> Crop:
    """Start the feature."""
    return Crop(context)


class Crop(Part):
    """The frame over the picture, and the part that is in view."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._sources, self._overlay = context.page.sources, context.overlay
        self._view, self._context = context.page.view, context
        self._surface, self._shown = by_id("crop-surface"), by_id("crop-frame")
        self._hint, self._text = by_id("crop-hint"), by_id("crop-text")
        self._measure = by_id("crop-size")
        self._frame = CropFrame()
        self._stream: Any = None  # that is shared
        self._box: Box = WHOLE  # of it, in view
        self._cropped: CroppedStream | None = None
        self._changing = False
        for event, handler in {
            "pointerdown": self._press,
            "pointermove": self._move,
            "pointerup": self._release,
            "pointercancel": self._release,
        }.items():
            listen(self._surface, event, handler)
        for element in (self._surface, self._hint):
            listen(element, "keydown", self._key)

    def run(self, command: str) -> Any:
        """See `Part`."""
        return {
            "open": self._open,
            "whole": self._look_at_whole,
            "use": self._use,
            "cancel": self._close,
        }[command]()

    def scene_changed(self) -> None:
        """See `Part`."""
        shared = self._sources.shared
        stream = shared.stream if shared is not None else None
        if stream is not self._stream:  # it has ended, or something else is shared
            self._stream = stream
            self._show(WHOLE, None)
            self._close()
        elif self._is_open:
            self._draw()

    @property
    def _is_open(self) -> bool:
        return not self._surface.hidden

    def _open(self) -> None:
        if self._sources.shared is None or self._changing:
            return
        self._context.begin_drawing(self._close)
        self._frame = CropFrame()
        self._surface.hidden = self._hint.hidden = False
        self._see_all(True)
        self._text.textContent = words.HINT
        self._draw()
        self._shown.focus()

    def _close(self) -> None:
        inside = contains_focus(self._surface) or contains_focus(self._hint)
        self._surface.hidden = self._hint.hidden = True
        self._see_all(False)
        if inside:
            by_id("crop").focus()

    def _see_all(self, wanted: bool) -> None:
        """Show the whole picture, so that any part of it can be chosen; or as before."""
        if self._view.whole != wanted:
            self._view.whole = wanted
            self._view.refresh()
            self._overlay.redraw()

    def _use(self) -> Awaitable[None]:
        box = within(self._box, self._frame.box)
        return self._look_at(box, CroppedStream(self._sources.shared.stream, partial(pixels, box)))

    def _look_at_whole(self) -> Awaitable[None]:
        return self._look_at(WHOLE, None)

    async def _look_at(self, box: Box, cropped: CroppedStream | None) -> None:
        """Show a part of what is shared.

        Args:
            cropped: the part; None for all of it.
        """
        shown = False
        if not self._changing and self._stream is not None:
            self._changing = True
            self._text.textContent = words.WAITING
            try:
                if cropped is not None:
                    await cropped.begin()
                shown = await self._sources.show_part(cropped.stream if cropped else self._stream)
            finally:
                self._changing = False
                if not shown and cropped is not None:
                    cropped.close()
        if shown:
            self._show(box, cropped)
            self._close()

    def _show(self, box: Box, cropped: CroppedStream | None) -> None:
        """Note what is in view, and free what was before."""
        if self._cropped is not None:
            self._cropped.close()
        self._box, self._cropped = box, cropped
        by_id("crop-whole").hidden = cropped is None

    # ---- the frame -------------------------------------------------------------------------------

    @property
    def _placed(self) -> Placement:
        """Where the picture lies on the surface."""
        view = (self._surface.clientWidth, self._surface.clientHeight)
        overlay = self._overlay
        return place(view, self._sources.size, fill=overlay.fill, zoom=overlay.zoom)

    def _draw(self) -> None:
        placed, (width, height) = self._placed, self._sources.size
        left, top, right, bottom = self._frame.box
        style, scale = self._shown.style, placed.scale
        style.left = f"{placed.left + left * width * scale:.1f}px"
        style.top = f"{placed.top + top * height * scale:.1f}px"
        style.width = f"{(right - left) * width * scale:.1f}px"
        style.height = f"{(bottom - top) * height * scale:.1f}px"
        size = pixels(self._frame.box, width, height)[2:]
        self._shown.setAttribute("aria-label", words.FRAME.format(width=size[0], height=size[1]))
        self._measure.textContent = measure(*size)

    def _at(self, event: Any) -> tuple[float, float]:
        """Return where a pointer is, in fractions of the picture."""
        corner = self._surface.getBoundingClientRect()
        x, y = self._placed.to_source(event.clientX - corner.left, event.clientY - corner.top)
        width, height = self._sources.size
        return x / width, y / height

    def _press(self, event: Any) -> None:
        if event.isPrimary and event.button == 0:
            event.preventDefault()
            self._surface.setPointerCapture(event.pointerId)
            self._frame.press(*self._at(event), self._reach(event))
            self._shown.focus()

    def _move(self, event: Any) -> None:
        if not event.isPrimary:
            return
        x, y = self._at(event)
        if self._frame.move(x, y):
            self._draw()
        else:
            edges = self._frame.edges(x, y, self._reach(event))
            self._surface.style.cursor = CURSORS.get(edges, "crosshair")

    def _reach(self, event: Any) -> tuple[float, float]:
        """Return how near to an edge a pointer takes hold of it, in fractions of the picture."""
        near = FINGER_PX if event.pointerType == "touch" else MOUSE_PX
        placed, (width, height) = self._placed, self._sources.size
        return near / placed.scale / width, near / placed.scale / height

    def _release(self, event: Any) -> None:
        if event.isPrimary:
            self._frame.release()
            self._draw()

    def _key(self, event: Any) -> None:
        key = str(event.key)
        in_frame = event.target.id == "crop-frame"
        if key == "Escape":
            self._close()
        elif key == "Enter" and in_frame:
            self._context.spawn(self._use())
        elif in_frame and self._frame.key(key, shift=bool(event.shiftKey)):
            self._draw()
        else:
            return
        event.preventDefault()
        event.stopPropagation()
