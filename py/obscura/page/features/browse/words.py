"""What people read about videos and several pictures. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence

from obscura.page.words.times import clock

KEYS = (", .", "previous, next frame or picture")
UNREADABLE = "{name} (can't be opened)"


def time(position_s: float, duration_s: float | None) -> str:
    """Return the time of a video that is showing, and how long it lasts if that is known."""
    here = clock(position_s)
    return here if duration_s is None else f"{here} / {clock(duration_s)}"


def position(number: int, count: int) -> str:
    """Return which of several pictures is in view; numbers begin with 1."""
    return f"{number} of {count}"


def models(added: str, left_out: Sequence[str]) -> str:
    """Return what happens to the models that were given together with pictures.

    Args:
        added: name of the file that is added.
        left_out: names of the models that are not.
    """
    sentence = f"“{added}” is being added as a model."
    if left_out:
        listed = ", ".join(f"“{name}”" for name in left_out)
        sentence += f" One model at a time: add {listed} separately."
    return sentence
