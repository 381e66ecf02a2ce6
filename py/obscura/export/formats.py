"""Formats: files of many records, written one record at a time with memory that does not grow.

=========  ========================================================================================
``text``   for people: a line per picture, and one per detection
``jsonl``  JSON Lines: a record a line, written at once (jsonlines.org)
``json``   one JSON document: the list of all records
``csv``    one line per detection, with the columns of all of them
``coco``   a file in COCO's format, with a ``score`` for each annotation
``yolo``   a folder: ``labels/`` with a text file for each picture, and ``data.yaml``
=========  ========================================================================================

A record is that of `export.records`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zlib import crc32

from obscura import places
from obscura.errors import ObscuraError
from obscura.export.coco import CocoFile
from obscura.export.csv_table import CsvTable
from obscura.export.errors import OutputError
from obscura.export.lines import Document, Lines, Writer
from obscura.export.spool import Spool
from obscura.export.yolo_folder import YoloFolder

KEPT = (KeyboardInterrupt, ObscuraError)
"""What ends a run with what was done so far kept."""


FORMATS: dict[str, Callable[[IO[str], Sequence[str]], Writer]] = {
    "jsonl": Lines,
    "json": Document,
    "csv": lambda out, labels: CsvTable(out, labels, Spool()),
    "coco": lambda out, labels: CocoFile(out, labels, Spool()),
}
"""What writes each format to one file."""
FOLDERS: dict[str, Callable[[Path, Sequence[str]], Writer]] = {"yolo": YoloFolder}
"""What writes each format to a folder."""
SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv"}
"""The format that the ending of a file stands for."""


@contextmanager
def writing(form: str, out: Path | None, labels: Sequence[str]) -> Iterator[Writer]:
    """Write records in a format.

    A file is written beside its place and put there at the end, so that none is left half done;
    JSON Lines are written in their place, where each record counts from when it is there.

    Args:
        form: one of `FORMATS` or `FOLDERS`.
        out: the file or folder; None for standard output.
        labels: names of the classes, by class_id.

    Raises:
        OutputError: it cannot be written.
        ValueError: the format needs a folder, and none is given.
    """
    if form in FOLDERS:
        if out is None:
            raise ValueError(f"{form}: wanted a folder, got none")
        with closed(FOLDERS[form](out, labels)) as writer:
            yield writer
    elif out is None:
        with closed(FORMATS[form](sys.stdout, labels)) as writer:
            yield writer
    else:
        with (
            placed(out, whole=form != "jsonl") as file,
            closed(FORMATS[form](file, labels)) as writer,
        ):
            yield writer


@contextmanager
def closed(writer: Writer) -> Iterator[Writer]:
    """Close a writer at the end, also after Ctrl-C or if the engine fails, as what was done is
    kept."""
    try:
        yield writer
    except OutputError:
        raise
    except KEPT:
        writer.close()
        raise
    writer.close()


@contextmanager
def placed(out: Path, *, whole: bool, remedy: str = OutputError.remedy) -> Iterator[IO[str]]:
    """Give a file to write text to; names that are not Unicode are written as escapes.

    Args:
        whole: whether it is put in its place at the end, as it is after Ctrl-C or if the engine
            fails; what was there before stays until then. A link stays one. What is no file, such
            as a pipe or ``/dev/null``, is written to where it is.
        remedy: what to do if it cannot be written.

    Raises:
        OutputError: it cannot be written.
    """
    place = Path(os.path.realpath(out))
    whole = whole and (places.is_file(place) or not places.exists(place))
    made = place
    try:
        if whole:
            made = beside(place)
        with made.open("w", encoding="utf-8", newline="", errors="backslashreplace") as file:
            try:
                yield file
            except OutputError:
                raise
            except KEPT:
                file.flush()
                if whole:
                    made.replace(place)
                raise
        if whole:
            made.replace(place)
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = f"The file cannot be written: {error.strerror}"
        raise OutputError(reason, out, remedy=remedy) from error
    finally:
        if made != place:
            made.unlink(missing_ok=True)


def beside(place: Path, suffix: str = ".part", *, same: bool = False) -> Path:
    """Make an empty file beside another, with the rights that new files get.

    Args:
        same: whether it is called the same each time, and so takes the place of one that was left
            when a process was killed; for what one process alone writes.
    """
    if same:
        number = crc32(os.fsencode(place.name))
        made = place.with_name(f".{place.name[:100]}.{number:08x}{suffix}")
        made.unlink(missing_ok=True)
        made.touch(exist_ok=False)
    else:
        handle, name = tempfile.mkstemp(suffix, f".{place.name[:100]}.", place.parent)
        os.close(handle)
        made = Path(name)
    mask = os.umask(0)
    os.umask(mask)
    made.chmod(place.stat().st_mode & 0o777 if places.exists(place) else 0o666 & ~mask)
    return made
