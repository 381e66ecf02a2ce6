"""Files: which of them are redacted to where, and written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from obscura import pictures, places
from obscura.export.errors import OutputError
from obscura.export.video import CODECS
from obscura.redaction import video
from obscura.redaction.errors import RedactionError, WouldOverwrite

WRITTEN = frozenset(
    (".jpg", ".jpeg", ".jfif", ".jpe", ".png", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".ppm")
)
"""Endings of pictures that are written as they are; others become PNG."""
UNFINISHED = ".redacting-"
"""What the name of a copy begins with that is being written."""
ANOTHER = "Name another with --out."


@dataclass(frozen=True, slots=True)
class Item:
    """A file to redact.

    Attributes:
        source: the file.
        target: where its copy goes.
        kind: "picture" or "video"; None for any other, and for a link to a folder, of which no copy
            is made.
    """

    source: Path
    target: Path
    kind: Literal["picture", "video"] | None


def plan(source: Path, out: Path) -> list[Item]:
    """Return what there is to redact, in the order of names; a folder with all that is in it; a
    link to a folder in it is listed, and not followed.

    Args:
        source: a picture, a video or a folder.
        out: where the copy goes: a file for a file, or a folder, new or empty, for a folder. A file
            goes into a folder that exists under its own name.

    Raises:
        RedactionError: there is no such file, the copy would overwrite it or lie inside of it, or
            the folder for copies has something in it already.
    """
    if not places.exists(source):
        raise RedactionError("There is no such file or folder", source, remedy="Check its path.")
    if places.is_dir(source):
        return _folder(source, out)
    target = out / _name(source) if places.is_dir(out) else out
    kind = kind_of(source)
    if kind is None:
        raise RedactionError("The file is not a picture or video that can be read here", source)
    if places.exists(target) and target.samefile(source):
        raise WouldOverwrite("The copy would overwrite the original", target, remedy=ANOTHER)
    known = WRITTEN if kind == "picture" else frozenset(CODECS)
    if target.suffix.lower() not in known:
        raise RedactionError(
            f"A {kind} cannot be written as {target.suffix or 'a file without an ending'}",
            target,
            remedy=f"Name one that ends in {', '.join(sorted(known))}.",
        )
    return [Item(source, target, kind)]


def _folder(source: Path, out: Path) -> list[Item]:
    real, inside = out.resolve(), source.resolve()
    if real == inside or inside in real.parents:
        raise WouldOverwrite("The copies would lie among the originals", out, remedy=ANOTHER)
    # Or what is in it already might be taken for redacted.
    if places.is_taken(out):
        raise WouldOverwrite("The folder for copies is not empty", out, remedy=ANOTHER)
    found: list[Path] = []
    problems: list[OSError] = []
    for folder, folders, names in os.walk(source, onerror=problems.append):
        folders.sort()
        # Links to folders are not followed, because they may lead anywhere, and round in a circle.
        links = [name for name in folders if Path(folder, name).is_symlink()]
        found += [Path(folder, name) for name in sorted((*names, *links))]
    if problems:
        raise RedactionError(
            f"A folder cannot be read: {problems[0].strerror}", problems[0].filename
        )
    if not found:
        raise RedactionError("The folder is empty", source, remedy="Name another.")
    taken: set[str] = set()
    items = []
    for path in found:
        target = out / path.relative_to(source).with_name(_name(path))
        number = 1
        while str(target).casefold() in taken:
            number += 1
            target = target.with_name(f"{Path(_name(path)).stem}-{number}{target.suffix}")
        taken.add(str(target).casefold())
        items.append(Item(path, target, kind_of(path)))
    return items


def kind_of(path: Path) -> Literal["picture", "video"] | None:
    """Return what a file is, by its ending; None for any other and for what is no file."""
    # Pipes and devices have no copy, and a dot file of macOS is no picture.
    if not places.is_file(path) or path.name.startswith("._"):
        return None
    suffix = path.suffix.lower()
    if suffix in pictures.SUFFIXES:
        return "picture"
    return "video" if suffix in video.SUFFIXES else None


def _name(path: Path) -> str:
    """Return the name of a file's copy: with an ending that can be written."""
    suffix = path.suffix.lower()
    if suffix in pictures.SUFFIXES and suffix not in WRITTEN:
        return f"{path.stem}.png"
    if suffix in video.SUFFIXES and suffix not in CODECS:
        return f"{path.stem}.mkv"
    return path.name


@contextmanager
def written(target: Path) -> Iterator[Path]:
    """Give a file beside the target to write to, and move it there once it is whole.

    Whatever ends the writing before, it is deleted, and what was there before stays.

    Raises:
        OutputError: the folder cannot be made or written to, or the file not take its place.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(target.suffix, UNFINISHED, target.parent)
    except OSError as error:
        raise _unsaved(target, error) from error
    os.close(handle)
    path = Path(name)
    try:
        try:
            yield path
        except OutputError as error:  # names what the copy is called until it is whole
            raise OutputError(error.cause, target, remedy=ANOTHER) from error
        # As new files get them; those of mkstemp are for their owner alone.
        mask = os.umask(0)
        os.umask(mask)
        path.chmod(0o666 & ~mask)
        try:
            path.replace(target)
        except OSError as error:
            raise _unsaved(target, error) from error
    finally:
        path.unlink(missing_ok=True)


def _unsaved(target: Path, error: OSError) -> OutputError:
    return OutputError(f"The copy cannot be saved: {error.strerror}", target, remedy=ANOTHER)
