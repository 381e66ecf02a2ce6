"""The page's side of the service worker, as assets/offline/ has it (`obscuraOffline`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from js import document, navigator, obscuraOffline, window
from pyodide.ffi import create_proxy, to_js

from obscura.page.browser.dom import listen

# By the name of a JavaScript error, why something is not stored.
REASONS = {
    "QuotaExceededError": "no-room",
    "TypeError": "no-connection",  # what a failed fetch throws
    "DataError": "damaged",
}


class Service:
    """Asks the service worker for what it does; a browser without one does nothing."""

    @property
    def container(self) -> Any:
        """`navigator.serviceWorker`; None where there is none."""
        return getattr(navigator, "serviceWorker", None)

    @property
    def out_of_sight(self) -> bool:
        """Whether the page is hidden."""
        return bool(document.hidden)

    def on_visibility(self, changed: Callable[[Any], Any]) -> None:
        """Call `changed(event)` when the page is hidden or shown."""
        listen(document, "visibilitychange", changed)

    @property
    def connected(self) -> bool:
        """Whether the browser has a network; a server may be out of reach all the same."""
        return bool(navigator.onLine)

    def on_connection(self, changed: Callable[[Any], Any]) -> None:
        """Call `changed(event)` when the network comes or goes."""
        for event in ("online", "offline"):
            listen(window, event, changed)

    async def registration(self) -> Any:
        """Return the registration once its worker is active. Raises what the browser throws."""
        return await obscuraOffline.ready()

    async def status(self) -> Any:
        """Return the worker's status: `page`, the version in charge, and `failures`."""
        return await obscuraOffline.ask("status")

    async def store(
        self, groups: Sequence[str], report: Callable[[int, int], None] | None = None
    ) -> str | None:
        """Store groups of files.

        Args:
            report: called with the bytes stored so far and in all.

        Returns:
            None, or why they could not be stored: "forbidden", "no-room", "no-connection" or
            "damaged".
        """
        proxy = create_proxy(report or (lambda _done, _total: None))
        try:
            await obscuraOffline.ready()
        except Exception:  # noqa: BLE001  (browsers that forbid it differ in what they throw)
            return "forbidden"
        try:
            await obscuraOffline.keep(to_js(list(groups)), proxy)
        except Exception as error:  # noqa: BLE001  (whatever it is, the page works online)
            return REASONS.get(str(getattr(error, "name", "")), "damaged")
        finally:
            proxy.destroy()
        return None

    async def repair(self) -> None:
        """Drop what is damaged of the stored files, so that it is fetched again."""
        await self._ask("mend")

    async def retry_version(self) -> None:
        """Let a version that did not start before try again."""
        await obscuraOffline.ask("retry")

    async def forget(self) -> None:
        """Delete all stored files, the worker that stores them, and the notes of visits."""
        with suppress(Exception):  # a browser that forbids storage has stored none
            obscuraOffline.resetCrashCount()
        if self.container:
            registration = await self.container.getRegistration()
            if registration:
                await self._ask("forget")
                await registration.unregister()

    def use(self, registration: Any) -> None:
        """Put the version that waits in charge, and load the page again."""
        obscuraOffline.use(registration)

    def check(self, registration: Any) -> Any:
        """Ask the server for a newer version; it may be out of reach."""
        return obscuraOffline.look(registration)

    async def shared_files(self) -> list[Any]:
        """Return the files that were shared to the installed app."""
        try:
            return list(await obscuraOffline.ask("shared"))
        except Exception:  # noqa: BLE001  (without a worker nothing was shared)
            return []

    def booted(self) -> None:
        """Note that the start has succeeded."""
        obscuraOffline.booted()

    def use_normal_mode(self) -> None:
        """Forget that visits have crashed."""
        obscuraOffline.resetCrashCount()

    @property
    def installable(self) -> bool:
        """Whether the browser offers to install the app."""
        return bool(obscuraOffline.installable())

    def install(self) -> Any:
        """Have the browser ask the person whether to install the app."""
        return obscuraOffline.install()

    async def _ask(self, call: str) -> None:
        with suppress(Exception):  # without a worker there is nothing to do
            await obscuraOffline.ask(call)
