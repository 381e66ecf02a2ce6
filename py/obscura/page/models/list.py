"""The models page: a dialog with a row for each model, and what helps to choose among them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from obscura.cards.card import ModelCard
from obscura.page.browser.dom import by_id, js_object, listen, make, terms
from obscura.page.models.status import Status
from obscura.page.words import text

if TYPE_CHECKING:
    from obscura.page.models.adding import Choice, Question
    from obscura.page.models.ask import ReadingDialog


class ModelsDialog:
    """Implements `ModelsView`. Rows are built when the dialog opens."""

    def __init__(self) -> None:
        self._dialog, self._list = by_id("models-dialog"), by_id("model-list")
        self._template = by_id("model-row")
        self._rows: dict[str, _Row] = {}
        self._handlers: dict[str, Callable[[str], Any]] = {}
        self._readings: ReadingDialog | None = None
        listen(self._list, "click", self._press)
        listen(self._list, "input", self._search)

    def connect(
        self,
        *,
        use: Callable[[str], Any],
        measure: Callable[[str], Any],
        cancel: Callable[[], Any],
        remove: Callable[[str], Any],
    ) -> None:
        """Set the handlers of the buttons; all but `cancel` are called with a model's name."""
        self._handlers = {
            "use": use,
            "measure": measure,
            "cancel": lambda _name: cancel(),
            "remove": remove,
        }
        listen(self._dialog, "close", lambda _event: cancel())

    def open(self) -> None:
        """Show the dialog."""
        if not self._dialog.open:
            self._dialog.showModal()

    def list(self, cards: Sequence[ModelCard], own: Collection[str]) -> None:
        """Show a row for each card, in this order. Rows of the same cards stay as they are.

        Args:
            own: the names of those that the user added.
        """
        previous, self._rows = self._rows, {}
        for card in cards:
            row = previous.get(card.name)
            if row is None or row.card is not card:
                row = _Row(self._template, card, own=card.name in own)
            self._rows[card.name] = row
        self._list.replaceChildren(*(row.element for row in self._rows.values()))

    def reveal(self, name: str) -> None:
        """Scroll to a model's row."""
        self._rows[name].element.scrollIntoView(js_object(block="nearest"))

    def render(self, status: Status) -> None:
        """Update the rows."""
        by_id("adding").textContent = status.words
        by_id("add-button").hidden = bool(status.words)
        self._show_suggestion(status)
        if self._dialog.open:
            for name, row in self._rows.items():
                row.render(name, status)

    def _show_suggestion(self, status: Status) -> None:
        """Name the suggested model beside the list in the panel, unless it is in use."""
        line, suggested = by_id("model-suggested"), status.suggested
        line.hidden = suggested is None or suggested.model == status.in_use
        if suggested is not None:
            line.textContent = text.suggestion(suggested.title, suggested.why)

    def show_missing(self, name: str | None) -> None:
        """Say that a model is no longer on this device; None to say nothing."""
        message = by_id("model-gone")
        if name is not None:
            message.textContent = text.MODEL_GONE.format(model=name)
        message.hidden = name is None

    async def ask(self, question: Question) -> Choice | None:
        """Show each proposal on the picture; return what the user chose, None if they cancelled."""
        if self._readings is None:
            from obscura.page.models.ask import ReadingDialog

            self._readings = ReadingDialog()
        return await self._readings.ask(question)

    def _press(self, event: Any) -> Any:
        button = event.target.closest("button[data-act]")
        if not button or button.getAttribute("aria-disabled") == "true":
            return None
        name = str(button.closest("[data-model]").dataset.model)
        if str(button.dataset.act) in ("ask", "keep"):
            return self._rows[name].ask_to_remove(button.dataset.act == "ask")
        return self._handlers[str(button.dataset.act)](name)

    def _search(self, event: Any) -> None:
        row = event.target.closest("[data-model]")
        self._rows[str(row.dataset.model)].search(str(event.target.value))


