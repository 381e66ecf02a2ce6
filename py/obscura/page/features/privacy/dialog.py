"""The promise that nothing leaves the device, shown being kept; and all that is kept, deleted.

Every request is in the timeline of the page or of the engine's worker, which tells its own
(assets/engine.js). An observer hears of each, also beyond the hundreds that timelines hold.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any

from js import (
    BroadcastChannel,
    PerformanceObserver,
    String,
    location,
    navigator,
    performance,
    window,
)
from pyodide.ffi import create_proxy

from obscura.cards.card import ModelCard
from obscura.page.browser.dom import by_id, js_object, listen, make, terms
from obscura.page.browser.storage import cache_prefix
from obscura.page.features.privacy.account import Account, Asked
from obscura.page.words import text


class Promise:
    """The dialog behind *Nothing leaves this device*."""

    def __init__(
        self,
        camera: Callable[[], str | None],
        settings: Callable[[], int],
        own: Callable[[], Iterable[ModelCard]],
        forget: Callable[[], Awaitable[None]],
        reload: Callable[[], None],
    ) -> None:
        """
        Args:
            camera: the name of the camera that runs, or None.
            settings: how many bytes the settings take.
            own: the models that a person brought.
            forget: deletes all that is kept on this device.
            reload: begins anew.
        """
        self._camera, self._settings, self._own = camera, settings, own
        self._forget, self._reload = forget, reload
        self._account = Account(str(location.href))
        self._observe()
        listen(by_id("promise"), "click", lambda _event: self.show())
        listen(by_id("forget"), "click", lambda _event: self.forget())

    async def show(self) -> None:
        """Open the dialog with what is so at this moment."""
        self._render()
        by_id("promise-dialog").showModal()
        await self._render_kept()

    async def forget(self) -> None:
        """Delete all that is kept on this device, and begin anew."""
        button = by_id("forget")
        button.setAttribute("aria-disabled", "true")
        try:
            await self._forget()
        finally:
            button.setAttribute("aria-disabled", "false")
        self._reload()

    # ---- requests --------------------------------------------------------------------------------

    def _observe(self) -> None:
        """Hear of every request, those of before included."""
        observer = PerformanceObserver.new(
            create_proxy(lambda told, *_: self._add(told.getEntries()))
        )
        for kind in ("navigation", "resource"):
            observer.observe(js_object(type=kind, buffered=True))
        # The workers of this page; see `WebSession`.
        channel = BroadcastChannel.new(String(performance.timeOrigin))
        listen(channel, "message", lambda event: self._add(event.data))
        channel.postMessage("all")

    def _add(self, entries: Any) -> None:
        self._account.add(
            Asked(str(each.name), float(each.startTime), int(each.encodedBodySize))
            for each in entries
        )
        if by_id("promise-dialog").open:
            self._render()

    def _render(self) -> None:
        account = self._account
        by_id("fact-camera").textContent = text.camera_state(self._camera())
        by_id("fact-requests").textContent = str(account.here)
        by_id("fact-foreign").textContent = str(account.foreign)
        by_id("request-list").replaceChildren(
            *(
                part
                for row in account.rows()
                for part in (
                    make("dt", text=row.name, cls="foreign" if row.foreign else ""),
                    make("dd", text=text.request(row.times, row.size)),
                )
            )
        )

    # ---- what is kept ----------------------------------------------------------------------------

    async def _render_kept(self) -> None:
        own = list(self._own())
        by_id("fact-kept").textContent = text.kept(len(own), sum(card.file.bytes for card in own))
        rows = [(text.SETTINGS, text.megabytes(self._settings()))]
        rows += [(card.title, text.megabytes(card.file.bytes)) for card in own]
        rows.append((text.OFFLINE_FILES, str(await _cached_files())))
        usage = await _usage()
        if usage is not None:
            rows.append((text.USAGE, text.megabytes(usage)))
        by_id("kept-list").replaceChildren(*terms(rows))


async def _cached_files() -> int:
    """How many files are kept for working offline."""
    count = 0
    with suppress(Exception):  # browsers that forbid it throw what they like: then there are none
        for name in await window.caches.keys():
            if str(name).startswith(cache_prefix()):
                count += len(await (await window.caches.open(name)).keys())
    return count


async def _usage() -> int | None:
    """Bytes that this site takes on the device, as the browser counts; None if it does not tell."""
    with suppress(Exception):
        return int((await navigator.storage.estimate()).usage)
    return None
