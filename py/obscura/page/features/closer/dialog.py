"""Dialog that asks what a person's own network looks at, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from obscura.heads import Every, OnceThen
from obscura.heads.spec import FINDERS, FRAME, Cadence
from obscura.page.browser.dom import by_id, listen, make
from obscura.page.features.closer import words


class Terms(NamedTuple):
    """What a person has answered."""

    on: str
    margin: float
    cadence: Cadence


class HeadDialog:
    """Asks one question at a time."""

    def __init__(self) -> None:
        self._dialog, self._on = by_id("head-dialog"), by_id("head-on")
        self._answer: asyncio.Future[Terms | None] | None = None
        listen(self._dialog, "close", lambda _event: self._finish(None))
        listen(by_id("head-form"), "submit", self._submit)
        listen(by_id("head-cancel"), "click", lambda _event: self._dialog.close())
        listen(by_id("head-cadence"), "change", lambda _event: self._show_frames())

    async def ask(self, title: str, classes: Sequence[str], labels: Sequence[str]) -> Terms | None:
        """Ask about a network.

        Args:
            classes: that it tells apart.
            labels: of the model in use.

        Returns:
            None if the person cancelled.
        """
        self._answer = asyncio.get_running_loop().create_future()
        by_id("head-title").textContent = words.ADD_TITLE.format(title=title)
        by_id("head-classes").textContent = words.classes(classes)
        usual = "person" if "person" in labels else FRAME
        whole = make("option", text=words.WHOLE, value=FRAME)
        places = dict.fromkeys([*FINDERS, *labels])
        self._on.replaceChildren(whole, *(make("option", text=each, value=each) for each in places))
        self._on.value = usual
        self._show_frames()
        self._dialog.showModal()
        return await self._answer

    def _show_frames(self) -> None:
        by_id("head-frames-field").hidden = by_id("head-cadence").value != "every"

    def _submit(self, event: Any) -> None:
        event.preventDefault()
        every = by_id("head-cadence").value == "every"
        cadence = Every(int(by_id("head-frames").value)) if every else OnceThen(float("inf"))
        margin = float(by_id("head-margin").value) / 100
        self._finish(Terms(str(self._on.value), margin, cadence))
        self._dialog.close()

    def _finish(self, terms: Terms | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(terms)
