"""The view: whether the picture fits or fills it, and how it is zoomed and panned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from obscura.page.browser.dom import by_id, media_matches
from obscura.page.stage.overlay import Overlay
from obscura.page.stage.placement import Zoom, limited, zoomed
from obscura.page.state.scene import Kind
from obscura.page.words import text

BAR_FADE, WELCOME_FADE = 16, 80
"""Height in CSS pixels of the transparent edges of the bar and of the words of welcome."""
SMALL_SCREEN = "(max-width: 899px), (max-height: 520px)"
"""As in assets/style.css: the picture covers the screen, the controls lie over it."""


class PictureView:
    """Places the picture, and its boxes with it."""

    def __init__(self, overlay: Overlay, size: Callable[[], tuple[int, int] | None]) -> None:
        """
        Args:
            size: returns width and height of the picture in view, in its own pixels; None if there
                is none that can be zoomed.
        """
        self._element = by_id("view")
        self._overlay, self._size = overlay, size
        self._fit = "auto"
        self._kind = Kind.WELCOME
        self.whole = False
        """Whether no part of the picture may lie outside, whatever the setting."""
        self.zoomable = False
        """Whether the picture stands still, so that people may look closer."""

    @property
    def fills(self) -> bool:
        """Whether the picture covers the view; a part of it may lie outside."""
        if self.whole:
            return False
        if self._kind is Kind.WELCOME or self._fit == "auto":
            return self._kind is not Kind.STILL and media_matches(SMALL_SCREEN)
        return self._fit == "fill"

    def show(self, kind: Kind, *, moving: bool, fit: str) -> None:
        """Adapt to what is in view.

        Args:
            moving: whether the picture changes by itself.
            fit: the setting: "auto", "fit" or "fill".
        """
        self._kind, self._fit = kind, fit
        self.zoomable = kind is not Kind.WELCOME and not moving
        self._element.classList.toggle("zoomable", self.zoomable)
        by_id("fit").hidden = kind is Kind.WELCOME
        if not self.zoomable:
            self._overlay.zoom = Zoom()
        self.refresh()

    def refresh(self) -> None:
        """Place the picture again: the view has another size."""
        fills = self.fills
        self._element.classList.toggle("fill", fills)
        button = by_id("fit")
        button.setAttribute("aria-pressed", "true" if fills else "false")
        button.setAttribute("aria-label", text.SHOW_ALL if fills else text.FILL)
        self._overlay.fill = fills
        self._overlay.covered = self._covered()
        self._place(self._overlay.zoom)

    def reset(self) -> None:
        """Show the whole picture again."""
        self._place(Zoom())

    def magnify(self, factor: float, at: tuple[float, float] | None = None) -> None:
        """Zoom in or out.

        Args:
            at: the point that stays where it is, in CSS pixels of the view; None for the middle.
        """
        view = self._view
        self._place(zoomed(self._overlay.zoom, factor, at or (view[0] / 2, view[1] / 2), view))

    def pan(self, x: float, y: float) -> None:
        """Move the picture by this many CSS pixels."""
        zoom = self._overlay.zoom
        self._place(Zoom(zoom.scale, zoom.x + x, zoom.y + y))

    @property
    def zoomed(self) -> bool:
        """Whether the picture is magnified."""
        return self._overlay.zoom.scale > 1

    @property
    def _view(self) -> tuple[float, float]:
        return self._element.clientWidth, self._element.clientHeight

    def _covered(self) -> tuple[float, float, float, float]:
        """Return how much of the view's left, top, right and bottom the controls cover."""
        if not media_matches(SMALL_SCREEN):
            return (0.0, 0.0, 0.0, 0.0)
        view = self._element.getBoundingClientRect()
        above = [by_id("bar").getBoundingClientRect().bottom - BAR_FADE]
        above += [edge.bottom for edge in map(_shown, ("meter-line", "caption")) if edge]
        below = [edge.top for edge in map(_shown, ("chips", "picture-strip", "video-bar")) if edge]
        if self._kind is Kind.WELCOME:
            below.append(by_id("welcome").getBoundingClientRect().top + WELCOME_FADE)
        row, right = by_id("controls").getBoundingClientRect(), 0.0
        if row.height > row.width:  # on its side: a column at the right edge
            right = max(view.right - row.left, 0.0)
        else:
            below.append(row.top)
        bottom = view.bottom - min(below, default=view.bottom)
        return (0.0, max(max(above) - view.top, 0.0), right, max(bottom, 0.0))

    def _place(self, zoom: Zoom) -> None:
        size = self._size() if self.zoomable else None
        if size is None or not all(size):
            zoom = Zoom()
        else:
            zoom = limited(zoom, self._view, size, fill=self._overlay.fill)
        self._overlay.zoom = zoom
        style = self._element.style
        style.setProperty("--zoom", f"{zoom.scale:g}")
        style.setProperty("--pan-x", f"{zoom.x:g}px")
        style.setProperty("--pan-y", f"{zoom.y:g}px")
        self._element.classList.toggle("zoomed", zoom.scale > 1)
        by_id("zoom-reset").hidden = zoom.scale <= 1
        self._overlay.redraw()


def _shown(name: str) -> Any:
    """Return where an element is; None if it is hidden."""
    box = by_id(name).getBoundingClientRect()
    return box if box.height else None
