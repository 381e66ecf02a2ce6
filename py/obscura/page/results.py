"""What is seen, as a list beside the picture and, when asked for, as spoken words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from obscura.detections import Detections
from obscura.drawing import colour
from obscura.page import text
from obscura.page.dom import by_id, listen, make


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
        self._shown: list[tuple[str, str, str, int | None]] = []
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
        rows: list[tuple[str, str, str, int | None]]
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
        self._title.textContent = title
        self._empty.textContent = empty
        self._empty.hidden = bool(rows)
        if rows != self._shown:
            self._shown = rows
            self._list.replaceChildren(*(self._row(*row) for row in rows))

    def announce(self) -> None:
        """Tell screen readers what is seen, once."""
        self._announcer.textContent = ""
        self._announcer.textContent = self._spoken

    def _row(self, name: str, value: str, shade: str, row: int | None) -> Any:
        item = make("li")
        inner = item if row is None else make("button", type="button", cls="seen-row")
        if row is not None:
            inner.dataset.row = str(row)
            item.append(inner)
        dot = make("span", cls="dot", aria_hidden="true")
        dot.style.background = shade
        inner.append(
            dot,
            make("span", text=name, cls="seen-name"),
            make("span", text=value, cls="count"),
        )
        return item

    def _point(self, event: Any) -> None:
        row = event.target.closest("[data-row]")
        self._on_select(int(row.dataset.row) if row else None)
