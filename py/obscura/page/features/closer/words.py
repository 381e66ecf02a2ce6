"""What people read about closer looks. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from obscura.errors import (
    BackendError,
    ModelCorrupt,
    ModelMismatch,
    ModelMissing,
    ObscuraError,
    OutOfMemory,
)
from obscura.page.models.shelf import OwnModelGone
from obscura.page.words.text import percent

KEY = ("X", "look closer: faces, poses and more")
NEEDS_TRACKING = "Closer looks need tracking, so they are off, too."
CLOSER = "Closer looks"
LOADING = "Downloading…"
HELD = "While Hide is on, it looks for this in its own way"
NOTHING_FOR_IT = "{title}: this model does not find what it looks at. Choose another model."
ADD_TITLE = "What should “{title}” look at?"
WHOLE = "the whole picture"
REMOVE = "Remove"
NOT_STORED = "It works until you close this page. {error}"
MOST_NAMED = 6
YEARS = "about {age:.0f}"
SEX = {True: "looks male", False: "looks female"}
EVEN = 0.5
LEAST_SURE = 0.3
"""Classes with a lower score are not written on the picture: nobody is helped by such a guess."""
PLAIN = ("emotion",)
"""Heads whose classes are understood without their name."""
WHY: dict[type, str] = {
    OwnModelGone: "is no longer on this device. Add its file again.",
    ModelMissing: "could not be downloaded. Check your connection.",
    ModelCorrupt: "was damaged on its way here, so it is not used.",
    ModelMismatch: "stopped: its network returns something unexpected.",
    OutOfMemory: "stopped: there is not enough memory for it.",
    BackendError: "stopped: its network failed on this device.",
}
"""What happened to a look, by the class of its error."""
STOPPED = "stopped: {cause}."


def failed(title: str, error: ObscuraError) -> str:
    """Return a sentence about a look that does not run.

    >>> failed("Expression", BackendError("The wasm backend failed", "code 6"))
    'Expression stopped: its network failed on this device.'
    >>> failed("Mask", ObscuraError("It looks at nothing"))
    'Mask stopped: It looks at nothing.'
    """
    known = [WHY[kind] for kind in type(error).mro() if kind in WHY]
    return f"{title} {known[0] if known else STOPPED.format(cause=error.cause)}"


def classes(names: Sequence[str]) -> str:
    """Return which classes a network tells apart.

    >>> classes(["mask", "no mask"])
    'It tells apart: mask, no mask.'
    >>> classes([f"class {n}" for n in range(9)])
    'It tells apart: class 0, class 1, class 2, class 3, class 4, class 5 and 3 more.'
    """
    rest = len(names) - MOST_NAMED
    more = f" and {rest} more" if rest > 0 else ""
    return f"It tells apart: {', '.join(names[:MOST_NAMED])}{more}."


def cost(title: str, ms: float) -> str:
    """Return what a look costs."""
    return f"{title}: {ms:.0f} ms per frame"


def note(known: dict[str, Any], *, scores: bool = False) -> str:
    """Return a few words on an object: what `heads.described` knows of it.

    Args:
        scores: with how likely each class is.

    >>> note({"emotion": {"label": "happy", "score": 0.91}, "age": 33.6, "male": 0.2})
    'happy, about 34, looks female'
    >>> note({"emotion": {"label": "happy", "score": 0.91}}, scores=True)
    'happy 91 %'
    """
    parts = []
    for name, value in known.items():
        if isinstance(value, dict) and value["score"] >= LEAST_SURE:
            told = value["label"] if name in PLAIN else f"{name}: {value['label']}"
            parts.append(f"{told} {percent(value['score'])}" if scores else told)
    if "age" in known:
        parts.append(YEARS.format(age=known["age"]))
    if "male" in known:
        parts.append(SEX[known["male"] >= EVEN])
    return ", ".join(parts)
