"""Names and folders of the copies and crops that commands save."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from obscura import label_font
from obscura.export.annotate import save_picture, suffixes
from obscura.export.errors import OutputError
from obscura.sources.listing import ADDRESS, STDIN
from obscura.sources.stills import NAME_OF_STDIN

FRAMES = CROPS = ".jpg"
_OTHERS = re.compile(r"[^\w.-]+")


class Folder:
    """A folder for pictures. What they are called is known before: see `batch.names`."""

    def __init__(self, folder: Path, option: str) -> None:
        """
        Args:
            option: the option that named it, for messages.
        """
        self._folder = folder
        self._remedy = f"Name another folder with {option}."

    def save(self, image: Any, name: str) -> str:
        """Write a Pillow image; return its path.

        Args:
            name: of the file in the folder, maybe with a folder in front.

        Raises:
            OutputError: it cannot be written.
        """
        target = self._folder / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"The folder cannot be created: {error.strerror}",
                target.parent,
                remedy=self._remedy,
            ) from error
        try:
            save_picture(image, target)
        except OSError as error:
            raise OutputError(
                f"The copy cannot be saved: {error.strerror or error}", target, remedy=self._remedy
            ) from error
        return str(target)


def copy_name(stem: str, source: str, frame: int | None) -> str:
    """Return what the copy of a picture or a frame is called.

    Args:
        stem: that of the source.
        source: its path or address: a copy of a picture has its format, or is a PNG if Pillow
            cannot write that.
        frame: number of the frame; None of a picture.
    """
    if frame is not None:
        return f"{stem}/{frame:06}{FRAMES}"
    suffix = _path(source).suffix
    return f"{stem}{suffix if suffix.lower() in suffixes() else '.png'}"


def crop_name(stem: str, frame: int | None, number: int) -> str:
    """Return what a crop of a picture or a frame is called."""
    return f"{stem if frame is None else f'{stem}/{frame:06}'}-{number}{CROPS}"


def stem_of(source: str) -> str:
    """Return the name of a file, a folder, a camera or an address, without its ending."""
    if source == STDIN:
        return NAME_OF_STDIN
    path = _path(source)
    if ADDRESS.fullmatch(source):
        return _OTHERS.sub("-", path.stem).strip("-.") or "stream"
    named = path if path.name not in ("", "..") else path.resolve()
    return named.stem or "root"


def _path(source: str) -> Path:
    # Of an archive's file, its path in the archive.
    return Path(source.partition("::")[0] if ADDRESS.fullmatch(source) else source)


class Fonts:
    """Reports, once each, names that are drawn as numbers because no font has their letters."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def missing(self, names: Iterable[str]) -> list[str]:
        """Return a sentence for each name that was not reported yet."""
        without = label_font.without_font(set(names) - self._told)
        self._told.update(without)
        return [
            f'No font on this machine has the letters of "{name}", so its number is drawn. Install '
            "one that has them, such as Noto Sans."
            for name in without
        ]
