"""Spool: records that wait on disk for what can be written only once all of them are known."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from typing import Any


class Spool:
    """Values on disk, in order; the file is gone once it is closed or the process ends."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8", prefix="obscura-")  # noqa: SIM115  (closed by `close`)

    def add(self, value: Any) -> None:
        """Add a value of JSON types."""
        self._file.write(json.dumps(value) + "\n")

    def __iter__(self) -> Iterator[Any]:
        self._file.seek(0)
        for line in self._file:
            yield json.loads(line)

    def close(self) -> None:
        """Delete them."""
        self._file.close()
