"""Pictures: one, or a folder of them that are the frames of a recording."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from obscura import pictures, places
from obscura.errors import PictureError
from obscura.sources.errors import SourceError
from obscura.sources.listing import STDIN
from obscura.sources.source import Complain, Frame, frame

NAME_OF_STDIN = "stdin"
MOST_BYTES = 1 << 30
"""Of a picture on standard input."""


class Still:
    """One picture: a file, or ``-`` for standard input."""

    total, moving = 1, False

    def __init__(self, path: str) -> None:
        self._path = path
        self.name = NAME_OF_STDIN if path == STDIN else path

    def __iter__(self) -> Iterator[Frame]:
        """Yield the picture as frame 0.

        Raises:
            PictureError: it cannot be read.
        """
        if self._path == STDIN:
            image = pictures.open_picture(_stdin(), name=self.name)
        else:
            image = pictures.open_picture(self._path)
        yield frame(pictures.to_rgba(image), 0, 0.0)

    def __enter__(self) -> Still:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing is held open."""


class Folder:
    """Numbered pictures of a folder as the frames of a recording; frame2 comes before frame10."""

    moving = True

    def __init__(
        self, path: str, *, every: int, fps: float, complain: Complain | None = None
    ) -> None:
        self.name = path
        self._every, self._fps, self._complain = every, fps, complain
        self._files = frames_of(Path(path))
        self.total = len(self._files)

    def __iter__(self) -> Iterator[Frame]:
        for index in range(0, self.total, self._every):
            try:
                pixels = pictures.to_rgba(pictures.open_picture(self._files[index]))
            except PictureError as error:
                if self._complain is None:
                    raise
                self._complain(error)
            else:
                yield frame(pixels, index, index / self._fps)

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing is held open."""


def frames_of(folder: Path) -> list[Path]:
    """Return the pictures of a folder in the order of their numbers.

    Raises:
        SourceError: there are none, or it cannot be read.
    """
    try:
        names = [each for each in folder.iterdir() if not each.name.startswith(".")]
    except OSError as error:
        raise SourceError(f"The folder cannot be read: {error.strerror}", folder) from error
    files = [
        each
        for each in names
        # What is no file, such as a pipe, would be waited for; what is missing is reported.
        if each.suffix.lower() in pictures.SUFFIXES
        and (places.is_file(each) or not places.exists(each))
    ]
    if not files:
        raise SourceError("The folder has no frames", folder)
    return sorted(files, key=_by_number)


def _by_number(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]


def _stdin() -> io.BytesIO:
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    if not data:
        raise PictureError("There is no picture on standard input", remedy="Pipe one in.")
    if len(data) > MOST_BYTES:
        raise PictureError("The picture on standard input is larger than 1 GiB")
    return io.BytesIO(data)
