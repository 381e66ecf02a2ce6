"""Fonts for the labels on saved pictures: Pillow's own, else one of this machine that has the
letters of the name."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from typing import Any

NEVER_A_CHARACTER = "\U0010ffff"
"""Unicode promises that no font has it: what is drawn for it stands for a missing letter."""
KNOWN_FONTS = (
    # Windows
    *("segoeui.ttf", "msyh.ttc", "YuGothM.ttc", "malgun.ttf", "Nirmala.ttc", "Nirmala.ttf"),
    *("LeelawUI.ttf", "ebrima.ttf"),
    # macOS
    *("Arial Unicode.ttf", "PingFang.ttc", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc"),
    *("GeezaPro.ttc", "Kohinoor.ttc", "Thonburi.ttc"),
    # Linux without fontconfig
    *("DejaVuSans.ttf", "NotoSans-Regular.ttf", "NotoSansCJK-Regular.ttc"),
)
"""Files of fonts that come with systems, and between them have most scripts."""
FONTCONFIG_S = 10
"""How long fontconfig may take; the first time it reads every font."""


def runs(name: str, size: float) -> list[tuple[str, Any]] | None:
    """Return a name as pieces, each with the Pillow font that has its letters.

    Args:
        size: of the fonts, in pixels.

    Returns:
        One piece where one font has all letters; None where this machine has no font for some.
    """
    path = _path_for(_letters(name))
    if path is not None:
        return [(name, _load(path, size))]
    strange = frozenset(letter for letter in _letters(name) if not _has("", frozenset(letter)))
    path = _path_for(strange)
    if path is None:
        return None
    pieces = groupby(name, lambda letter: path if letter in strange else "")
    return [("".join(piece), _load(font, size)) for font, piece in pieces]


def without_font(names: Iterable[str]) -> list[str]:
    """Return those of the names for which this machine has no font."""
    return [name for name in names if runs(name, 16) is None]


def _letters(name: str) -> frozenset[str]:
    return frozenset(letter for letter in name if not letter.isspace())


@cache
def _path_for(letters: frozenset[str]) -> str | None:
    """Return the file of a font that has these letters: "" for Pillow's own, None for no file."""
    return next((path for path in _candidates(letters) if _has(path, letters)), None)


def _candidates(letters: frozenset[str]) -> Iterator[str]:
    yield ""
    yield from _from_fontconfig(letters)
    yield from KNOWN_FONTS


def _from_fontconfig(letters: frozenset[str]) -> Iterator[str]:
    """Yield what fontconfig, where it is installed, holds to be the best sans-serif font."""
    program = shutil.which("fc-match")
    if program is None:
        return
    codes = " ".join(f"{ord(letter):x}" for letter in sorted(letters))
    command = [program, "--format=%{file}", f"sans-serif:charset={codes}"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=FONTCONFIG_S, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return
    yield done.stdout


def _has(path: str, letters: frozenset[str]) -> bool:
    """Whether a font can be loaded and has these letters."""
    try:
        font = _load(path, 16)
    except OSError:
        return False
    missing = bytes(font.getmask(NEVER_A_CHARACTER))
    return all(bytes(font.getmask(letter)) != missing for letter in letters)


@cache
def _load(path: str, size: float) -> Any:
    from PIL import ImageFont

    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)
