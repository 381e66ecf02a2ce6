"""Saving: what was found in many pictures as one file."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Sequence
from typing import Any

from obscura.export.packed import WRITERS
from obscura.export.records import to_record
from obscura.page.browser import sharing
from obscura.page.features.photos.collection import Choice, Collection
from obscura.update import FrameInfo, Update

KINDS = {
    "csv": ("text/csv", "csv"),
    "jsonl": ("application/jsonl", "jsonl"),
    "json": ("application/json", "json"),
    "coco": ("application/json", "coco.json"),
}
"""Media type and ending of each format."""


def record(collection: Collection, number: int, choice: Choice) -> dict[str, Any]:
    """Return what is shown of a picture as a record of `export.records`, by its path."""
    photo = collection.photos[number]
    found = collection.contents(number, choice)
    update = Update(FrameInfo(0, 0.0, *photo.size), found)
    return to_record(update, collection.labels, source=photo.path, model=collection.model)


def save(records: Iterable[dict[str, Any]], labels: Sequence[str], form: str) -> str:
    """Save records in a format; return the name of the file."""
    kind, ending = KINDS[form]
    out = io.StringIO(newline="")
    writer = WRITERS[form](out, labels)
    for each in records:
        writer.write(each)
    writer.close()
    name = f"{time.strftime('obscura-%Y-%m-%d-%H%M%S')}.{ending}"
    sharing.save(sharing.text_blob(out.getvalue(), kind), name)
    return name
