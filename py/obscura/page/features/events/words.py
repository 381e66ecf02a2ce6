"""What people read about events. Pure Python."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from obscura.page.words.times import clock, duration

EMPTY = {
    "none": "Choose which kinds of events to list: see below.",
    "source": "Start the camera or open a video. Its events are listed here.",
    "views": "Nothing yet. Everything that comes into view is listed here.",
    "off": "Switch Count on, and draw a line or a zone. Its events are listed here.",
    "line": "Draw a line under Count. Crossings are listed here.",
    "zone": "Draw a zone under Count. Entries and exits are listed here.",
    "both": "Draw a line or a zone under Count. Its events are listed here.",
    "waiting": "Nothing yet. Crossings, entries and exits are listed here as they happen.",
}
NEEDS_TRACKING = "Events need tracking, so they are off, too."
SAVED = "Saved as {name}"
NOTHING_TO_SAVE = "There are no events to save yet."
CLEARED = "Cleared."
RESTORED = "The events are back."
NOTIFY = "Shown while you use another window. A page that is out of sight isn't analysed."
NO_NOTIFICATIONS = (
    "This browser can't show notifications here. On iPhone and iPad, install the app first."
)
REFUSED = "Notifications are blocked. Allow them for this site in your browser's settings."


def empty(
    kinds: Collection[str], *, live: bool, counting: bool, drawn: Mapping[str, Collection[str]]
) -> str:
    """Return what an empty list says: what to do next, or what it waits for.

    Args:
        kinds: that are listed, see `log.KINDS`.
        live: whether a camera or video is in view.
        counting: whether Count is on.
        drawn: the names of the "lines" and of the "zones" that count.
    """
    if not kinds:
        return EMPTY["none"]
    if not live:
        return EMPTY["source"]
    if "views" in kinds:
        return EMPTY["views"]
    if not counting:
        return EMPTY["off"]
    needs = {"line": ("crossings", "lines"), "zone": ("zones", "zones")}
    missing = {
        noun: not drawn.get(shapes) for noun, (kind, shapes) in needs.items() if kind in kinds
    }
    if not all(missing.values()):
        return EMPTY["waiting"]
    return EMPTY["both" if len(missing) == 2 else next(iter(missing))]


def sentence(record: dict[str, Any]) -> str:
    """Return an event in words.

    Args:
        record: as `export.events.to_record` returns it.
    """
    who = f"{record['label']} {record['track_id']}"
    match record["event"]:
        case "appeared":
            return f"{who} came into view"
        case "vanished":
            return f"{who} went out of view after {duration(record['seen_s'])}"
        case "crossing":
            return f"{who} crossed {record['line']} ({record['direction']})"
        case "zone_entered":
            return f"{who} entered {record['zone']}"
        case "zone_left":
            return f"{who} left {record['zone']} after {duration(record['dwell_s'])}"
    raise LookupError(record["event"])


def when(time_s: float, wall_s: float | None) -> str:
    """Return the time that is listed: local time where it is known, else that of the video.

    Args:
        wall_s: in epoch seconds.
    """
    return clock(time_s) if wall_s is None else time.strftime("%H:%M:%S", time.localtime(wall_s))


def digest(sentences: Sequence[str]) -> str:
    """Return several events, oldest first, in one short sentence: the latest of them, and how many
    there are besides."""
    others = len(sentences) - 1
    return sentences[-1] + (f", and {others} more" if others else "")
