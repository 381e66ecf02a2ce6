"""What the browser stores for this site, as far as the page decides on it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from js import location, navigator, window


async def persist() -> bool:
    """Ask the browser not to delete this site's data when storage runs short; return its answer.

    Some browsers ask the user, so this is called only after they asked for something to be stored.
    """
    try:
        return bool(await navigator.storage.persist())
    except Exception:  # noqa: BLE001  (missing, or forbidden with whatever the browser throws)
        return False


def cache_prefix() -> str:
    """Return the beginning of the names of this page's caches, see assets/sw.js.

    Other pages of its origin have prefixes of their own.
    """
    return f"obscura:{str(location.pathname).rpartition('/')[0]}/:"


def keep_nothing() -> None:
    """Store nothing that the user did not ask for, until this tab is closed."""
    with suppress(Exception):  # a browser that forbids this stores nothing anyway
        window.sessionStorage.setItem(_NOTHING, "1")
        # Nor is the page loaded again for a service worker's headers, see assets/offline/worker.js.
        window.sessionStorage.setItem("obscura.isolating", "1")


def keeps_nothing() -> bool:
    """Return whether `keep_nothing` was called in this tab."""
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


async def is_stored(url: str) -> bool:
    """Whether a file is stored for working offline."""
    with suppress(Exception):  # as above
        return hasattr(await window.caches.match(url), "status")  # undefined for none
    return False


async def room() -> int | None:
    """Return how many bytes this site can still store, as the browser counts; None if it does not
    say."""
    with suppress(Exception):
        estimate = await navigator.storage.estimate()
        return int(estimate.quota) - int(estimate.usage)
    return None


async def usage() -> int | None:
    """Return the bytes that this site takes on the device, as the browser counts; None if it does
    not say."""
    with suppress(Exception):
        return int((await navigator.storage.estimate()).usage)
    return None


def settings_storage() -> Any:
    """Return the browser's store of settings; None where it is forbidden."""
    try:
        store = window.localStorage
        return store if hasattr(store, "getItem") else None  # null in some apps' web views
    except Exception:  # noqa: BLE001  (browsers that forbid it throw what they like)
        return None
