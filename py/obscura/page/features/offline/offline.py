"""Offline: has files stored, and announces new versions of the page.

The service worker (assets/sw.js) stores the files; this decides which, and says how it went. Files
come in groups: the page itself ("shell"), "python", the sample "clip", an "engine:BUILD",
"model:NAME" and "head:NAME" each, and "heads", the cards of these. A head is stored once it was
used.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from obscura.cards.card import ModelCard
from obscura.page.browser import files, shell
from obscura.page.browser.dom import by_id, every, listen
from obscura.page.browser.service import Service
from obscura.page.browser.storage import is_stored, keeps_nothing, persist
from obscura.page.features.context import Context
from obscura.page.state.feature import Part
from obscura.page.words import text

CHECK_EVERY_MS = 3_600_000
"""How often an open page asks for a new version; browsers do so at every visit by themselves."""


def start(context: Context) -> Offline:
    """Start the feature."""
    return Offline(context, Service())


class Offline(Part):
    """Has the files in use stored, all models on request, and a new version announced."""

    def __init__(self, context: Context, service: Service) -> None:
        assert context.page is not None
        self._page, self._spawn, self._service = context.page, context.spawn, service
        self._version, self._models = context.build.version, list(context.build.cards)
        self._watching = False
        self._update: Callable[[], Any] | None = None  # what the update button does
        self._controlled = False
        self._addresses = context.build.model_urls
        self._in_use: str | None = None  # the model
        self._heads = context.page.sessions.heads
        self._heads.on_use = self._head_used
        self._page.sessions.on_builds = self._builds_changed
        service.on_connection(lambda _event: self._mark_models())
        context.spawn(self._mark_models())

    def run(self, command: str) -> Any:
        """See `Part`."""
        return {"store all": self.store_all, "update": self._take_update}[command]()

    def model_opened(self, card: ModelCard) -> None:
        """Store what is in use from now on."""
        self._spawn(self.store(self._page.sessions.builds, card.name))

    def _builds_changed(self) -> None:
        card = self._page.sessions.card
        if card is not None:
            self.model_opened(card)

    async def store(self, builds: Collection[str], model: str) -> None:
        """Store what is in use: the page, its Python, an engine and, if it is shipped, a model.

        Args:
            builds: of the engine.
        """
        if keeps_nothing():
            self._show("deleted")
            return
        self._in_use = model
        groups = ["shell", "python", "clip", *(f"engine:{build}" for build in builds)]
        groups += [f"model:{model}"] if model in self._models else []
        heads = dict(self._heads.used)
        groups += ["heads", *(f"head:{name}" for name in heads)] if heads else []
        state = await self._service.store(groups) or "yes"
        self._show(state, heads.values())
        await self._mark_models()
        if state != "forbidden" and not self._watching:
            self._watching = True
            await self._watch()

    async def store_all(self) -> None:
        """Store all shipped models, with a progress bar."""
        button, bar, note = by_id("offline-all"), by_id("offline-bar"), by_id("offline-note")
        button.setAttribute("aria-disabled", "true")
        bar.hidden, bar.value = False, 0
        note.textContent = ""

        def report(done: int, total: int) -> None:
            bar.value = done / total
            note.textContent = text.KEEPING.format(done=done / 1e6, total=total / 1e6)

        groups = ["shell", "python", "clip", *(f"model:{name}" for name in self._models)]
        failure = await self._service.store(groups, report)
        if failure is None:
            await persist()
        button.setAttribute("aria-disabled", "false")
        bar.hidden = True
        note.textContent = text.OFFLINE_ALL if failure is None else text.OFFLINE[failure]

    async def _mark_models(self) -> None:
        """Show which models are not on this device, while there is no connection."""
        absent = []
        if not self._service.connected:
            for name, address in self._addresses.items():
                if not await is_stored(files.resolve(address)[0]):
                    absent.append(name)
        # Looking takes time, and the connection may be back by now.
        self._page.models.mark_absent([] if self._service.connected else absent)

    async def forget(self) -> None:
        """See `Part`."""
        await self._service.forget()

    def _head_used(self) -> None:
        if self._in_use is not None:  # else it is stored with the model
            self._spawn(self.store(self._page.sessions.builds, self._in_use))

    def _show(self, state: str, heads: Collection[str] = ()) -> None:
        by_id("fact-offline").textContent = text.offline(state, heads)

    # ---- new versions ----------------------------------------------------------------------------

    async def _watch(self) -> None:
        service = self._service
        registration = await service.registration()
        self._controlled = bool(service.container.controller)
        listen(registration, "updatefound", lambda _event: self._follow(registration))
        listen(service.container, "controllerchange", lambda _event: self._exchanged())
        service.on_visibility(lambda _event: self._visibility_changed(registration))
        every(CHECK_EVERY_MS, lambda: service.check(registration))
        self._follow(registration)
        if registration.waiting:
            self._offer(text.NEWER, text.USE_NEWER, lambda: service.use(registration))
            return
        status = await service.status()
        if status.page != self._version and status.failures:
            self._offer(text.NEWER_FAILED, text.RETRY_NEWER, self._retry)
        elif status.page != self._version:
            self._offer(text.NEWER, text.USE_NEWER, shell.reload)

    def _follow(self, registration: Any) -> None:
        """Announce a worker that is being installed beside the present one, once it is."""
        coming = registration.installing
        if not coming or not registration.active:
            return

        def changed(_event: Any) -> None:
            if coming.state == "installed":
                self._offer(text.NEWER, text.USE_NEWER, lambda: self._service.use(registration))

        listen(coming, "statechange", changed)

    def _exchanged(self) -> None:
        """Another worker is in charge, because somebody pressed Update, here or in another tab."""
        first, self._controlled = not self._controlled, True
        if not first:
            self._offer(text.NEWER, text.USE_NEWER, shell.reload)

    def _offer(self, words: str, act: str, update: Callable[[], Any]) -> None:
        self._update = update
        by_id("update-text").textContent = words
        by_id("update-now").textContent = act
        by_id("update").hidden = False

    def _take_update(self) -> Any:
        return self._update() if self._update else None

    async def _retry(self) -> None:
        await self._service.retry_version()
        shell.reload()

    def _visibility_changed(self, registration: Any) -> Any:
        """Update while the page is hidden and idle; check for a new version when it is shown."""
        if self._service.out_of_sight:
            return self._take_update() if self._page.idle else None
        return self._service.check(registration)
