"""The watch: what no visit to the page may ever do, noted whichever test it happens in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request, WebError

INSIDE = ("blob", "data", "about")
"""Schemes of addresses that lie within the browser."""


class Watch:
    """Notes requests to other sites, requests with a body, errors and dialogs."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def follow(self, context: BrowserContext, origin: str) -> None:
        """Note what every page of a context does, its workers' requests included.

        Args:
            origin: the only one that may be asked for anything.
        """

        def request(sent: Request) -> None:
            address = urlsplit(sent.url)
            if address.scheme not in INSIDE and f"{address.scheme}://{address.netloc}" != origin:
                self.complaints.append(f"request leaves the origin: {sent.method} {sent.url}")
            if sent.method not in ("GET", "HEAD") or sent.post_data_buffer:
                self.complaints.append(f"request carries a body: {sent.method} {sent.url}")

        def console(message: ConsoleMessage) -> None:
            if message.type == "error":
                where = message.location.get("url", "")
                self.complaints.append(f"console error: {message.text} {where}".rstrip())

        def error(raised: WebError) -> None:
            self.complaints.append(f"page error: {raised.error}")

        def dialog(shown: Dialog) -> None:
            self.complaints.append(f"dialog: {shown.type} {shown.message}")
            shown.dismiss()

        context.on("request", request)
        context.on("console", console)
        context.on("weberror", error)
        context.on("dialog", dialog)
        context.on("page", self._follow_page)
        for opened in context.pages:
            self._follow_page(opened)

    def _follow_page(self, page: Page) -> None:
        page.on("crash", lambda _: self.complaints.append("the page crashed"))
        page.on("websocket", lambda socket: self.complaints.append(f"web socket: {socket.url}"))

    def take(
        self,
        provoked: Sequence[str] = (),
        *,
        perhaps: Sequence[str] = (),
        any_error: bool = False,
    ) -> list[str]:
        """Return the complaints so far and forget them.

        Args:
            provoked: patterns of the complaints that a test brings about on purpose. Those are left
                out, and a pattern that nothing matches is a complaint itself.
            perhaps: patterns of what it may bring about, where the browser decides whether and when
                it says so.
            any_error: leave out whatever else was said on the console, too.
        """
        noted, self.complaints = self.complaints, []
        excused = [*provoked, *perhaps, *(["^(console|page) error: "] if any_error else [])]
        left = [text for text in noted if not any(re.search(each, text) for each in excused)]
        return left + [
            f"never came: {each}"
            for each in provoked
            if not any(re.search(each, text) for text in noted)
        ]
