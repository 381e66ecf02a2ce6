"""What is seen, as a list beside the picture and, when asked for, as spoken words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from obscura.detections import Detections
from obscura.drawing import colour
from obscura.page.browser.dom import by_id, listen, make
from obscura.page.words import text

Row = tuple[str, str, str, int | None]
"""Name, value, colour; and for what can be pointed at, the row of the detection."""


class Results:
    """The "Seen" panel: a row per class while the picture moves, a row per object on a photo."""

    def __init__(self, on_select: Callable[[int | None], None]) -> None:
        """
        Args:
            on_select: called with the row of the detection pointed at, or None.
        """
        self._list = by_id("seen")
        self._empty = by_id("seen-empty")
        self._title = by_id("seen-title")
        self._announcer = by_id("announcer")
        self._on_select = on_select
        self._shown: list[Row] = []
        self._words = ("", "")
        self._rows: list[Any] = []  # dot, name and value of each, in the list
        self._spoken = ""
        for event in ("pointerover", "focusin", "click"):
            listen(self._list, event, self._point)
        for event in ("pointerleave", "focusout"):
            listen(self._list, event, lambda _event: on_select(None))
        listen(by_id("announce"), "click", lambda _event: self.announce())

    def show(
        self,
        detections: Detections,
        labels: Sequence[str],
        *,
        title: str,
        empty: str,
        each: bool,
    ) -> None:
        """
        Args:
            empty: the sentence for no detections.
            each: a row per object, which can be pointed at, rather than per class.
        """
        names = [labels[class_id] for class_id in detections.class_id.tolist()]
        scores = [text.percent(score) for score in detections.score.tolist()]
        colours = [colour(class_id) for class_id in detections.class_id.tolist()]
        counts = Counter(names)
        self._spoken = ", ".join(f"{count} {name}" for name, count in counts.items()) or empty
        rows: list[Row]
        if each:
            rows = [
                (name, score, shade, row)
                for row, (name, score, shade) in enumerate(zip(names, scores, colours, strict=True))
            ]
        else:
            rows = [
                (name, str(count), colours[names.index(name)], None)
                for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            ]
        if (title, empty) != self._words:  # the same text is layout all the same
            self._words = title, empty
            self._title.textContent = title
            self._empty.textContent = empty
        if rows != self._shown:
            self._empty.hidden = bool(rows)
            self._list_rows(rows)

    def announce(self) -> None:
        """Tell screen readers what is seen, once."""
        self._announcer.textContent = ""
        self._announcer.textContent = self._spoken

    def _list_rows(self, rows: list[Row]) -> None:
        """Show these rows, changing of those in the list what is another now: in a moving picture
        it is a count or two, four times a second."""
        before, self._shown = self._shown, rows
        if [row[3] for row in before] != [row[3] for row in rows]:
            made = [self._make_row(row[3]) for row in rows]
            self._list.replaceChildren(*(item for item, *_ in made))
            self._rows = [parts for _, *parts in made]
            before = [("", "", "", None)] * len(rows)
        for parts, old, new in zip(self._rows, before, rows, strict=True):
            dot, name, value = parts
            if new[0] != old[0]:
                name.textContent = new[0]
            if new[1] != old[1]:
                value.textContent = new[1]
            if new[2] != old[2]:
                dot.style.background = new[2]

    def _make_row(self, row: int | None) -> tuple[Any, Any, Any, Any]:
        """An empty row of the list, and its dot, name and value."""
        item = make("li")
        inner = item if row is None else make("button", type="button", cls="seen-row")
        if row is not None:
            inner.dataset.row = str(row)
            item.append(inner)
        dot = make("span", cls="dot", aria_hidden="true")
        name, value = make("span", cls="seen-name"), make("span", cls="count")
        inner.append(dot, name, value)
        return item, dot, name, value

    def _point(self, event: Any) -> None:
        row = event.target.closest("[data-row]")
        self._on_select(int(row.dataset.row) if row else None)
