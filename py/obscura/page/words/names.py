"""Names of files, as people sort them. Pure Python."""

from __future__ import annotations


def natural(name: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts names as people do: 2 before 10, capitals beside small letters.

    >>> sorted(["b10.jpg", "B2.jpg", "a.jpg"], key=natural)
    ['a.jpg', 'B2.jpg', 'b10.jpg']
    """
    parts: list[tuple[int, int, str]] = []
    text = ""
    for letter in name.casefold():
        if text and (letter.isdecimal() != text[-1].isdecimal()):
            parts.append(_part(text))
            text = ""
        text += letter
    return [*parts, _part(text)]


def _part(text: str) -> tuple[int, int, str]:
    return (0, int(text), text) if text.isdecimal() else (1, 0, text)