class _Row:
    """Row of a model. Boundary: its element is a clone of the template, filled with text only."""

    def __init__(self, template: Any, card: ModelCard, *, own: bool) -> None:
        self.card = card
        self.element = template.content.firstElementChild.cloneNode(True)
        self.element.dataset.model = card.name
        title = f"model-title-{card.name}"
        self._part("title").id = title
        self.element.setAttribute("aria-labelledby", title)
        accuracy = text.accuracy(card.accuracy)
        for part, words in {
            "title": card.title,
            "summary": card.summary,
            "size": text.megabytes(card.file.bytes),
            "size-note": text.input_size(card.input.width, card.input.height),
            "accuracy": accuracy.value,
            "accuracy-note": accuracy.note,
            "classes-title": text.class_total(
                0 if card.source.get("classes") == "unknown" else len(card.labels)
            ),
        }.items():
            self._part(part).textContent = words
        self._part("accuracy").classList.toggle("unknown", not accuracy.note)
        self._part("own").hidden = not own
        self._part("remove-question").textContent = text.REMOVE_QUESTION.format(model=card.title)
        self._part("search").setAttribute(
            "aria-label", text.SEARCH_CLASSES_OF.format(model=card.title)
        )
        self._part("bar").setAttribute("aria-label", text.MEASURING.format(model=card.title))
        self._part("classes").append(*(make("li", text=label) for label in card.labels))
        self._part("facts").append(*terms(text.provenance(card)))

    def render(self, name: str, status: Status) -> None:
        """Update the row. Its two buttons stay the same elements, so they keep the focus."""
        in_use, opening = status.in_use == name, status.opening == name
        measuring = status.measuring == name
        self.element.classList.toggle("in-use", in_use)
        absent = name in status.absent and not in_use
        self.element.classList.toggle("absent", absent)
        self._part("absent").hidden = not absent
        use = self._part("use-button")
        use.setAttribute("aria-pressed", "true" if in_use else "false")
        use.setAttribute("aria-busy", "true" if opening else "false")
        self._label(use, "use", text.IN_USE if in_use else text.USE)
        suggested = status.suggested
        badge = self._part("suggested")
        badge.hidden = suggested is None or suggested.model != name
        if suggested is not None:
            badge.textContent = text.suggestion("", suggested.why)
        known = status.speeds.get(name, {})
        speed = text.speed(known)
        self._part("speed").textContent = speed.value
        self._part("speed-note").textContent = speed.note
        self._part("speed").classList.toggle("unknown", not speed.note)
        for part in ("speed", "speed-note"):
            self._part(part).hidden = measuring
        self._part("measuring").hidden = not measuring
        self._part("bar").value = status.progress
        button = self._part("measure")
        again = text.MEASURE_AGAIN if known else text.MEASURE
        button.dataset.act = "cancel" if measuring else "measure"
        self._label(button, "measure-words", text.CANCEL if measuring else again)
        busy = status.measuring is not None or status.opening is not None
        button.setAttribute("aria-disabled", "true" if busy and not measuring else "false")

    def ask_to_remove(self, asking: bool) -> None:
        """Ask the user to confirm, or withdraw the question."""
        self._part("remove").hidden = asking
        self._part("really").hidden = not asking
        self._part("keep" if asking else "remove").focus()

    def search(self, words: str) -> None:
        """Show the classes whose names contain all of these words."""
        wanted = words.casefold().split()
        found = 0
        for item, label in zip(self._part("classes").children, self.card.labels, strict=True):
            item.hidden = not all(word in label.casefold() for word in wanted)
            found += not item.hidden
        self._part("no-class").hidden = found > 0

    def _label(self, button: Any, part: str, words: str) -> None:
        self._part(part).textContent = words
        button.setAttribute("aria-label", text.FOR_MODEL.format(act=words, model=self.card.title))

    def _part(self, name: str) -> Any:
        return self.element.querySelector(f"[data-part={name}]")
