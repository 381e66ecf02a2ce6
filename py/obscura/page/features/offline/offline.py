"""The page without its server: what is kept on the device for that, and new versions of the page.

The service worker (assets/sw.js) keeps the files; this decides which, and says how it went. Files
come in groups: the page itself ("shell"), "python", an "engine:BUILD" and "model:NAME" each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from js import document, navigator, setInterval
from pyodide.ffi import create_proxy, to_js

from obscura.page.browser import shell
from obscura.page.browser.dom import by_id, listen
from obscura.page.browser.storage import keeps_nothing, persist
from obscura.page.words import text

LOOK_EVERY_MS = 3_600_000
"""How often an open page asks for a new version; browsers do so at every visit by themselves."""

# By the name of a JavaScript error, why something is not kept; see `text.OFFLINE`.
REASONS = {
    "QuotaExceededError": "no-room",
    "TypeError": "no-connection",  # what a fetch that fails throws
    "DataError": "damaged",
}


class Offline:
    """Has the files in use kept, all models on request, and a new version announced."""

    def __init__(
        self, worker: Any, version: str, models: Collection[str], idle: Callable[[], bool]
    ) -> None:
        """
        Args:
            worker: `obscuraOffline` of assets/offline.js.
            version: the page's own.
            models: the names of those that are shipped.
            idle: whether loading the page again would lose nothing.
        """
        self._worker, self._version = worker, version
        self._models, self._idle = models, idle
        self._state = "pending"
        self._watching = False
        self._newer: Callable[[], Any] | None = None
        self._controlled = False
        listen(by_id("offline-all"), "click", lambda _event: self.keep_all())
        listen(by_id("update-now"), "click", lambda _event: self._take_newer())

    @property
    def words(self) -> str:
        """Whether the page works without its server, in words."""
        return text.OFFLINE[self._state]

    async def keep(self, runtime: str, model: str) -> None:
        """Have what is in use kept: the page, its Python, an engine and, if it is shipped, a model.

        Args:
            runtime: the build of onnxruntime-web.
        """
        if keeps_nothing():
            self._state = "deleted"
            self._render()
            return
        groups = ["shell", "python", f"engine:{runtime}"]
        groups += [f"model:{model}"] if model in self._models else []
        self._state = await self._keep(groups) or "yes"
        self._render()
        if self._state != "forbidden" and not self._watching:
            self._watching = True
            await self._watch()

    async def keep_all(self) -> None:
        """Have all shipped models kept, with a progress bar."""
        button, bar, note = by_id("offline-all"), by_id("offline-bar"), by_id("offline-note")
        button.setAttribute("aria-disabled", "true")
        bar.hidden, bar.value = False, 0
        note.textContent = ""

        def tell(done: int, total: int) -> None:
            bar.value = done / total
            note.textContent = text.KEEPING.format(done=done / 1e6, total=total / 1e6)

        groups = ["shell", "python", *(f"model:{name}" for name in self._models)]
        failure = await self._keep(groups, tell)
        if failure is None:
            await persist()
        button.setAttribute("aria-disabled", "false")
        bar.hidden = True
        note.textContent = text.OFFLINE_ALL if failure is None else text.OFFLINE[failure]

    async def mend(self) -> None:
        """Drop what is damaged of what is kept, so that it is fetched anew."""
        await self._ask("mend")

    async def forget(self) -> None:
        """Drop all that is kept for working offline, what keeps it, and the notes of visits."""
        with suppress(Exception):  # a browser that forbids storage has kept none
            self._worker.resetCrashCount()
        if hasattr(navigator, "serviceWorker"):
            registration = await navigator.serviceWorker.getRegistration()
            if registration:
                await self._ask("forget")
                await registration.unregister()

    async def _ask(self, call: str) -> None:
        """What the worker can do if there is one, and need not otherwise."""
        with suppress(Exception):
            await self._worker.ask(call)

    async def _keep(
        self, groups: list[str], tell: Callable[[int, int], None] | None = None
    ) -> str | None:
        """None, or why it was in vain: a key of `text.OFFLINE`."""
        report = create_proxy(tell or (lambda _done, _total: None))
        try:
            await self._worker.ready()
        except Exception:  # noqa: BLE001  (browsers that forbid it differ in what they throw)
            return "forbidden"
        try:
            await self._worker.keep(to_js(groups), report)
        except Exception as error:  # noqa: BLE001  (whatever it is, the page works online)
            return REASONS.get(str(getattr(error, "name", "")), "damaged")
        finally:
            report.destroy()
        return None

    def _render(self) -> None:
        by_id("fact-offline").textContent = self.words

    # ---- new versions ----------------------------------------------------------------------------

    async def _watch(self) -> None:
        registration = await self._worker.ready()
        container = navigator.serviceWorker
        self._controlled = bool(container.controller)
        listen(registration, "updatefound", lambda _event: self._follow(registration))
        listen(container, "controllerchange", lambda _event: self._exchanged())
        listen(document, "visibilitychange", lambda _event: self._turned(registration))
        setInterval(create_proxy(lambda: self._look(registration)), LOOK_EVERY_MS)
        self._follow(registration)
        if registration.waiting:
            self._offer(text.NEWER, text.USE_NEWER, lambda: self._worker.use(registration))
            return
        status = await self._worker.ask("status")
        if status.page != self._version and status.failures:
            self._offer(text.NEWER_FAILED, text.RETRY_NEWER, self._retry)
        elif status.page != self._version:
            self._offer(text.NEWER, text.USE_NEWER, shell.reload)

    def _follow(self, registration: Any) -> None:
        """Wait for a worker that is being installed beside the present one."""
        coming = registration.installing
        if not coming or not registration.active:
            return

        def changed(_event: Any) -> None:
            if coming.state == "installed":
                self._offer(text.NEWER, text.USE_NEWER, lambda: self._worker.use(registration))

        listen(coming, "statechange", changed)

    def _exchanged(self) -> None:
        """Another worker is in charge: it was asked to, here or in another tab."""
        first, self._controlled = not self._controlled, True
        if not first:
            self._offer(text.NEWER, text.USE_NEWER, shell.reload)

    def _offer(self, words: str, act: str, take: Callable[[], Any]) -> None:
        self._newer = take
        by_id("update-text").textContent = words
        by_id("update-now").textContent = act
        by_id("update").hidden = False

    def _take_newer(self) -> Any:
        return self._newer() if self._newer else None

    async def _retry(self) -> None:
        await self._worker.ask("retry")
        shell.reload()

    def _turned(self, registration: Any) -> Any:
        """Out of sight and with nothing going on, a new version is taken; back in sight, sought."""
        if document.hidden:
            return self._take_newer() if self._idle() else None
        return self._look(registration)

    def _look(self, registration: Any) -> Any:
        return self._worker.look(registration)
