"""How the page was opened: after crashes, or as an installed app with files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from js import URL, history, location, navigator, window
from pyodide.ffi import create_proxy

from obscura.page.browser.dom import by_id, listen, run
from obscura.page.browser.service import Service
from obscura.page.words import text

SHARED = "shared"
"""The parameter of the address that says that files were shared to the app."""


def say_conditions(*, stores: bool) -> None:
    """Say, as long as it is so, that the browser is offline, and that it stores nothing.

    Args:
        stores: whether it stores settings.
    """

    def show(_event: Any = None) -> None:
        by_id("no-connection").hidden = bool(navigator.onLine)

    by_id("no-storage").hidden = stores
    for event in ("online", "offline"):
        listen(window, event, show)
    show()


def say_safe_mode(service: Service, *, smallest: bool) -> None:
    """Say that this visit started in safe mode, because earlier ones crashed, and offer the normal
    one.

    Args:
        smallest: whether the smallest model is used in place of the chosen one.
    """

    def use_normal_mode(_event: Any) -> None:
        service.use_normal_mode()
        location.reload()

    by_id("careful-text").textContent = text.CAREFUL_SMALLEST if smallest else text.CAREFUL
    by_id("careful").hidden = False
    listen(by_id("careful-end"), "click", use_normal_mode)


def set_up_install(service: Service) -> None:
    """Offer to install the app where the browser can be asked to, and say how where it cannot."""

    def show(_event: Any = None) -> None:
        possible = service.installable
        # Only iOS knows `standalone`; there people do it themselves.
        by_hand = getattr(navigator, "standalone", None) is False
        by_id("install").hidden = not possible
        by_id("install-by-hand").hidden = not by_hand
        by_id("install-group").hidden = not (possible or by_hand)

    listen(by_id("install"), "click", lambda _event: service.install())
    listen(window, "obscura-installable", show)
    show()


def set_up_launches(open_files: Callable[[list[Any]], Any], start: Callable[[], Any]) -> None:
    """Open the files that the app is launched with, and start the camera if that is asked for."""
    queue = getattr(window, "launchQueue", None)
    if queue is None:
        return

    async def take(files: list[Any]) -> None:
        opened = open_files([await handle.getFile() for handle in files])
        if opened is not None:
            await opened

    def launched(parameters: Any) -> None:
        files, target = list(parameters.files), str(parameters.targetURL or "")
        if files:
            run(take(files))
        # The page's own first launch is read from its address.
        elif target not in ("", str(location.href)) and asks_to_start(target):
            run(start())

    queue.setConsumer(create_proxy(launched))


def asks_to_start(url: str) -> bool:
    """Whether an address of the page asks for the camera at once."""
    return bool(URL.new(url).searchParams.has("autostart"))


async def shared_files(service: Service) -> list[Any]:
    """Return the files that were shared to the app, which the service worker has stored until
    now."""
    history.replaceState(None, "", location.pathname)  # loading again would find none
    return await service.shared_files()
