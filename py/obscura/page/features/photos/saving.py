"""Saving: what was found in many pictures as one file, and the pictures themselves if wanted. Pure
Python. The writers are those of the library."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import PurePath
from typing import IO, Any, NamedTuple, Protocol

from obscura import places
from obscura.export.packed import WRITERS, CocoZip
from obscura.export.records import to_record
from obscura.export.yolo import YoloZip, member
from obscura.page.features.photos.collection import Choice, Collection, Photo, State
from obscura.update import FrameInfo, Update

Record = dict[str, Any]


class Form(NamedTuple):
    """A kind of file that is saved."""

    ending: str
    """Of its name, without the first dot."""
    kind: str
    """Its media type."""
    pictures: bool = False
    """Whether the pictures are in it."""


ZIP = "application/zip"
PICTURES = "pictures"
"""The form that has the pictures and nothing else."""
FORMS = {
    "csv": Form("csv", "text/csv"),
    "jsonl": Form("jsonl", "application/jsonl"),
    "json": Form("json", "application/json"),
    "coco": Form("coco.json", "application/json"),
    "yolo": Form("yolo.zip", ZIP),
    "coco-pictures": Form("coco.zip", ZIP, pictures=True),
    "yolo-pictures": Form("yolo.zip", ZIP, pictures=True),
    PICTURES: Form("pictures.zip", ZIP, pictures=True),
}


class Writer(Protocol):
    """Writes pictures, and what is in them, to a file."""

    def write(self, record: Record, picture: bytes | None = None, ending: str = "") -> None: ...
    def close(self) -> None:
        """Write what belongs at the end."""

    def discard(self) -> None:
        """Give up."""


def wanted(collection: Collection, numbers: Iterable[int], form: str) -> list[int]:
    """Return which of these pictures a form has: those with an answer; all where it is the
    pictures alone."""
    done = (State.DONE,) if form != PICTURES else tuple(State)
    return [number for number in numbers if collection.photos[number].state in done]


def record(collection: Collection, number: int, choice: Choice) -> Record:
    """Return what is shown of a picture as a record of `export.records`, by its path; without an
    answer it has the path alone."""
    photo = collection.photos[number]
    if photo.state is not State.DONE:
        return {"source": photo.path}
    found = collection.contents(number, choice)
    update = Update(FrameInfo(0, 0.0, *photo.size), found)
    return to_record(update, collection.labels, source=photo.path, model=collection.model)


async def write(
    form: str,
    items: Iterable[tuple[Photo, Record]],
    labels: Sequence[str],
    out: IO[bytes],
    *,
    read: Callable[[Any], Awaitable[bytes]],
    step: Callable[[], Awaitable[None]],
) -> int:
    """Write pictures and what is in them.

    Args:
        form: one of `FORMS`.
        out: is written to from its beginning to its end; it needs no `seek`.
        read: returns the contents of a picture's file.
        step: awaited after each picture; what it raises ends this.

    Returns:
        How many pictures could not be read any more. They are left out; what was found in them is
        not.
    """
    writer, missing = _writer(form, out, labels), 0
    try:
        for photo, found in items:
            picture = None
            if FORMS[form].pictures:
                try:
                    picture = await read(photo.file)
                except Exception:  # noqa: BLE001  (what browsers throw for files that are gone)
                    missing += 1
            writer.write(found, picture, PurePath(photo.path).suffix)
            await step()
        writer.close()
    except BaseException:
        writer.discard()
        raise
    return missing


def _writer(form: str, out: IO[bytes], labels: Sequence[str]) -> Writer:
    if form == PICTURES:
        return _PicturesZip(out)
    if form.startswith("yolo"):
        return YoloZip(out, labels)
    if form == "coco-pictures":
        return CocoZip(out, labels)
    return _Text(form, out, labels)


class _Text:
    """Writes a file of text."""

    def __init__(self, form: str, out: IO[bytes], labels: Sequence[str]) -> None:
        self._text = io.TextIOWrapper(out, "utf-8", "backslashreplace", newline="")
        self._writer = WRITERS[form](self._text, labels)

    def write(self, record: Record, picture: bytes | None = None, ending: str = "") -> None:  # noqa: ARG002
        self._writer.write(record)

    def close(self) -> None:
        self._writer.close()
        self.discard()

    def discard(self) -> None:
        self._text.flush()
        self._text.detach()  # so that it does not close the file


class _PicturesZip:
    """Writes pictures by their paths. Two of one path, as of two folders that were added one after
    the other, get names of their own."""

    def __init__(self, out: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(out, "w")
        self._names: set[str] = set()

    def write(self, record: Record, picture: bytes | None = None, ending: str = "") -> None:
        if picture is None:
            return
        path = str(record["source"]).encode("utf-8", "backslashreplace").decode()
        stem, number, name = path.removesuffix(ending), 1, path
        while places.folded(name) in self._names:
            number += 1
            name = f"{stem}-{number}{ending}"
        self._names.add(places.folded(name))
        self._zip.writestr(member(name), picture)

    def close(self) -> None:
        self._zip.close()

    def discard(self) -> None:
        with suppress(Exception):  # the reason why it is given up, once more
            self._zip.close()
