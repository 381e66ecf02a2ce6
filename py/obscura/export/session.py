"""Sessions: what was found in a source, as one file that replays over its video.

A session is a zip archive (PKWARE's, deflated) with four members:

=================  =================================================================================
``session.json``   what the source, the model and the settings were (`About`), and ``format``
``shapes.json``    lines and zones (`counting.shapes`), relative to the picture
``updates.jsonl``  a record per frame (`export.records`), in the order of their times, with all rows
                   down to the score ``least``
``events.jsonl``   what happened (`export.events`), one event per line
=================  =================================================================================

Files come from strangers: members are read line by line within bounds, nothing is unpacked to disk,
and what is not as described is refused in words.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import IO, Any

import numpy as np

from obscura.counting.shapes import Shapes
from obscura.counting.shapes import from_json as shapes_from_json
from obscura.counting.shapes import to_json as shapes_to_json
from obscura.errors import ObscuraError
from obscura.export.reading import RecordsError, from_record, read_lines
from obscura.export.records import to_record
from obscura.export.yolo import member
from obscura.tracking import Tracker
from obscura.update import Update

FORMAT = 1
ABOUT, SHAPES, UPDATES, EVENTS = "session.json", "shapes.json", "updates.jsonl", "events.jsonl"
MEMBERS = (ABOUT, SHAPES, UPDATES, EVENTS)
MOST_MEMBERS = 100
"""Members that are listed at most, also those that are not read."""
MOST_SMALL = 4 << 20
"""Bytes of ``session.json`` and of ``shapes.json``, unpacked."""
MOST_LINE = 4 << 20
"""Bytes of a line, unpacked."""
MOST_BYTES = 8 << 30
"""Bytes of a member of lines, unpacked: hours of a crowded street."""
MOST_LABELS = 100_000

Record = dict[str, Any]


class SessionError(ObscuraError):
    """A file is not a session, or is damaged."""

    code = "session"
    remedy = "Save the session again."


@dataclass(frozen=True)
class About:
    """What a session says of itself. All values are plain JSON types.

    Attributes:
        source: ``name``, ``kind`` ("video", "camera" or "pictures"), ``width`` and ``height`` in
            pixels, and of a file ``bytes``, ``sha256`` (hexadecimal) and ``duration_s``.
        model: ``name``, and ``labels``: the names of the classes, by class_id.
        settings: those that were in force, such as ``threshold``.
        least: the lowest score of rows that were kept, 0 to 1.
        frames: how many there are.
        complete: whether all frames of the source are there.

    Raises:
        SessionError: a value is not valid; the message names it.
    """

    source: dict[str, Any]
    model: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)
    least: float = 0.0
    frames: int = 0
    complete: bool = False

    def __post_init__(self) -> None:
        for name in ("source", "model", "settings"):
            if not isinstance(getattr(self, name), dict):
                raise SessionError(f'"{name}" is not an object')
        for table, key in ((self.source, "name"), (self.model, "name")):
            if not isinstance(table.get(key), str):
                raise SessionError(f'"{key}" of the source or the model is not text')
        labels = self.model.get("labels")
        texts = isinstance(labels, list) and all(isinstance(each, str) for each in labels)
        if not texts or len(self.model["labels"]) > MOST_LABELS:
            raise SessionError("The names of the model's classes are not a list of text")
        if not _is_number(self.least) or not 0 <= self.least <= 1:
            raise SessionError('"least" is not a number from 0 to 1', repr(self.least)[:40])
        if type(self.frames) is not int or self.frames < 0:
            raise SessionError('"frames" is not a number from 0', repr(self.frames)[:40])

    @property
    def labels(self) -> list[str]:
        """Names of the classes, by class_id."""
        labels: list[str] = self.model["labels"]
        return labels


class SessionWriter:
    """Writes a session, record by record; memory does not grow."""

    def __init__(self, out: IO[bytes]) -> None:
        """
        Args:
            out: is written to from its beginning to its end; it needs no `seek`.
        """
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)
        self._lines = self._zip.open(_member(UPDATES), "w", force_zip64=True)
        self._frames = 0

    def add(self, record: Record) -> None:
        """Write the record of a frame, which is later than those before it."""
        self._lines.write(_line(record))
        self._frames += 1

    def close(self, about: About, shapes: Shapes, events: Iterable[Record] = ()) -> None:
        """Write the rest.

        Args:
            about: its ``frames`` become the number of records that were added.
            shapes: lines and zones.
            events: as `export.events.to_record` returns them, in their order.
        """
        self._lines.close()
        with self._zip.open(_member(EVENTS), "w", force_zip64=True) as lines:
            for event in events:
                lines.write(_line(event))
        self._zip.writestr(_member(SHAPES), shapes_to_json(shapes) + "\n")
        facts = {"format": FORMAT, **asdict(about), "frames": self._frames}
        self._zip.writestr(_member(ABOUT), json.dumps(facts, ensure_ascii=False, indent=1) + "\n")
        self._zip.close()

    def discard(self) -> None:
        """Give up: what was written is no session."""
        with suppress(Exception):  # the reason why it is given up, once more
            self._lines.close()
        with suppress(Exception):
            self._zip.close()


class Session:
    """A session that is read from a file. `close` it, or use it in a ``with`` statement.

    Attributes:
        about: what it says of itself.
        shapes: lines and zones, relative to the picture.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """
        Args:
            file: is closed with the session.

        Raises:
            SessionError: it is not a session, or damaged; also while its parts are read.
        """
        self._file = file
        with _refusing():
            self._zip = zipfile.ZipFile(file)
            names = [info.filename for info in self._zip.infolist()[: MOST_MEMBERS + 1]]
            if len(names) > MOST_MEMBERS or not {ABOUT, UPDATES} <= {*names}:
                raise SessionError("This is not a session of Obscura")
            self.about = _about(self._small(ABOUT))
            self.shapes = shapes_from_json(self._small(SHAPES)) if SHAPES in names else Shapes()
            self._has_events = EVENTS in names

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._zip.close()
        self._file.close()

    def records(self) -> Iterator[Record]:
        """Yield the record of each frame in order, with the fields of `export.records` and no
        others.

        Raises:
            SessionError: a part is damaged, a frame is not later than the one before, or a class
                has no name. RecordsError: a record cannot be read.
        """
        about, last_s = self.about, float("-inf")
        for number, given in enumerate(self._lines(UPDATES)):
            update = from_record(given)
            if update.frame.time_s <= last_s or number >= about.frames:
                raise SessionError("The frames of the session are not in order")
            last_s = update.frame.time_s
            yield _clean(update, about)

    def updates(self) -> Iterator[Update]:
        """Yield each frame in order, with all rows that were kept. Errors as `records`."""
        for record in self.records():
            yield from_record(record)

    def at(
        self,
        threshold: float,
        *,
        classes: Collection[int] | None = None,
        tracker: Tracker | None = None,
    ) -> Iterator[Update]:
        """Yield each frame as it looks at another threshold, without any inference.

        Args:
            threshold: the lowest score shown, 0 to 1, and not below ``about.least``.
            classes: the class_ids shown; None for all.
            tracker: follows the objects again; its options are to be those of the threshold
                (`Tracker.use_card`, `Tracker.set_threshold`). None leaves out rows only.

        Raises:
            ValueError: rows of that score were not kept. Else as `records`.
        """
        if not self.about.least <= threshold <= 1:
            raise ValueError(f"threshold: wanted {self.about.least} to 1, got {threshold}")
        for update in self.updates():
            yield shown(update, threshold, classes, tracker)

    def events(self) -> Iterator[Record]:
        """Yield what happened, as `export.events.to_record` has it. Errors as `records`."""
        if self._has_events:
            yield from self._lines(EVENTS)

    def _small(self, name: str) -> bytes:
        with self._zip.open(name) as member:
            data = member.read(MOST_SMALL + 1)
        if len(data) > MOST_SMALL:
            raise SessionError(f"{name} in the session is too long")
        return data

    def _lines(self, name: str) -> Iterator[Record]:
        with _refusing(), self._zip.open(name) as member:
            yield from read_lines(_bounded(member, name))


