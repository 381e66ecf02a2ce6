"""Panel: the controls of thorough analysis below the time line, and the marks on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from obscura.page.browser.dom import by_id, contains_focus, listen, make
from obscura.page.features.analyse import words
from obscura.page.features.analyse.marks import Mark
from obscura.page.features.analyse.row import Row

STEPS = {"ArrowLeft": -1, "ArrowRight": 1}


class AnalysePanel:
    """Shows a `Row`, and marks that can be pressed."""

    def __init__(self) -> None:
        self._row, self._bar = by_id("analyse-row"), by_id("analyse-bar")
        self._marks, self._tools = by_id("video-marks"), by_id("mark-tools")
        self._classes = by_id("mark-class")
        self._buttons = {name: by_id(f"analyse-{name}") for name in ("all", "pause", "cancel")}
        self._shown: Row | None = None
        self._marked: tuple[Any, ...] = ()
        self._mark_buttons: list[Any] = []
        self.on_mark: Callable[[Mark], None] = lambda _mark: None
        """Called when a person presses a mark."""
        self.on_class: Callable[[str], None] = lambda _label: None
        """Called when a person chooses whose marks are shown; "" for all."""
        listen(self._marks, "click", self._press)
        listen(self._marks, "keydown", self._key)
        listen(self._classes, "change", lambda _event: self.on_class(str(self._classes.value)))

    def show(self, row: Row) -> None:
        """Show how far the analysis is, and what a person can do."""
        if row == self._shown:
            return
        self._shown = row
        focused = contains_focus(self._row)
        self._row.hidden = not row.shown
        for name, button in self._buttons.items():
            sentence = str(getattr(row, name))
            button.hidden = not sentence
            button.textContent = sentence
        self._bar.hidden = not row.busy
        if row.share is None:
            self._bar.removeAttribute("value")
        else:
            self._bar.value = row.share
        by_id("analyse-text").textContent = row.words
        if by_id("analyse-said").textContent != row.said:
            by_id("analyse-said").textContent = row.said
        if focused and not contains_focus(self._row):  # the button that was pressed is gone
            there = [button for button in self._buttons.values() if not button.hidden]
            if there:
                there[0].focus()

    def show_marks(
        self, marks: Sequence[Mark], duration_s: float, labels: Sequence[str], chosen: str
    ) -> None:
        """Show marks, and the classes whose marks a person can choose."""
        made = (tuple(marks), duration_s, tuple(labels), chosen)
        if made == self._marked:
            return
        self._marked = made
        self._marks.hidden = self._tools.hidden = not labels
        drawn, buttons = [], []
        for index, mark in enumerate(marks):
            said = words.mark(mark.labels, mark.start_s, mark.end_s)
            button = make(
                "button", type="button", cls="time-mark", data_index=str(index), title=said
            )
            button.setAttribute("aria-label", said)
            button.tabIndex = 0 if index == 0 else -1
            bar = make("span", cls="mark-bar")
            left, width = (100 * s / duration_s for s in (mark.start_s, mark.end_s - mark.start_s))
            bar.style.left, bar.style.width = f"{left:.2f}%", f"{width:.2f}%"
            # Large enough for a thumb, and within the screen.
            button.style.left = f"clamp(-12px, {left:.2f}% - 22px, 100% - 32px - {width:.2f}%)"
            button.style.width = f"min({width:.2f}% + 44px, 100% + 24px)"
            drawn.append(bar)
            buttons.append(button)
        self._marks.replaceChildren(*drawn, *buttons)
        self._mark_buttons = buttons
        options = [make("option", text=words.EVERYTHING, value="")]
        options += [make("option", text=label, value=label) for label in labels]
        self._classes.replaceChildren(*options)
        self._classes.value = chosen

    def _press(self, event: Any) -> None:
        button = event.target.closest("[data-index]")
        if not button:
            return
        if event.detail:  # by a pointer: marks that are close together lie over each other
            beside = [abs(middle(each) - float(event.clientX)) for each in self._mark_buttons]
            button = self._mark_buttons[beside.index(min(beside))]
        self._touch(button)
        self.on_mark(self._marked[0][int(button.dataset.index)])

    def _key(self, event: Any) -> None:
        steps = STEPS.get(str(event.key))
        if steps is None:
            return
        event.preventDefault()  # elsewhere these keys change the confidence
        event.stopPropagation()
        buttons = self._mark_buttons
        index = int(event.target.dataset.index) + steps
        if 0 <= index < len(buttons):
            self._touch(buttons[index])
            buttons[index].focus()

    def _touch(self, button: Any) -> None:
        """Have the Tab key come back to this mark."""
        for each in self._mark_buttons:
            each.tabIndex = -1
        button.tabIndex = 0


def middle(element: Any) -> float:
    """Return how far to the right the middle of an element is, in CSS pixels."""
    box = element.getBoundingClientRect()
    return float(box.left + box.width / 2)
