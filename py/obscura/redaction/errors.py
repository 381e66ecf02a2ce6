"""Errors of redaction."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from obscura.errors import ObscuraError


class RedactionError(ObscuraError):
    """A file cannot be redacted, and no copy of it is made."""

    code = "redaction"
    remedy = "Check the file, or leave it out."


class WouldOverwrite(RedactionError):
    """A copy would take the place of something. It has the code of its base class."""


def unknown_tracks(tracks: Collection[int], source: Path) -> RedactionError:
    """Return the error of numbers after --except that nothing in a file has."""
    numbers = ", ".join(str(each) for each in sorted(tracks))
    return RedactionError(
        f"Nothing in the file has the number {numbers}",
        source,
        remedy="List what there is: --list.",
    )
