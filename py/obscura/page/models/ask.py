"""Dialog in which the user picks the interpretation of a network whose boxes look right."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from obscura.cards import labels
from obscura.errors import LabelsError
from obscura.page.browser.dom import by_id, listen, make
from obscura.page.browser.networks import BrowserFile
from obscura.page.models.adding import Choice, Proposal
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
        self._template = by_id("ask-reading")
        self._proposals: Sequence[Proposal] = ()
        self._answer: asyncio.Future[Choice | None] | None = None
        listen(self._dialog, "close", lambda _event: self._finish(None))
        listen(by_id("ask-use"), "click", lambda _event: self._use())
        listen(by_id("ask-file"), "change", self._load_names)
        listen(self._list, "change", lambda _event: self._show_count())

    async def ask(self, title: str, proposals: Sequence[Proposal], picture: Any) -> Choice | None:
        """Show what each proposal finds in the picture, which is a canvas.

        Returns:
            The proposal that the user chose, with the class names they gave; None if they
            cancelled.
        """
        self._proposals = proposals
        self._answer = asyncio.get_running_loop().create_future()
        by_id("ask-title").textContent = text.ASK_TITLE.format(model=title)
        self._problem.textContent = ""
        known = proposals[0].reading.labels
        self._names.value = "\n".join(known)
        self._list.replaceChildren(*(self._row(number) for number in range(len(proposals))))
        self._show_count()
        self._dialog.showModal()
        self._list.querySelector("input").focus()
        for number, proposal in enumerate(proposals):  # the canvases have a size now
            self._draw(number, proposal, picture)
        return await self._answer

    def _row(self, number: int) -> Any:
        proposal = self._proposals[number]
        row = self._template.content.firstElementChild.cloneNode(True)
        choice = row.querySelector("input")
        choice.value = str(number)
        choice.checked = number == 0
        words = {
            "title": text.family(proposal.card.family),
            "assumes": text.assumption(proposal.card),
            "why": proposal.reading.why,
            "found": text.found(len(proposal.detections)),
        }
        for part, word in words.items():
            row.querySelector(f"[data-part={part}]").textContent = word
        return row

    def _draw(self, number: int, proposal: Proposal, picture: Any) -> None:
        row = self._list.children[number]
        canvas = row.querySelector("canvas")
        scale = min(1.0, PREVIEW / max(picture.width, picture.height))
        canvas.width = max(1, round(picture.width * scale))
        canvas.height = max(1, round(picture.height * scale))
        canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height)
        overlay = make("canvas", cls="overlay")
        canvas.after(overlay)
        size = (int(picture.width), int(picture.height))
        Overlay(overlay).show(proposal.detections, proposal.card.labels, size)

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
