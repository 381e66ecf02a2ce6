"""What people read about hiding. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence

KEY = ("H", "hide people, faces or writing")
KINDS = {"face": "Faces", "person": "People", "text": "Writing, number plates included"}
OTHERS = "Other kinds"
NEEDED = "Hiding needs that, so it stays on. Switch Hide off first."
WAITING = "The picture appears once it is analysed."
NOTHING_CHOSEN = "Choose what to hide. Until then nothing is covered."
UNCERTAIN = {
    "start": "Everything is covered until people have been looked for long enough.",
    "lost": "Everything is covered: somebody was lost from view.",
    "late": "Everything is covered: the answers come too late.",
}
PICK = "Tap a person in the picture to show them."
NOBODY_THERE = "Nobody who is followed is there. Tap a box with a number."
SHOWN = "{name} is shown."
HIDDEN_AGAIN = "Everybody is hidden again."
COVERED = "{count} covered"


def unknown(kinds: Sequence[str]) -> str:
    """Return that the model in use does not find these kinds."""
    return f"The current model can't find: {', '.join(kinds)}."
