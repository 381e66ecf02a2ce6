"""Chips: a line over the picture that says what is seen, on screens without room for the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from obscura.page.browser.dom import by_id, make
from obscura.page.stage.display import Display
from obscura.page.stage.results import LIST_EVERY_MS
from obscura.page.stage.seen import totals
from obscura.update import Update


class Chips:
    """A sink. Styles hide the line where the list has room."""

    def __init__(
        self,
        display: Display,
        labels: Callable[[], Sequence[str]],
        now_ms: Callable[[], float],
    ) -> None:
        """
        Args:
            labels: returns the names of the classes of the model that answered, by class_id.
        """
        self._display, self._labels, self._now_ms = display, labels, now_ms
        self._list = by_id("chips")
        self._shown: list[tuple[str, str]] = []
        self._drawn_ms = 0.0

    def take(self, update: Update) -> None:
        """Show an update's detections; those of a moving picture only now and then."""
        now = self._now_ms()
        if self._display.moving and now - self._drawn_ms < LIST_EVERY_MS:
            return
        self._drawn_ms = now
        self._show(totals(update.detections, self._labels(), self._display))

    def close(self) -> None:
        """Empty the line."""
        self.clear()

    def clear(self) -> None:
        """Empty the line: there is no answer yet."""
        self._drawn_ms = 0.0
        self._show([])

    def _show(self, chips: list[tuple[str, str]]) -> None:
        if chips == self._shown:
            return
        self._shown = chips
        items = []
        for words, shade in chips:
            item = make("li")
            if shade:
                dot = make("span", cls="dot", aria_hidden="true")
                dot.style.background = shade
                item.append(dot)
            item.append(make("span", text=words))
            items.append(item)
        self._list.replaceChildren(*items)
        self._list.hidden = not chips
