"""Awake: keeps the screen on while something long is under way, where the browser can."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from js import document, navigator

from obscura.page.browser.dom import on_visibility, run_now


class Awake:
    """Holds a wake lock while it is wanted. Browsers take it away whenever the page is hidden."""

    def __init__(self) -> None:
        self._wanted = self._asking = False
        self._lock: Any = None
        on_visibility(lambda _hidden: self._check())

    def hold(self, wanted: bool) -> None:
        """Keep the screen on from now on, or no longer."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._check()

    def _check(self) -> None:
        run_now(self._settle())

    async def _settle(self) -> None:
        """Ask for the lock, or give it back, until it is as it is wanted."""
        if self._asking or not hasattr(navigator, "wakeLock"):
            return
        self._asking = True
        try:
            # Refused to embedded pages and where the battery is low: then it goes on without.
            with suppress(Exception):
                while self._wanted != self._held and not document.hidden:
                    await self._turn()
        finally:
            self._asking = False

    @property
    def _held(self) -> bool:
        return self._lock is not None and not self._lock.released

    async def _turn(self) -> None:
        if self._wanted:
            self._lock = await navigator.wakeLock.request("screen")
        else:
            await self._lock.release()
