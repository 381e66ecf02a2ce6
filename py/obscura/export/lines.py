"""JSON Lines and JSON: files of many records, written one record at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import IO, Any, Protocol

Record = dict[str, Any]


class Writer(Protocol):
    """Writes records."""

    def write(self, record: Record) -> None: ...
    def close(self) -> None:
        """Write what belongs at the end."""


class Waiting(Protocol):
    """Keeps values of JSON types, in order, until all are known."""

    def add(self, value: Any) -> None: ...
    def __iter__(self) -> Iterator[Any]: ...
    def close(self) -> None:
        """Forget them."""


class Lines:
    """JSON Lines: each record is there once `write` has returned."""

    def __init__(self, out: IO[str], _labels: Sequence[str]) -> None:
        self._out = out

    def write(self, record: Record) -> None:
        """Write a record."""
        self._out.write(as_json(record, self._out) + "\n")
        self._out.flush()

    def close(self) -> None:
        """Nothing belongs at the end."""


class Document:
    """One JSON document, a list with a line per record."""

    def __init__(self, out: IO[str], _labels: Sequence[str]) -> None:
        self._out, self._any = out, False

    def write(self, record: Record) -> None:
        """Write a record."""
        self._out.write((",\n" if self._any else "[\n") + as_json(record, self._out))
        self._any = True

    def close(self) -> None:
        """End the list."""
        self._out.write("\n]\n" if self._any else "[]\n")


def as_json(value: Any, out: IO[str]) -> str:
    """Return a value as JSON on one line; letters that the output cannot encode are escaped."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode(getattr(out, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(value)
    return text
