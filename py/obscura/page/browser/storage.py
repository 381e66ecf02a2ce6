"""What the browser lets this site keep."""

from __future__ import annotations

from contextlib import suppress

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
