"""Dialog of all pictures: filters, progress, the grid, and what can be done with what is marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from obscura.page.browser.dom import by_id, listen, make
from obscura.page.features.photos import words
from obscura.page.features.photos.collection import Choice, Collection, State, View
from obscura.page.features.photos.grid import Grid
from obscura.page.features.photos.selection import Selection
from obscura.page.features.photos.work import Work
from obscura.page.words import text


class PhotosDialog:
    """Shows a collection. What a person does goes to the callbacks."""

    def __init__(self, grid: Grid, chosen: Callable[[], None], change: Callable[..., Any]) -> None:
        """
        Args:
            chosen: called when a person has set another filter or order.
            change: changes settings of the page.
        """
        self.grid = grid
        self._dialog, self._threshold = by_id("photos-dialog"), by_id("photos-threshold")
        self._with, self._order = by_id("photos-with"), by_id("photos-order")
        self._least = by_id("photos-least")
        self._offered: list[tuple[str, str]] = []  # values and words of the classes
        self._saving = False
        for element in (self._with, self._order, self._least):
            listen(element, "change", lambda _event: chosen())
        listen(
            self._threshold,
            "input",
            lambda event: change(threshold=float(event.target.value)),
        )
        listen(by_id("photos-filters"), "click", lambda _event: self._fold())

    @property
    def open(self) -> bool:
        """Whether it is in view."""
        return bool(self._dialog.open)

    def show(self) -> None:
        """Open it."""
        if not self._dialog.open:
            self._dialog.showModal()
        self.grid.refresh()
        self.grid.focus()

    def close(self) -> None:
        """Close it."""
        self._dialog.close()

    def choice(self, choice: Choice) -> Choice:
        """Return a choice with the filters and the order that a person has set."""
        wanted = str(self._with.value)
        order, _, direction = str(self._order.value).partition(":")
        return replace(
            choice,
            wanted=int(wanted) if wanted else None,
            least=int(self._least.value),
            order=order,
            backwards=direction == "desc",
        )

    def unfilter(self) -> None:
        """Show all pictures again, in the order in which they were given."""
        self._with.value, self._least.value, self._order.value = "", "0", "given"

    def want_any(self) -> None:
        """Ask for no class any more: another model has others."""
        self._with.value = ""

    def allow_pictures(self, allowed: bool) -> None:
        """Offer files that have the pictures, or no longer."""
        group = by_id("photos-with-pictures")
        group.disabled = not allowed
        if not allowed and group.querySelector("option:checked"):
            by_id("photos-format").value = "csv"

    @property
    def format(self) -> str:
        """In which what was found is to be saved."""
        return str(by_id("photos-format").value)

    def render(
        self, collection: Collection, view: View, choice: Choice, selection: Selection
    ) -> None:
        """Show what has changed of a collection."""
        count, failed = len(collection), collection.count(State.FAILED)
        said(by_id("photos-shown"), words.shown(len(view.order), count, failed) if count else "")
        self._offer(collection, view, choice)
        if not self._threshold.matches(":active"):  # a hand is on it
            self._threshold.value = f"{choice.threshold:g}"
        said(by_id("photos-threshold-value"), text.percent(choice.threshold))
        empty = by_id("photos-empty")
        empty.hidden = bool(view.order)
        said(empty, words.NO_MATCH if count else words.EMPTY)
        self._render_foot(count, selection)
        self.grid.show(view.order)

    def render_work(self, collection: Collection, work: Work) -> None:
        """Show how far the analysis is."""
        waiting, done = len(collection.waiting), collection.count(State.DONE)
        failed = collection.count(State.FAILED)
        by_id("photos-work").hidden = not waiting
        if not waiting:
            return
        by_id("photos-bar").value = (done + failed) / (done + failed + waiting)
        if work.stopped:
            sentence = words.stopped(work.stopped, waiting)
        elif work.why:
            sentence = work.why
        else:
            sentence = words.progress(done + failed, done + failed + waiting, work.left_s(waiting))
        said(by_id("photos-progress"), sentence)
        said(by_id("photos-pause"), "Resume" if work.stopped else "Pause")
        by_id("photos-cancel").hidden = bool(work.stopped)

    def say(self, sentence: str) -> None:
        """Show a sentence about what was done."""
        said(by_id("photos-note"), sentence)

    def show_saving(self, done: float | None) -> None:
        """Show how far saving is, 0 to 1; None once it is over."""
        save, cancel = by_id("photos-save"), by_id("photos-save-cancel")
        focused = (save if done is not None else cancel).matches(":focus")
        by_id("photos-saving").hidden = cancel.hidden = done is None
        self._saving = save.disabled = done is not None
        if done is not None:
            by_id("photos-saving").value = done
        if focused:  # the button that was pressed is out of use now
            (save if done is None else cancel).focus()

    def offer_undo(self, possible: bool) -> None:
        """Show whether the last clearing can be undone."""
        by_id("photos-undo").hidden = not possible
        if possible and by_id("photos-clear").matches(":focus"):  # which is out of use now
            by_id("photos-undo").focus()

    def _render_foot(self, count: int, selection: Selection) -> None:
        said(by_id("photos-selected"), words.selected(len(selection)))
        by_id("photos-unselect").hidden = not len(selection)
        for part in ("select", "clear"):
            by_id(f"photos-{part}").disabled = not count
        by_id("photos-save").disabled = self._saving or not count

    def _offer(self, collection: Collection, view: View, choice: Choice) -> None:
        """Offer the classes that are in pictures, and the one that is chosen."""
        counts = dict(view.pictures_with)
        if choice.wanted is not None:
            counts.setdefault(choice.wanted, 0)
        known = [(n, count) for n, count in counts.items() if n < len(collection.labels)]
        known.sort(key=lambda each: collection.labels[each[0]])
        offered = [("", words.ANY)]
        offered += [(str(n), f"{collection.labels[n]} ({count:,})") for n, count in known]
        if offered != self._offered and not self._with.matches(":focus"):
            self._offered = offered
            value = "" if choice.wanted is None else str(choice.wanted)
            self._with.replaceChildren(
                *(make("option", text=label, value=name) for name, label in offered)
            )
            self._with.value = value

    def _fold(self) -> None:
        opened = self._dialog.classList.toggle("filtered")
        by_id("photos-filters").setAttribute("aria-expanded", "true" if opened else "false")


def said(element: Any, sentence: str) -> None:
    """Set an element's text, unless it is there already: screen readers would repeat it."""
    if str(element.textContent) != sentence:
        element.textContent = sentence
