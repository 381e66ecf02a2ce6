"""Picture strip: names and small copies of several pictures, one of which is in view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from obscura.page.browser import files
from obscura.page.browser.dom import by_id, js_object, listen, make
from obscura.page.features.browse import words
from obscura.page.features.browse.album import Album
from obscura.page.live import kinds

STEPS = {"ArrowLeft": -1, "ArrowRight": 1}


class PictureStrip:
    """Shown while one of several files is in view."""

    def __init__(self, sources: Any, spawn: Callable[[Any], Any]) -> None:
        """
        Args:
            sources: `live.controller.SourceController`.
            spawn: starts a coroutine.
        """
        self.album = Album(sources, self._render)
        self._strip, self._names = by_id("picture-strip"), by_id("picture-names")
        self._spawn = spawn
        self._made: Sequence[Any] = ()  # the files that there are buttons for
        self._buttons: list[Any] = []
        self._urls: list[str] = []
        listen(self._names, "click", self._press)
        listen(self._strip, "keydown", self._key)

    def fill(self, media: Sequence[Any], others: Sequence[Any]) -> None:
        """Show these files if they are several; say what happens to models given with them."""
        networks = [str(file.name) for file in others if kinds.is_model(file)]
        note = words.models(networks[0], networks[1:]) if networks else ""
        by_id("picture-note").textContent = note
        self.album.fill(media if len(media) > 1 or note else ())

    def _render(self) -> None:
        album = self.album
        if album.files is not self._made:
            self._make()
        self._strip.hidden = not album.files
        several = len(album.files) > 1
        for part in ("picture-previous", "picture-next", "picture-names"):
            by_id(part).hidden = not several
        if not album.files:
            return
        last = len(album.files) - 1
        for part, at_end in (
            ("picture-previous", album.shown == 0),
            ("picture-next", album.shown == last),
        ):
            by_id(part).setAttribute("aria-disabled", "true" if at_end else "false")
        for index, button in enumerate(self._buttons):
            shown = index == album.shown
            button.setAttribute("aria-current", "true" if shown else "false")
            name = str(album.files[index].name)
            unreadable = index in album.unreadable
            button.title = words.UNREADABLE.format(name=name) if unreadable else name
            button.classList.toggle("unreadable", unreadable)
        by_id("picture-position").textContent = (
            words.position(album.shown + 1, len(album.files)) if several else ""
        )
        self._buttons[album.shown].scrollIntoView(js_object(block="nearest", inline="nearest"))

    def _make(self) -> None:
        """Make a button per file. The browser decodes only the small pictures that are in sight."""
        for url in self._urls:
            files.revoke(url)
        self._made, self._urls, self._buttons = self.album.files, [], []
        items = []
        for index, file in enumerate(self._made):
            button = make("button", type="button", cls="picture-button", data_index=str(index))
            if not kinds.is_video(file):
                self._urls.append(files.object_url(file))
                small = make("img", alt="", loading="lazy", decoding="async")
                small.src = self._urls[-1]
                button.append(small)
            button.append(make("span", text=str(file.name)))
            item = make("li")
            item.append(button)
            items.append(item)
            self._buttons.append(button)
        self._names.replaceChildren(*items)

    def _press(self, event: Any) -> Any:
        button = event.target.closest("[data-index]")
        return self.album.open(int(button.dataset.index)) if button else None

    def _key(self, event: Any) -> None:
        steps = STEPS.get(str(event.key))
        if steps is not None:  # elsewhere these keys change the confidence
            event.preventDefault()
            event.stopPropagation()
            self._spawn(self.album.move(steps))
