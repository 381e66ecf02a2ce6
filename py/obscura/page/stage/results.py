"""List of what is detected, beside the picture and, on request, as spoken words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from obscura.page.browser import speech
from obscura.page.browser.dom import by_id, listen, make
from obscura.page.stage.display import Display
from obscura.page.stage.seen import Row, seen
from obscura.page.words import text
from obscura.update import Update

LIST_EVERY_MS = 250
"""How often the list, or the line of chips, of a moving picture changes: people cannot read
faster."""

BLANK = Row("", "", "", None)


class Results:
    """The "Seen" panel; a sink. Rows of a picture that does not move can be pointed at."""

    def __init__(
        self,
        display: Display,
        labels: Callable[[], Sequence[str]],
        now_ms: Callable[[], float],
        on_select: Callable[[int | None], None],
    ) -> None:
        """
        Args:
            labels: returns the names of the classes of the model that answered, by class_id.
            on_select: called with the row of the detection pointed at, or None.
        """
        self._display, self._labels, self._now_ms = display, labels, now_ms
        self._list = by_id("seen")
        self._empty = by_id("seen-empty")
        self._title = by_id("seen-title")
        self._announcer = by_id("announcer")
        self._on_select = on_select
        self._listed_ms = 0.0
        self._shown: list[Row] = []
        self._words = ("", "")
        self._parts: list[Any] = []  # dot, name, note and value of each row
        self._spoken = ""
        for event in ("pointerover", "focusin", "click"):
            listen(self._list, event, self._point)
        for event in ("pointerleave", "focusout"):
            listen(self._list, event, lambda _event: on_select(None))
        self._aloud = by_id("announce")
        self._reads = False
        self._read = ""
        if not speech.available():
            self._aloud.textContent = text.ANNOUNCE
        listen(self._aloud, "click", lambda _event: self._press_aloud())

    def take(self, update: Update) -> None:
        """List an update's detections; those of a moving picture only now and then."""
        now = self._now_ms()
        if self._display.moving and now - self._listed_ms < LIST_EVERY_MS:
            return
        self._listed_ms = now
        content = seen(update.detections, self._labels(), self._display)
        self._spoken = content.spoken
        if self._reads:
            self._read_aloud()
        if (content.title, content.empty) != self._words:  # setting equal text is layout, too
            self._words = content.title, content.empty
            self._title.textContent = content.title
            self._empty.textContent = content.empty
        if self._empty.hidden != bool(content.rows):
            self._empty.hidden = bool(content.rows)
        if content.rows != self._shown:
            self._show(content.rows)

    def close(self) -> None:
        """Empty the list."""
        self.clear()

    def clear(self) -> None:
        """Empty the list, without the sentence for no rows: there is no answer yet."""
        self._listed_ms = 0.0
        self._words, self._spoken = ("", ""), ""
        self._empty.hidden = True
        self._show([])

    def announce(self) -> None:
        """Make screen readers announce what is detected, once."""
        self._announcer.textContent = ""
        self._announcer.textContent = self._spoken

    def _press_aloud(self) -> None:
        """Read what is seen aloud, now and whenever it changes; or stop that."""
        if not speech.available():
            self.announce()
            return
        self._reads, self._read = not self._reads, ""
        self._aloud.textContent = text.STOP_READING if self._reads else text.READ_ALOUD
        if self._reads:
            self._read_aloud()
        else:
            speech.stop()

    def _read_aloud(self) -> None:
        """Read what is seen, if that is news and nothing is being read."""
        if self._spoken and self._spoken != self._read and not speech.speaking():
            self._read = self._spoken
            speech.speak(self._spoken)

    def _show(self, rows: list[Row]) -> None:
        """Show these rows. Only what differs is changed: in a moving picture that is a count or
        two, four times a second."""
        previous, self._shown = self._shown, rows
        if [row.row for row in previous] != [row.row for row in rows]:
            made = [self._make_row(row.row) for row in rows]
            self._list.replaceChildren(*(item for item, *_ in made))
            self._parts = [parts for _, *parts in made]
            previous = [BLANK] * len(rows)
        for parts, old, new in zip(self._parts, previous, rows, strict=True):
            dot, name, note, value = parts
            if new.name != old.name:
                name.textContent = new.name
            if new.note != old.note:
                note.textContent = new.note
            if new.value != old.value:
                value.textContent = new.value
            if new.colour != old.colour:
                dot.style.background = new.colour

    def _make_row(self, row: int | None) -> tuple[Any, Any, Any, Any, Any]:
        """Return an empty row of the list, and its dot, name, note and value."""
        item = make("li")
        inner = item if row is None else make("button", type="button", cls="seen-row")
        if row is not None:
            inner.dataset.row = str(row)
            item.append(inner)
        dot = make("span", cls="dot", aria_hidden="true")
        name, value = make("span", cls="seen-name"), make("span", cls="count")
        note = make("span", cls="seen-note")
        inner.append(dot, name, note, value)
        return item, dot, name, note, value

    def _point(self, event: Any) -> None:
        row = event.target.closest("[data-row]")
        self._on_select(int(row.dataset.row) if row else None)