def shown(
    update: Update,
    threshold: float,
    classes: Collection[int] | None = None,
    tracker: Tracker | None = None,
) -> Update:
    """Return what is shown of a frame; see `Session.at`. Call it once per frame, in order."""
    if tracker is not None:
        return tracker.visible(tracker.update(update), threshold, classes)
    found = update.detections
    rows = found.score >= np.float32(threshold)
    if classes is not None:
        # Not np.isin, which needs a part of numpy that the page does not have.
        rows &= np.array([each in classes for each in found.class_id.tolist()], bool)
    return Update(update.frame, found[rows])


def is_session(listing: bytes) -> bool:
    """Whether a zip archive is a session.

    Args:
        listing: the end of the file, where archives list their members.
    """
    return all(name.encode() in listing for name in (ABOUT, UPDATES)) and b"PK\1\2" in listing


def _clean(update: Update, about: About) -> Record:
    """Return the record of an update, written once more: files of strangers hold anything."""
    found = update.detections
    if len(found) and int(found.class_id.max()) >= len(about.labels):
        raise SessionError("A class in the session has no name", int(found.class_id.max()))
    try:
        return to_record(
            update, about.labels, source=about.source["name"], model=about.model["name"]
        )
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise RecordsError(f"A record cannot be read: {error}") from error


def _about(data: bytes) -> About:
    try:
        table = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SessionError(f"{ABOUT} in the session is no JSON", str(error)[:80]) from error
    if not isinstance(table, dict) or table.pop("format", None) != FORMAT:
        raise SessionError(
            "This session is of a version that is not known here",
            remedy="Use the newest version of Obscura.",
        )
    known = {name: table[name] for name in About.__dataclass_fields__ if name in table}
    try:
        return About(**known)
    except TypeError as error:
        raise SessionError(f"{ABOUT} in the session lacks a part", error) from error


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn what a damaged archive raises into `SessionError`."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise SessionError("The session is damaged", error) from error
    # Of archives with passwords, and of methods that are not deflation.
    except (RuntimeError, NotImplementedError) as error:
        raise SessionError("The session is packed in another way", error) from error
    except UnicodeDecodeError as error:
        raise SessionError("The session is not UTF-8", error) from error


def _bounded(member: IO[bytes], name: str) -> Iterator[str]:
    total = 0
    while line := member.readline(MOST_LINE + 1):
        total += len(line)
        if len(line) > MOST_LINE or total > MOST_BYTES:
            raise SessionError(f"{name} in the session is too long")
        yield line.decode()


def _line(record: Record) -> bytes:
    return (json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def _member(name: str) -> zipfile.ZipInfo:
    return member(name, zipfile.ZIP_DEFLATED)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
