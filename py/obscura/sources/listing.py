"""Listing: which pictures and videos the words of a command name, one after another.

Nothing but the names of one folder is held at a time, so that a hundred thousand files take no more
memory than the largest folder of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from glob import has_magic
from pathlib import Path

from obscura import places
from obscura.errors import ObscuraError, PictureError
from obscura.pictures import SUFFIXES as PICTURES
from obscura.sources.errors import SourceError

VIDEOS = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts"),
        *(".wmv", ".3gp", ".flv", ".ogv"),
    )
)
"""Endings of videos, in small letters."""
STDIN = "-"
ADDRESS = re.compile(r"(camera:\d+|[a-z][a-z0-9+.-]+://.+)", re.IGNORECASE)
"""Cameras, streams, and what `REMOTE` has."""
REMOTE = re.compile(
    r"(file|s3a?|gs|gcs|az|abfss?|adl|hdfs|webhdfs|sftp|smb|memory|zip|tar)://.+", re.IGNORECASE
)
"""Files that fsspec reads, see `sources.remote`; but a video of ``file://`` is FFmpeg's."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which files of a folder are wanted.

    Attributes:
        recursive: also those of folders in it. Links to folders are not followed.
        include: patterns such as ``*.jpg``, one of which a file has to match; none for all pictures
            and videos. A pattern with a slash is that of the whole path inside the folder.
        exclude: patterns, none of which a file may match.
        kinds: endings of files that are looked at, in small letters.
        whole: whether a folder is one source, a recording, and not looked into.
    """

    recursive: bool = False
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    kinds: Collection[str] = PICTURES | VIDEOS
    whole: bool = False

    def wants(self, inside: str) -> bool:
        """Whether a file is wanted, by its path inside the folder, with slashes."""
        name = inside.rpartition("/")[2]
        if name.startswith("._") or Path(name).suffix.lower() not in self.kinds:
            return False  # macOS puts the former beside files on disks of other systems

        def matches(pattern: str) -> bool:
            return fnmatch(inside if "/" in pattern else name, pattern)

        wanted = not self.include or any(map(matches, self.include))
        return wanted and not any(map(matches, self.exclude))


def expand(
    words: Sequence[str], choice: Choice, complain: Callable[[ObscuraError], None]
) -> Iterator[str]:
    """Yield the path or address of each source that the words name, in the order of the words; of a
    folder in the order of names.

    Args:
        words: files, folders, patterns, ``@list.txt`` with a word a line, cameras (``camera:0``),
            addresses (``rtsp://...``), and ``-`` for a picture on standard input.
        complain: receives what is wrong with a word or a folder, which is left out.
    """
    for word in words:
        path = Path(word)
        there = places.exists(path) or places.is_link(path)
        if word.startswith("@") and not there:
            yield from _listed(word[1:], choice, complain)
        elif is_remote(word):
            from obscura.sources import remote  # here, because it is seldom needed

            yield from remote.expand(word, choice, complain)
        elif is_address(word):
            yield word
        elif places.is_dir(path) and not choice.whole:
            yield from _of_folder(path, choice, complain)
        elif not there and has_magic(word):  # shells expand it, except on Windows
            yield from _matching(word, folders=choice.whole) or [word]
        else:
            yield word


def is_address(where: str) -> bool:
    """Whether a source is not a file of this machine."""
    return where == STDIN or ADDRESS.fullmatch(where) is not None


def is_remote(where: str) -> bool:
    """Whether a source is files that `sources.remote` reads."""
    is_plain = where.lower().startswith("file://") and "::" not in where
    return REMOTE.fullmatch(where) is not None and not (is_plain and is_video(where))


def is_video(where: str) -> bool:
    """Whether a path or an address is that of a video, by its ending."""
    path = where.partition("::")[0] if REMOTE.fullmatch(where) else where
    return Path(path).suffix.lower() in VIDEOS


def _listed(path: str, choice: Choice, complain: Callable[[ObscuraError], None]) -> Iterator[str]:
    try:
        with Path(path).open(encoding="utf-8-sig") as lines:
            for line in lines:
                if word := line.rstrip("\r\n"):
                    yield from expand([word], choice, complain)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not a text in UTF-8"
        complain(SourceError(f"The list cannot be read: {reason}", path))


def _of_folder(
    folder: Path, choice: Choice, complain: Callable[[ObscuraError], None]
) -> Iterator[str]:
    found = False
    for path in _walk(folder, "", choice, complain):
        found = True
        yield str(path)
    if not found:
        complain(PictureError("The folder contains no pictures", folder, remedy="Name another."))


def _walk(
    folder: Path, inside: str, choice: Choice, complain: Callable[[ObscuraError], None]
) -> Iterator[Path]:
    """Yield the files of a folder that are wanted, then those of the folders in it."""
    try:
        with os.scandir(folder) as entries:
            listed = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    except OSError as error:
        complain(SourceError(f"The folder cannot be read: {error.strerror}", folder))
        return
    for name, is_folder in listed:
        if not is_folder and choice.wants(inside + name) and places.is_file(folder / name):
            yield folder / name
    if not choice.recursive:
        return
    for name, is_folder in listed:
        if is_folder and not name.startswith("."):
            yield from _walk(folder / name, f"{inside}{name}/", choice, complain)


def _matching(pattern: str, *, folders: bool) -> list[str]:
    """Return what matches a pattern, in the order of names; ``**`` stands for any folders."""
    parts = Path(pattern).parts
    plain = next(index for index, part in enumerate(parts) if has_magic(part))
    matches = Path(*parts[:plain]).glob("/".join(parts[plain:]))
    files = (each for each in matches if folders or places.is_file(each))
    return sorted(str(each) for each in files if not each.name.startswith("._"))
