"""What the browser lets this site keep."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from js import location, navigator, window


async def persist() -> bool:
    """Ask the browser not to clear what is kept here when room is short; tell whether it agrees.

    Some browsers ask the person, so this comes only after a wish of theirs to have something kept.
    """
    try:
        return bool(await navigator.storage.persist())
    except Exception:  # noqa: BLE001  (it lacks this, or forbids storage and throws what it likes)
        return False


def cache_prefix() -> str:
    """What the names of this page's caches begin with, see assets/sw.js; other pages of its origin
    have their own."""
    return f"obscura:{str(location.pathname).rpartition('/')[0]}/:"


def keep_nothing() -> None:
    """From now on, and until this tab is closed, put nothing aside that was not asked for."""
    with suppress(Exception):  # where even that is forbidden, nothing is kept anyway
        window.sessionStorage.setItem(_NOTHING, "1")
        # Nor is the page loaded again for a service worker's headers, see assets/offline.js.
        window.sessionStorage.setItem("obscura.isolating", "1")


def keeps_nothing() -> bool:
    """Whether `keep_nothing` was called in this tab."""
    try:
        return bool(window.sessionStorage.getItem(_NOTHING))
    except Exception:  # noqa: BLE001  (as above)
        return False


_NOTHING = "obscura.deleted"


async def cached_files() -> int:
    """Return how many files are stored for working offline."""
    count = 0
    with suppress(Exception):  # browsers that forbid it throw what they like: then there are none
        for name in await window.caches.keys():
            if str(name).startswith(cache_prefix()):
                count += len(await (await window.caches.open(name)).keys())
    return count


async def usage() -> int | None:
    """Return the bytes that this site takes on the device, as the browser counts; None if it does
    not say."""
    with suppress(Exception):
        return int((await navigator.storage.estimate()).usage)
    return None


def settings_storage() -> Any:
    """Return the browser's store of settings; None where it is forbidden."""
    try:
        return window.localStorage
    except Exception:  # noqa: BLE001  (browsers that forbid it throw what they like)
        return None
