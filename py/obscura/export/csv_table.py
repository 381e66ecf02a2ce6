"""CSV of many records (RFC 4180), with the columns that any of their detections has."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import IO, Any

from obscura.export.lines import Waiting
from obscura.export.records import DETECTION_FIELDS, FRAME_FIELDS, cell, columns


class CsvTable:
    """Writes the table at its end, because only then all columns are known."""

    def __init__(self, out: IO[str], _labels: Sequence[str], waiting: Waiting) -> None:
        """
        Args:
            waiting: where the lines wait for the end.
        """
        self._out, self._waiting = out, waiting
        self._tracked = False
        self._further: dict[str, None] = {}

    def write(self, record: dict[str, Any]) -> None:
        """Add the detections of a record."""
        frame = [record[name] for name in FRAME_FIELDS]
        for row in record["detections"]:
            self._tracked = self._tracked or "track_id" in row
            further = columns(row)
            self._further.update(dict.fromkeys(further))
            own = [row[name] for name in DETECTION_FIELDS]
            self._waiting.add([[*frame, *own], row.get("track_id"), further])

    def close(self) -> None:
        """Write the table."""
        writer = csv.writer(self._out)
        tracks = ["track_id"] if self._tracked else []
        writer.writerow([*FRAME_FIELDS, *DETECTION_FIELDS, *tracks, *self._further])
        for fields, track, further in self._waiting:
            own = [fields, [track] if self._tracked else [], map(further.get, self._further)]
            writer.writerow([cell(value) for part in own for value in part])
        self._waiting.close()
