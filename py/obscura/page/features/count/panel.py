"""The list of lines and zones in the panel, and the editor of the one that is selected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from obscura.counting import Line, ShapesError
from obscura.counting.shapes import MOST_NAME
from obscura.page.browser.dom import by_id, contains_focus, listen, make
from obscura.page.features.count import words
from obscura.page.features.count.editor import Editor
from obscura.page.features.count.edits import Shape, all_shapes
from obscura.page.features.count.grips import Grip
from obscura.page.features.count.layer import ShapeLayer, shade_of


class ShapePanel:
    """Shows what an editor holds and a ledger has counted; selects and edits shapes.

    A row stays the same element while there is a row in its place, and its editor is moved only to
    another row: neither loses the focus, nor a name that is being typed, when something is counted.
    """

    def __init__(self, layer: ShapeLayer, changed: Callable[[], None]) -> None:
        """
        Args:
            layer: has the editor and the ledger of the camera or video in view.
            changed: called when another shape is selected here.
        """
        self._layer, self._changed = layer, changed
        self._list, self._form = by_id("count-list"), by_id("count-form")
        self._name, self._colour = by_id("count-name"), by_id("count-colour")
        self._anchor, self._error = by_id("count-anchor"), by_id("count-error")
        self._shown: list[tuple[Any, ...]] = []  # per row
        self._enabled: dict[str, bool] = {}  # buttons
        self._edited: tuple[int, Shape] | None = None  # the row, and what it was like
        self._place = 0  # the row that was edited last
        listen(self._list, "click", self._press)
        listen(self._name, "change", lambda _event: self._rename())
        listen(self._colour, "change", lambda _event: self._recolour())
        listen(self._anchor, "change", lambda _event: self._set_anchor())

    def show(self) -> None:
        """Show the present state; what is the same is left alone."""
        focused = contains_focus(self._form)  # before it is moved out of a row that goes
        self._show_rows()
        self._show_form()
        if focused and self._edited is None:
            self._focus_list()
        self._show_buttons()

    @property
    def _editor(self) -> Editor:
        return self._layer.editor

    def _row_of(self, name: str | None) -> int | None:
        names = [shape.name for shape in all_shapes(self._editor.shapes)]
        return names.index(name) if name in names else None

    # ---- rows ------------------------------------------------------------------------------------

    def _show_rows(self) -> None:
        ledger, shapes = self._layer.ledger, all_shapes(self._editor.shapes)
        chosen = self._editor.chosen.name if self._editor.chosen else None
        rows = [
            (
                shape.name,
                shade_of(shape, index),
                words.counts(ledger, shape),
                words.counts_by_class(ledger, shape),
                shape.name == chosen,
            )
            for index, shape in enumerate(shapes)
        ]
        by_id("count-empty").hidden = bool(rows)
        while len(self._shown) > len(rows):
            self._shown.pop()
            row = self._list.lastElementChild
            if row.contains(self._form):
                self._park()
            row.remove()
        while len(self._shown) < len(rows):
            self._shown.append(())
            self._list.append(_new_row())
        for index, row in enumerate(rows):
            if row != self._shown[index]:
                self._shown[index] = row
                _fill(self._list.children.item(index), *row)

    def _press(self, event: Any) -> None:
        button = event.target.closest(".shape-row")
        if not hasattr(button, "parentElement"):  # null is not None to Pyodide
            return
        index = list(self._list.children).index(button.parentElement)
        name = all_shapes(self._editor.shapes)[index].name
        chosen = self._editor.chosen
        self._editor.cancel()
        self._editor.chosen = None if chosen and chosen.name == name else Grip(name)
        self._changed()

    # ---- the editor of one -----------------------------------------------------------------------

    def _show_form(self) -> None:
        chosen = self._editor.chosen
        index = self._row_of(chosen.name if chosen else None)
        if index is None:
            self._close()
            return
        shape = all_shapes(self._editor.shapes)[index]
        if self._edited == (index, shape):
            return
        row = self._list.children.item(index)
        if not row.contains(self._form):
            row.append(self._form)
        self._form.hidden = False
        self._form.setAttribute("aria-label", words.EDIT.format(name=shape.name))
        self._edited = (index, shape)
        self._name.value = shape.name
        self._colour.value = shade_of(shape, index)
        self._anchor.value = shape.anchor
        by_id("count-reverse").hidden = not isinstance(shape, Line)
        self._complain("")

    def _close(self) -> None:
        """Put the editor away."""
        if self._edited is not None:
            self._place, self._edited = self._edited[0], None
            self._park()

    def _focus_list(self) -> None:
        """Give the focus to the row in the place of the one that was edited."""
        index = min(self._place, len(self._shown) - 1)
        row = self._list.children.item(index) if index >= 0 else None
        (by_id("count-line") if row is None else row.firstElementChild).focus()

    def _park(self) -> None:
        self._form.hidden = True
        by_id("count-tools").append(self._form)

    def _rename(self) -> None:
        if self._edited is None:
            return
        try:
            self._editor.rename(self._edited[1].name, str(self._name.value))
        except ShapesError:
            self._complain(words.bad_name(str(self._name.value), MOST_NAME))
        else:
            self._complain("")
            self._name.value = self._name.value.strip()

    def _recolour(self) -> None:
        if self._edited is not None:
            self._editor.recolour(self._edited[1].name, str(self._colour.value))

    def _set_anchor(self) -> None:
        if self._edited is not None:
            self._editor.set_anchor(self._edited[1].name, str(self._anchor.value))

    def _complain(self, sentence: str) -> None:
        self._error.textContent = sentence
        self._name.setAttribute("aria-invalid", "true" if sentence else "false")

    # ---- buttons ---------------------------------------------------------------------------------

    def _show_buttons(self) -> None:
        editor = self._editor
        enabled = {
            "count-undo": editor.can_undo,
            "count-redo": editor.can_redo,
            "count-clear": not self._layer.ledger.empty,
            "count-export": bool(all_shapes(editor.shapes)),
        }
        if enabled != self._enabled:
            self._enabled = enabled
            _enable(enabled)
        by_id("count-hint").hidden = not editor.drawing
        if editor.drawing:
            sentence = f"{words.DRAWING[editor.drawing]}"
            if by_id("count-hint-text").textContent != sentence:
                by_id("count-hint-text").textContent = sentence
            by_id("count-finish").hidden = not editor.can_finish


INSTEAD = {
    "count-undo": "count-redo",
    "count-redo": "count-undo",
    "count-clear": "count-undo",
    "count-export": "count-import",
}
"""What has the focus after a button that is disabled."""


def _enable(enabled: dict[str, bool]) -> None:
    """Enable buttons or not; one that loses the focus by that hands it to another."""
    elements = {name: by_id(name) for name in enabled}
    focused = next((name for name, each in elements.items() if contains_focus(each)), None)
    for name, element in elements.items():
        element.disabled = not enabled[name]
    if focused is not None and not enabled[focused]:
        by_id(INSTEAD[focused]).focus()


def _new_row() -> Any:
    row = make("li")
    button = make("button", type="button", cls="shape-row", aria_controls="count-form")
    heading = make("span", cls="shape-head")
    heading.append(
        make("span", cls="dot", aria_hidden="true"),
        make("span", cls="seen-name"),
        make("span", cls="count"),
    )
    button.append(heading, make("span", cls="shape-classes quiet small-text"))
    row.append(button)
    return row


def _fill(row: Any, name: str, shade: str, counted: str, by_class: list[str], chosen: bool) -> None:
    button = row.firstElementChild
    dot, title, count = button.firstElementChild.children
    dot.style.backgroundColor = shade
    title.textContent, count.textContent = name, counted
    button.lastElementChild.textContent = ", ".join(by_class)
    button.setAttribute("aria-expanded", "true" if chosen else "false")
