"""Names of recordings on the device. Pure Python."""

from __future__ import annotations

import os
import re

from obscura.page.words.times import stamp

WORKING = "working-"
"""Where the names of files begin that are written as they come."""
OWN_BYTES = 4
_PARTS = re.compile(
    r"(?:working-)?(?P<stamp>obscura-[\d-]+?\d{6})(?:-[0-9a-f]{8})?(?P<ending>\.\w+)"
)


def new_name(ending: str) -> str:
    """Return the name of a file to be written as it comes, which no other file has: a clock alone
    is not enough, since two may begin within a second, also in two tabs.

    Args:
        ending: without its dot.
    """
    return f"{WORKING}{stamp()}-{os.urandom(OWN_BYTES).hex()}.{ending}"


def plain(name: str) -> str:
    """Return the name of the plain file that is made of one that was written as it came."""
    return name.removeprefix(WORKING)


def saved_as(name: str) -> str:
    """Return the name that a person's copy gets: ``obscura-2026-11-30-142505.mp4``."""
    parts = _PARTS.fullmatch(name)
    return parts["stamp"] + parts["ending"] if parts else plain(name)


def when(name: str) -> str:
    """Return the day and time in a name."""
    digits = saved_as(name).removeprefix("obscura-").partition(".")[0]
    day, _, time = digits.rpartition("-")
    return f"{day}, {time[:2]}:{time[2:4]}" if len(time) == 6 else digits
