"""Dialog in which the user picks the interpretation of a network whose boxes look right."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from obscura.cards import labels
from obscura.cards.card import ModelCard
from obscura.errors import LabelsError, ObscuraError
from obscura.page.browser.dom import by_id, js_object, listen, make
from obscura.page.browser.networks import BrowserFile
from obscura.page.models.adding import SIZES, Choice, Proposal, Question, doubtful
from obscura.page.models.picked import read_names
from obscura.page.stage.overlay import Overlay
from obscura.page.words import text

PREVIEW = 480
"""Pixels of a preview's longer side."""


class ReadingDialog:
    """Asks one question at a time."""

    def __init__(self) -> None:
        self._dialog, self._list = by_id("ask-dialog"), by_id("ask-list")
        self._names, self._problem = by_id("ask-names"), by_id("ask-wrong")
        self._sizes, self._use_button = by_id("ask-size"), by_id("ask-use")
        self._template = by_id("ask-reading")
        self._question: Question | None = None
        self._proposals: Sequence[Proposal] = ()
        self._answer: asyncio.Future[Choice | None] | None = None
        listen(self._dialog, "close", lambda _event: self._finish(None))
        listen(self._use_button, "click", lambda _event: self._use())
        listen(by_id("ask-file"), "change", self._load_names)
        listen(self._list, "change", lambda _event: self._show_count())
        listen(self._sizes, "change", lambda _event: self._resize())

    async def ask(self, question: Question) -> Choice | None:
        """Show what each proposal finds in the picture.

        Returns:
            The proposal that the user chose, with the class names they gave; None if they
            cancelled.
        """
        self._question = question
        self._answer = asyncio.get_running_loop().create_future()
        by_id("ask-title").textContent = text.ASK_TITLE.format(model=question.title)
        self._problem.textContent = ""
        self._names.value = "\n".join(question.proposals[0].reading.labels)
        by_id("ask-sizes").hidden = question.resize is None
        self._offer_sizes(question.proposals[0].card)
        self._dialog.showModal()
        self._show(question.proposals)
        # What stands above the list is to be read first.
        self._list.parentElement.scrollTop = 0
        self._list.querySelector("input:checked").focus(js_object(preventScroll=True))
        return await self._answer

    def _offer_sizes(self, card: ModelCard) -> None:
        used = card.input.width
        self._sizes.replaceChildren(
            *(
                make("option", text=text.ASK_SIZE.format(side=side), value=str(side))
                for side in sorted({*SIZES, used})
            )
        )
        self._sizes.value = str(used)

    def _show(self, proposals: Sequence[Proposal]) -> None:
        """Show these proposals, on a dialog that is open: its canvases have a size then."""
        assert self._question is not None
        self._proposals = proposals
        self._list.replaceChildren(*(self._row(number) for number in range(len(proposals))))
        by_id("ask-doubt").textContent = text.ASK_DOUBT if doubtful(proposals) else ""
        self._show_count()
        for number, proposal in enumerate(proposals):
            self._draw(number, proposal, self._question.picture)

    async def _resize(self) -> None:
        """Show what the proposals find with an input of the chosen size."""
        question, answer = self._question, self._answer
        assert question is not None
        assert question.resize is not None
        side = int(self._sizes.value)
        self._problem.textContent = text.TRYING_MODEL.format(model=question.title)
        self._sizes.disabled = self._use_button.disabled = True
        try:
            proposals = await question.resize(side)
            problem = "" if proposals else text.ASK_SIZE_FAILED.format(side=side)
        except ObscuraError as error:  # out of memory, or too slow
            proposals, problem = (), str(error)
        finally:
            self._sizes.disabled = self._use_button.disabled = False
        if answer is not self._answer or answer is None or answer.done():
            return  # given up meanwhile
        self._problem.textContent = problem
        if proposals:
            self._show(proposals)
        else:
            self._sizes.value = str(self._proposals[0].card.input.width)

    def _likeliest(self) -> int:
        """Return the first proposal that finds something plausible; the first if none does."""
        plausible = (n for n, each in enumerate(self._proposals) if not doubtful([each]))
        return next(plausible, 0)

    def _row(self, number: int) -> Any:
        proposal = self._proposals[number]
        row = self._template.content.firstElementChild.cloneNode(True)
        choice = row.querySelector("input")
        choice.value = str(number)
        choice.checked = number == self._likeliest()
        labels = proposal.card.labels
        words = {
            "title": text.family(proposal.card.family),
            "assumes": text.assumption(proposal.card),
            "why": proposal.reading.why,
            "found": text.found([labels[n] for n in proposal.detections.class_id.tolist()]),
        }
        for part, word in words.items():
            row.querySelector(f"[data-part={part}]").textContent = word
        return row

    def _draw(self, number: int, proposal: Proposal, picture: Any) -> None:
        """Draw a picture with its boxes. Their names are beside it, where they cover nothing."""
        row = self._list.children[number]
        canvas = row.querySelector("canvas")
        scale = min(1.0, PREVIEW / max(picture.width, picture.height))
        canvas.width = max(1, round(picture.width * scale))
        canvas.height = max(1, round(picture.height * scale))
        canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height)
        boxes = make("canvas", cls="overlay")
        canvas.after(boxes)
        size = (int(picture.width), int(picture.height))
        overlay = Overlay(boxes)
        overlay.boxes.names = False
        overlay.show(proposal.detections, proposal.card.labels, size)

    def _chosen(self) -> Proposal:
        return self._proposals[int(self._list.querySelector("input:checked").value)]

    def _show_count(self) -> None:
        by_id("ask-count").textContent = text.names_wanted(self._chosen().reading.classes)

    async def _load_names(self, event: Any) -> None:
        file = event.target.files.item(0)
        try:
            self._names.value = "\n".join(await read_names(BrowserFile(file)))
            self._problem.textContent = ""
        except LabelsError as error:
            self._problem.textContent = str(error)
        event.target.value = ""

    def _use(self) -> None:
        proposal = self._chosen()
        try:
            words = str(self._names.value).strip()
            names = labels.parse("names.txt", words.encode()) if words else proposal.card.labels
        except LabelsError as error:
            self._problem.textContent = str(error)
            return
        if len(names) != len(proposal.card.labels) and proposal.reading.classes:
            self._problem.textContent = text.names_mismatch(len(names), proposal.reading.classes)
            return
        self._finish(Choice(proposal, names))
        self._dialog.close()

    def _finish(self, answer: Choice | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)
