"""What people read about further cameras. Pure Python."""

from __future__ import annotations

from collections.abc import Mapping

NUMBERED = "Camera {number}"
REMOVE = "Remove {name}"
VIEW = "Further camera: {name}"
OPENING = "Opening another camera…"
STARTING = "Starting…"
PAUSED = "Paused"
LOST = "Disconnected. It starts again once it is back."
AGAIN = "Start again"
AGAIN_NAMED = "Start again: {name}"
VEILED = "Not shown while Hide is on"
SEEN = "Seen since it was added: {things}"
SEEN_NONE = "Nothing seen since it was added"
NOT_KEPT = (
    "Cameras take turns. Lines, zones, events, snapshots and recordings are of the first one; what "
    "the others have seen is not kept when you remove them."
)


def rate(per_second: float) -> str:
    """Return how many frames of a camera are analysed a second."""
    return f"{per_second:.1f} fps" if per_second < 10 else f"{per_second:.0f} fps"


def things(counts: Mapping[str, int]) -> str:
    """Return how many different objects of each class were seen."""
    if not counts:
        return SEEN_NONE
    listed = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return SEEN.format(things=", ".join(f"{count} {label}" for label, count in listed))
