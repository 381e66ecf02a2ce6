"""The dialog in which a person agrees, the badge that stays in view, and what was sent."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

from obscura.engine.remote import Refusal
from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import by_id, every
from obscura.page.browser.remote_link import RemoteLink, own_host
from obscura.page.features.context import Context
from obscura.page.features.remote import words
from obscura.page.features.remote.near import address_space
from obscura.page.features.remote.use import Agreed, ServerUse
from obscura.page.state.feature import Part
from obscura.page.words import text

MODULE = "obscura.page.features.remote"
LOOK_EVERY_MS = 500
NOTE_S = 15
"""How long a sentence stays in view."""


def start(context: Context) -> RemotePart:
    """Start the feature."""
    return RemotePart(context)


class RemotePart(Part):
    """Asks, shows and ends. Implements `use.View`."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        origin = str(context.build.added[MODULE]["origin"])
        self._host = urlsplit(origin).netloc or words.SAME
        self._promise = by_id("promise").querySelector("span")
        self._title = by_id("promise-title")
        self._spawn, self._notes = context.spawn, 0
        self._said = str(self._promise.textContent)
        self._unless = str(by_id("remote-unless").textContent)
        host = urlsplit(origin).hostname or ""
        self._link = RemoteLink(origin, address_space(host, own_host()) if origin else None)
        self._link.on_sent = self._show_sent
        self._use = ServerUse(
            context.page, self._link, self, self._host, now_ms=now_ms, spawn=context.spawn
        )
        text.BACKEND_NAMES["server"] = "Server"  # the meter's word for a backend of this feature
        every(LOOK_EVERY_MS, self._use.look)

    def run(self, command: str) -> Any:
        """See `Part`."""
        run = {
            "open": self._ask,
            "offer": self._ask,
            "agree": self._agree,
            "stop": self._use.stop,
            "end": self._use.stop,
        }
        return run[command]()

    def _ask(self) -> None:
        by_id("remote-wrong").textContent = ""
        by_id("remote-dialog").showModal()

    async def _agree(self) -> None:
        """Check the server, and use it as agreed."""
        button = by_id("remote-agree")
        if button.getAttribute("aria-disabled") == "true":
            return
        button.setAttribute("aria-disabled", "true")
        button.textContent = words.CHECKING
        by_id("remote-wrong").textContent = ""
        self._link.token = str(by_id("remote-token").value).strip()
        chosen = by_id("remote-dialog").querySelector("input[name=remote-when]:checked")
        try:
            wrong = await self._use.agree(Agreed(str(chosen.value)))
        finally:
            button.setAttribute("aria-disabled", "false")
            button.textContent = words.AGREE
        by_id("remote-wrong").textContent = wrong
        if wrong == words.refused(Refusal.TOKEN, self._host):
            by_id("remote-token-field").hidden = False
            by_id("remote-token").focus()
        if not wrong:
            by_id("remote-dialog").close()

    def show(self, *, agreed: bool, sending: bool) -> None:
        """See `use.View`."""
        badge = by_id("remote-badge")
        badge.hidden = not agreed
        state = words.SENDING if sending else words.READY
        by_id("remote-does").textContent = state[0]
        by_id("remote-whom").textContent = state[1].format(host=self._host)
        by_id("remote-open").hidden, by_id("remote-end").hidden = agreed, not agreed
        by_id("remote-unless").textContent = words.AGREED if agreed else self._unless
        self._promise.textContent = words.PROMISE.format(host=self._host) if agreed else self._said
        self._title.textContent = words.TITLE.format(host=self._host) if agreed else self._said

    def note(self, sentence: str) -> None:
        """See `use.View`."""
        self._notes += 1
        by_id("remote-note").textContent = sentence
        by_id("remote-note").hidden = not sentence
        if sentence:
            self._spawn(self._withdraw(self._notes))

    async def _withdraw(self, number: int) -> None:
        """Hide a sentence after a while, if it is still the latest."""
        await asyncio.sleep(NOTE_S)
        if number == self._notes:
            by_id("remote-note").hidden = True

    def _show_sent(self) -> None:
        by_id("remote-sent").textContent = words.sent(
            self._link.sent_bytes, self._link.sent_pictures
        )
