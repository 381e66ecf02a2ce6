"""What people read about closer looks. Pure Python."""

from __future__ import annotations

from typing import Any

KEY = ("X", "look closer: faces, poses and more")
NEEDS_TRACKING = "Closer looks need tracking, so they are off, too."
LOADING = "Loading what looks closer…"
FAILED = "{title} stopped: {cause}"
MISSING = "What looks closer could not be loaded. Check the connection, then try again."
YEARS = "about {age:.0f}"
SEX = {True: "looks male", False: "looks female"}
EVEN = 0.5
COST = "{title}: {ms:.0f} ms per frame"


def note(known: dict[str, Any]) -> str:
    """Return a few words on an object: what `heads.described` knows of it.

    >>> note({"emotion": {"label": "happy", "score": 0.91}, "age": 33.6, "male": 0.2})
    'happy, about 34, looks female'
    """
    parts = [value["label"] for value in known.values() if isinstance(value, dict)]
    if "age" in known:
        parts.append(YEARS.format(age=known["age"]))
    if "male" in known:
        parts.append(SEX[known["male"] >= EVEN])
    return ", ".join(parts)
