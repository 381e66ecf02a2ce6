"""What people read about snapshots. Pure Python."""

from __future__ import annotations

from obscura.page.words.text import pixels

TYPES = {"png": "PNG", "jpeg": "JPEG", "webp": "WebP"}
ENDINGS = {"jpeg": "jpg"}
"""Of files, where these are not the names of the settings."""
SAVED = "Saved as {name}"
COPIED = "Copied. Paste it anywhere."
COPY_BLOCKED = "The browser blocked copying. Save the picture instead."
COPY_MISSING = "This browser can't copy pictures. Save the picture instead."
SHARE_FAILED = "Sharing didn't work. Save the picture instead."
NOT_ENCODED = "This browser can't make a picture of this size"
NOT_THIS_TYPE = "This browser can't make a {name} of this size. Choose another type."
PREPARING = "Preparing the picture…"
NO_MODEL = "the model isn't ready yet, so nothing is marked"
NOTHING = "nothing recognised"
MIRRORED = "mirrored, as shown"


def objects(count: int) -> str:
    """Return how many objects are marked."""
    return {0: NOTHING, 1: "1 object"}.get(count, f"{count} objects")


def facts(size: tuple[int, int], count: int | None, source: str, *, mirrored: bool) -> str:
    """Return a line about a snapshot.

    Args:
        size: width and height in pixels.
        count: of the objects that are marked; None if no model was ready.
        source: name of the photo, video or camera; "" for none.
    """
    parts = [pixels(*size), NO_MODEL if count is None else objects(count)]
    if mirrored:
        parts.append(MIRRORED)
    return " · ".join([*parts, *filter(None, [source])])


def alt(*, boxes: bool) -> str:
    """Return what the snapshot shows, for those who do not see it."""
    return "The snapshot with its boxes" if boxes else "The snapshot without boxes"
