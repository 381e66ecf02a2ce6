"""Notifications of the system, which appear outside the page."""

from __future__ import annotations

from typing import Any

from js import document, navigator, window
from pyodide.ffi import JsException

from obscura.page.browser.dom import js_object, listener

TAG = "obscura-events"
"""Each notification takes the place of the one before."""

_focus = listener(lambda _event: window.focus())


def supported() -> bool:
    """Whether this browser can show notifications at this address."""
    return hasattr(window, "Notification") and bool(window.isSecureContext)


def allowed() -> bool:
    """Whether the person has allowed them."""
    return str(window.Notification.permission) == "granted"


def ask() -> Any:
    """Ask the person, if need be; return an awaitable, after which `allowed` is up to date. Call it
    while a press is handled: browsers do not ask at other times."""
    return window.Notification.requestPermission()


def in_use() -> bool:
    """Whether the person is using this page, and not another window."""
    return bool(document.hasFocus())


async def show(title: str) -> None:
    """Show a notification."""
    options = js_object(tag=TAG, renotify=True)
    try:
        window.Notification.new(title, options).onclick = _focus
    except JsException:  # Chrome on Android has only those of service workers
        worker: Any = await navigator.serviceWorker.getRegistration()
        if hasattr(worker, "showNotification"):
            await worker.showNotification(title, options)
