"""Output of ``detect`` and ``track``: for people on the terminal, or in a format."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from obscura import places
from obscura.cli.detector import as_text
from obscura.cli.errors import UsageError
from obscura.cli.plain import plain
from obscura.export.formats import FOLDERS, SUFFIXES, closed, placed, writing
from obscura.export.lines import Writer
from obscura.pictures import SUFFIXES as PICTURES
from obscura.sources.listing import VIDEOS

ANOTHER = "Name another file with --out."


@contextmanager
def opened_output(arguments: argparse.Namespace, labels: Sequence[str]) -> Iterator[Writer]:
    """Return what writes records as ``--format`` and ``--out`` say.

    Raises:
        UsageError: they exclude each other. OutputError: the file cannot be written.
    """
    out = Path(arguments.out) if arguments.out else None
    form = arguments.format or (SUFFIXES.get(out.suffix.lower(), "text") if out else "text")
    if form in FOLDERS and out is None:
        raise UsageError(f"--format {form} writes a folder", remedy="Name one with --out.")
    if form not in FOLDERS and out is not None:
        _check(out, arguments.sources)
    if form != "text":
        with writing(form, out, labels) as writer:
            yield writer
    elif out is None:
        with closed(Table(sys.stdout)) as table:
            yield table
    else:
        with placed(out, whole=True) as file, closed(Table(file)) as table:
            yield table


def _check(out: Path, sources: Sequence[str]) -> None:
    """Refuse to write where something lies that is not a result.

    Raises:
        UsageError: it is a folder, or what is read, or looks like a picture, a video or a model.
    """
    if places.is_dir(out):
        raise UsageError("This is a folder", out, remedy="Name a file with --out.")
    read = (Path(word.removeprefix("@")) for word in sources)
    if places.exists(out) and any(places.exists(path) and path.samefile(out) for path in read):
        raise UsageError("The result would overwrite what is read", out, remedy=ANOTHER)
    if out.suffix.lower() in PICTURES | VIDEOS | {".onnx", ".toml"}:
        raise UsageError(
            "A result is text, and this is the name of another kind", out, remedy=ANOTHER
        )


class Table:
    """Writes a line for each picture, and one for each detection."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out

    def write(self, record: dict[str, Any]) -> None:
        """Write a record."""
        rows = record["detections"]
        saved = f", saved as {record['saved']}" if "saved" in record else ""
        moment = f" at {record['time_s']:.2f} s" if record["frame"] else ""
        self._line(f"{record['source']}{moment}: {len(rows) or 'nothing'} found{saved}")
        if scene := record.get("attributes"):
            self._line(f"  {as_text(scene)}")
        column = max((len(row["label"]) for row in rows), default=0)
        for row in rows:
            x1, y1, x2, y2 = (round(row[edge]) for edge in ("x1", "y1", "x2", "y2"))
            track = f"  #{row['track_id']}" if row.get("track_id") is not None else ""
            known = as_text(row.get("attributes", {}))
            line = f"  {row['label']:<{column}}  {row['score']:>4.0%}  ({x1}, {y1}) to ({x2}, {y2})"
            self._line(f"{line}{track}  {known}".rstrip())

    def _line(self, text: str) -> None:
        self._out.write(plain(text) + "\n")

    def close(self) -> None:
        """Nothing belongs at the end."""
