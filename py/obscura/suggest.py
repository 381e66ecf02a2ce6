"""Suggestions: what a person meant who wrote a name that there is not."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def matching(name: str, known: Iterable[str]) -> list[str]:
    """Return the known names that are the same but for their case and the spaces around them; only
    the very name if that is known."""
    names = list(known)
    if name in names:
        return [name]
    return [other for other in names if _plain(other) == _plain(name)]


def suggestion(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return "Did you mean ...?" with the known names that are close, best first.

    Args:
        otherwise: returned if none is close.
    """
    from difflib import get_close_matches  # here, because it is seldom needed

    plain = {_plain(other): other for other in known}
    close = get_close_matches(_plain(name), plain)
    meant = " or ".join(f'"{plain[each]}"' for each in close)
    return f"Did you mean {meant}?" if close else otherwise


def _plain(name: str) -> str:
    """Return a name in small letters, with simple spaces and without what cannot be seen."""
    seen = (letter for letter in name if unicodedata.category(letter) not in ("Cf", "Cc"))
    return " ".join("".join(seen).casefold().split())
