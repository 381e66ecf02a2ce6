"""What the browser lets this site keep."""

from __future__ import annotations

from js import navigator


async def persist() -> bool:
    """Ask the browser not to clear what is kept here when room is short; tell whether it agrees.

    Some browsers ask the person, so this comes only after a wish of theirs to have something kept.
    """
    try:
        return bool(await navigator.storage.persist())
    except Exception:  # noqa: BLE001  (it lacks this, or forbids storage and throws what it likes)
        return False
