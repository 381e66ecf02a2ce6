"""What people read about hiding. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence

KEY = ("H", "hide people, faces or writing")
KINDS = {"face": "Faces", "person": "Whole people", "text": "Writing, number plates included"}
OTHERS = "Other kinds"
NEEDED = "Hiding needs that, so it stays on. Switch Hide off first."
WAITING = "The picture appears once it is analysed."
WHY = {
    "nothing": "Everything is covered. Choose what to hide.",
    "loading": "Everything is covered until {kinds} can be found.",
    "failed": "Everything is covered: what finds {kinds} failed. Closer looks says why; try again "
    "there.",
    "unknown": "Everything is covered: the current model can't find {kinds}.",
    "start": "Everything is covered until people have been looked for long enough.",
    "lost": "Everything is covered: somebody was lost from view.",
    "late": "Everything is covered: the answers come too late.",
}
"""Why the whole picture is covered."""
PICK = "Tap a person in the picture, or choose from the list, to show them."
NOBODY_THERE = "Nobody is there who can be shown. Tap a person."
SHOWN = "{name} is shown."
HIDDEN = "{name} is hidden again."
GONE = "Hidden again, because they were out of sight or too close to somebody else: {names}."
HIDDEN_AGAIN = "Everybody is hidden again."
COST = "The picture is {delay:.1f} s behind. Hiding takes {ms:.0f} ms per frame."
COST_STILL = "Hiding took {ms:.0f} ms."


def name(label: str, track: int) -> str:
    """Return what somebody is called who can be shown.

    >>> name("person", 3)
    'Person 3'
    """
    return f"{label[:1].upper()}{label[1:]} {track}"


def why(code: str, kinds: Sequence[str]) -> str:
    """Return why everything is covered.

    Args:
        code: a key of `WHY`.
        kinds: what is looked for, and is not found yet, or at all.
    """
    plain = {"face": "faces", "person": "people", "text": "writing"}
    return WHY[code].format(kinds=" and ".join(plain.get(kind, kind) for kind in kinds))
