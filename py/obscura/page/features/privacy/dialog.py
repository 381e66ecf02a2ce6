"""Privacy dialog: lists every request, and deletes stored data.

Every request is in the timeline of the page or of the engine's worker, which reports its own
(assets/engine.js). An observer hears of each, also beyond the hundreds that timelines hold.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from obscura.page.browser import disk, records, requests, shell, storage
from obscura.page.browser.boot import boot
from obscura.page.browser.dom import by_id, make, terms
from obscura.page.features.context import Context
from obscura.page.features.privacy import words
from obscura.page.features.privacy.account import Account, Asked
from obscura.page.live.results import HEAD
from obscura.page.state.feature import Part
from obscura.page.words import text


def start(context: Context) -> PrivacyDialog:
    """Start the feature."""
    return PrivacyDialog(context)


class PrivacyDialog(Part):
    """The dialog behind *Nothing leaves this device*."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._preferences = context.page, context.preferences
        store_url = context.build.store_url
        counts, results, photos = (
            records.RecordDatabase(name, lambda: boot.load(store_url))
            for name in (records.COUNTS, records.RESULTS, records.PHOTOS)
        )
        # Of each kind, what finds out how much is stored.
        self._kinds: tuple[tuple[words.Kind, Callable[[], Awaitable[int]]], ...] = (
            (words.COUNTS, lambda: _records(counts, records.TOTALS)),
            (words.RESULTS, lambda: _records(results, HEAD)),
            (words.PHOTOS, photos.count),
            (words.RECORDINGS, _recordings),
        )
        self._account = Account(requests.page_address())
        requests.observe(self._add)

    def run(self, command: str) -> Any:
        """See `Part`."""
        run = {
            "open": self.open,
            "ask to delete": self.ask,
            "keep": self.keep,
            "delete": self.delete,
        }
        return run[command]()

    async def open(self) -> None:
        """Open the dialog with the present facts."""
        self._render()
        self._show_question(False)
        by_id("promise-dialog").showModal()
        await self._render_stored()

    async def ask(self) -> None:
        """Ask whether to delete everything, naming what that is."""
        files = await storage.cached_files()
        titles = [title for title, _ in self._networks()]
        stored = [kind for kind, _ in await self._stored()]
        by_id("forget-what").textContent = words.delete_question(titles, files, stored)
        self._show_question(True)
        by_id("forget-keep").focus()

    def keep(self) -> None:
        """Delete nothing."""
        self._show_question(False)
        by_id("forget").focus()

    async def delete(self) -> None:
        """Delete everything that is stored on this device, and load the page again."""
        button = by_id("forget-now")
        button.setAttribute("aria-disabled", "true")
        storage.keep_nothing()
        try:
            await self._page.forget()
        finally:
            button.setAttribute("aria-disabled", "false")
        shell.reload()  # an error card stays instead: it says what could not be deleted

    def _show_question(self, shown: bool) -> None:
        by_id("forget-ask").hidden, by_id("promise-row").hidden = not shown, shown

    # ---- requests --------------------------------------------------------------------------------

    def _add(self, entries: Any) -> None:
        self._account.add(
            Asked(str(each.name), float(each.startTime), int(each.encodedBodySize))
            for each in entries
        )
        if by_id("promise-dialog").open:
            self._render()

    def _render(self) -> None:
        account = self._account
        sources = self._page.sources
        by_id("fact-camera").textContent = words.camera_state(sources.cameras_on)
        shared = sources.shared
        by_id("fact-screen").textContent = words.screen_state(shared and str(shared.name))
        by_id("fact-requests").textContent = str(account.here)
        by_id("fact-foreign").textContent = str(account.foreign)
        by_id("request-list").replaceChildren(
            *(
                part
                for row in account.rows()
                for part in (
                    make("dt", text=row.name, cls="foreign" if row.foreign else ""),
                    make("dd", text=words.request(row.times, row.size)),
                )
            )
        )

    # ---- what is stored --------------------------------------------------------------------------

    async def _render_stored(self) -> None:
        own = self._networks()
        size = sum(size for _, size in own)
        stored = await self._stored()
        by_id("fact-kept").textContent = (
            words.kept(len(own), size, [kind for kind, _ in stored])
            if self._preferences.stores
            else words.KEPT_NOTHING
        )
        rows = [(words.SETTINGS, text.megabytes(self._preferences.size()))]
        rows += [(title, text.megabytes(size)) for title, size in own]
        rows += [(kind.title, kind.amount(number)) for kind, number in stored]
        rows.append((words.OFFLINE_FILES, str(await storage.cached_files())))
        usage = await storage.usage()
        if usage is not None:
            rows.append((words.USAGE, text.megabytes(usage)))
        by_id("kept-list").replaceChildren(*terms(rows))

    def _networks(self) -> list[tuple[str, int]]:
        """Return title and bytes of all networks that the person added: models, and those that look
        closer."""
        models = [(card.title, card.file.bytes) for card in self._page.models.own()]
        heads = self._preferences.saved.closer_own.values()
        return [*models, *((title, int(size)) for title, size in heads if size)]

    async def _stored(self) -> list[tuple[words.Kind, int]]:
        """Return the kinds of which anything is stored, and how much."""
        drawn = len(self._preferences.saved.drawn) if self._preferences.stores else 0
        amounts = [(words.SHAPES, drawn)]
        for kind, number in self._kinds:
            with suppress(Exception):  # browsers that forbid it store none
                amounts.append((kind, await number()))
        return [(kind, number) for kind, number in amounts if number]


async def _records(database: records.RecordDatabase, prefix: str) -> int:
    """Return how many records have keys that begin so."""
    return len(await database.read(prefix))


async def _recordings() -> int:
    return len(await disk.names())
