"""Writing: results as files of each format, a part at a time, so that the page goes on. Pure
Python. The writers are those of the library."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from obscura.counting import Shapes
from obscura.counting.report import document
from obscura.export.events import to_line
from obscura.export.packed import WRITERS, CocoZip, Packed
from obscura.export.session import About, SessionWriter
from obscura.export.yolo import YoloZip
from obscura.page.features.export.replaying import Chosen, Happened
from obscura.page.live.results import Head, Results
from obscura.tracking import Tracker

TURN_MS = 12.0
"""For how long the page's thread is held at most, about."""
ENDINGS = {
    "jsonl": "jsonl",
    "csv": "csv",
    "coco": "coco.json",
    "yolo": "yolo.zip",
    "events": "events.jsonl",
    "counts": "counts.json",
    "session": "session.zip",
}
"""Of the names of files."""
TYPES = {
    "jsonl": "application/jsonl",
    "csv": "text/csv",
    "json": "application/json",
    "zip": "application/zip",
}
"""Media types, by the last part of the ending."""
JPEG = ".jpg"
OWN_FACTS = ("drawn", "first_s", "key", "size", "title")
"""What results know of their source that is not for sessions."""

Record = dict[str, Any]


class CancelledExport(Exception):
    """A person has cancelled an export."""


class Writer(Protocol):
    """Writes records."""

    def write(self, record: Record) -> None: ...
    def close(self) -> None:
        """Write what belongs at the end."""


@dataclass(frozen=True)
class Wanted:
    """What is to be written.

    Attributes:
        threshold: the lowest score, 0 to 1.
        classes: class_ids; None for all.
        tracker: makes a tracker with the options for the threshold; None if objects are not
            followed.
        always: does the same for what needs tracks.
        shapes: lines and zones.
        facts: of the source, which its results do not have yet.
        picture: returns the JPEG file of the frame at a time in seconds, None if there is none;
            asked in the order of times. None if pictures are not wanted.
    """

    threshold: float
    classes: Collection[int] | None
    tracker: Callable[[], Tracker] | None
    always: Callable[[], Tracker]
    shapes: Shapes
    facts: dict[str, Any]
    picture: Callable[[float], Awaitable[bytes | None]] | None = None

    def chosen(self, head: Head) -> Chosen:
        """Return what chooses the rows of records."""
        tracker = None if self.tracker is None else self.tracker()
        return Chosen(head.labels, self.threshold, self.classes, tracker)


class Turns:
    """Reads records, and gives the page its turn between them."""

    def __init__(
        self,
        results: Results,
        *,
        now_ms: Callable[[], float],
        progress: Callable[[float], None],
        cancelled: Callable[[], bool],
    ) -> None:
        """
        Args:
            progress: receives the part that is done, 0 to 1.
            cancelled: whether a person has cancelled.
        """
        self._results, self._now_ms = results, now_ms
        self._progress, self._cancelled = progress, cancelled

    async def __aiter__(self) -> AsyncIterator[Record]:
        """Yield all records in order.

        Raises:
            CancelledExport: a person has cancelled. As `Results.records`.
        """
        begun_ms, number = self._now_ms(), 0
        frames = max(len(self._results), 1)
        async for record in self._results.records():
            yield record
            number += 1
            if self._now_ms() - begun_ms > TURN_MS:
                self._progress(number / frames)
                await asyncio.sleep(0)
                if self._cancelled():
                    raise CancelledExport
                begun_ms = self._now_ms()


def ending(form: str, *, pictures: bool = False) -> str:
    """Return how the name of a file of a format ends, without the first dot.

    Args:
        pictures: whether it has the pictures.
    """
    return "coco.zip" if form == "coco" and pictures else ENDINGS[form]


def media_type(name: str) -> str:
    """Return the media type of a file by the end of its name."""
    return TYPES[name.rpartition(".")[2]]


async def write(form: str, turns: Turns, head: Head, wanted: Wanted, out: BinaryIO) -> int:
    """Write results in a format.

    Args:
        form: one of `ENDINGS`.
        turns: reads the records.
        head: of the results.
        out: is written to from its beginning to its end.

    Returns:
        How many frames, or events, were written.

    Raises:
        As `Turns`.
    """
    if form == "session":
        return await _session(turns, head, wanted, out)
    if form in ("events", "counts"):
        return await _happened(form, turns, head, wanted, out)
    if form == "yolo":
        return await _archived(YoloZip(out, head.labels), turns, head, wanted)
    if form == "coco" and wanted.picture is not None:
        return await _archived(CocoZip(out, head.labels), turns, head, wanted)
    text = io.TextIOWrapper(out, "utf-8", "backslashreplace", newline="")
    try:
        return await _records(WRITERS[form](text, head.labels), turns, head, wanted)
    finally:
        text.flush()
        text.detach()  # so that it does not close the file


async def _archived(archive: YoloZip | CocoZip, turns: Turns, head: Head, wanted: Wanted) -> int:
    """Write records into an archive, with the pictures if they are wanted."""
    chosen, count = wanted.chosen(head), 0
    try:
        async for record in turns:
            picture = None if wanted.picture is None else await wanted.picture(record["time_s"])
            archive.write(chosen.of(record), picture, JPEG)
            count += 1
        archive.close()
        return count
    except BaseException:
        archive.discard()
        raise


async def _records(writer: Writer, turns: Turns, head: Head, wanted: Wanted) -> int:
    chosen, count = wanted.chosen(head), 0
    async for record in turns:
        writer.write(chosen.of(record))
        count += 1
    writer.close()
    return count


async def _happened(form: str, turns: Turns, head: Head, wanted: Wanted, out: BinaryIO) -> int:
    happened = Happened(head.labels, wanted.shapes, wanted.always(), wanted.classes)
    count = 0
    async for record in turns:
        events = happened.of(record)
        count += len(events)
        if form == "events":
            out.write("".join(map(to_line, events)).encode())
    rest = happened.end()
    if form == "events":
        out.write("".join(map(to_line, rest)).encode())
        return count + len(rest)
    counts = json.dumps(document(happened.counter, head.labels), ensure_ascii=False, indent=1)
    out.write((counts + "\n").encode())
    return count + len(rest)


async def _session(turns: Turns, head: Head, wanted: Wanted, out: BinaryIO) -> int:
    happened = Happened(head.labels, wanted.shapes, wanted.always(), None)
    writer, events, count = SessionWriter(out), Packed(), 0
    size = (0, 0)
    try:
        async for record in turns:
            writer.add(record)
            for event in happened.of(record):
                events.add(event)
            size = record["width"], record["height"]
            count += 1
        for event in happened.end():
            events.add(event)
        facts = {key: value for key, value in head.source.items() if key not in OWN_FACTS}
        source = {"name": head.name, "width": size[0], "height": size[1], **facts, **wanted.facts}
        model = {"name": head.model, "labels": head.labels}
        if "title" in head.source:
            model["title"] = head.source["title"]
        about = About(source, model, head.settings, head.least, count, head.complete)
        writer.close(about, wanted.shapes, events)
    except BaseException:
        writer.discard()
        raise
    finally:
        events.close()
    return count
