"""Picture bar: which of several pictures is in view, and the way to the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from obscura.page.browser.dom import by_id, listen
from obscura.page.features.photos import words
from obscura.page.features.photos.album import Album
from obscura.page.live import kinds

STEPS = {"ArrowLeft": -1, "ArrowRight": 1}


class PictureBar:
    """Shown while one of several files is in view."""

    def __init__(
        self, sources: Any, spawn: Callable[[Any], Any], open_grid: Callable[[], Any]
    ) -> None:
        """
        Args:
            sources: `live.controller.SourceController`.
            spawn: starts a coroutine.
            open_grid: shows all pictures.
        """
        self.album = Album(sources, self._render)
        self._bar = by_id("picture-strip")
        self._spawn, self._open_grid = spawn, open_grid
        self._focus = False  # whether it is to have the focus
        listen(self._bar, "keydown", self._key)

    def note(self, others: Sequence[Any]) -> bool:
        """Say what happens to models that were given with pictures; return whether any were."""
        networks = [str(file.name) for file in others if kinds.is_model(file)]
        by_id("picture-note").textContent = (
            words.models(networks[0], networks[1:]) if networks else ""
        )
        return bool(networks)

    def focus_soon(self) -> None:
        """Give the bar the focus once it is shown: there, arrow keys go through the pictures."""
        self._focus = True

    def _render(self) -> None:
        album = self.album
        self._bar.hidden = not album.files
        several = len(album.files) > 1
        for part in ("picture-previous", "picture-next", "picture-all"):
            by_id(part).hidden = not several
        if not album.files:
            return
        last = len(album.files) - 1
        for part, at_end in (
            ("picture-previous", album.shown == 0),
            ("picture-next", album.shown == last),
        ):
            by_id(part).setAttribute("aria-disabled", "true" if at_end else "false")
        by_id("picture-position").textContent = (
            words.position(album.shown + 1, len(album.files)) if several else ""
        )
        if self._focus and several:
            self._focus = False
            by_id("picture-all").focus()

    def _key(self, event: Any) -> None:
        key = str(event.key)
        if key == "Escape":
            event.preventDefault()  # or the browser closes the grid that this opens
            event.stopPropagation()
            self._open_grid()
        elif key in STEPS:  # elsewhere these keys change the confidence
            event.preventDefault()
            event.stopPropagation()
            self._spawn(self.album.move(STEPS[key]))
