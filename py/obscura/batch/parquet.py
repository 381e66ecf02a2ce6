"""Parquet: a shard as a table, with a row per record."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from obscura.detections import ATTRIBUTES
from obscura.export.records import DETECTION_FIELDS
from obscura.extras import need

_WHAT, _INSTALL = "Parquet is written with pyarrow", "obscura[batch]"
FAILURES = "failures"
_ROWS = 1000
"""Records that are in memory at a time."""


def pyarrow() -> Any:
    """Return pyarrow.

    Raises:
        ToolMissing: it is not installed.
    """
    return need("pyarrow", _WHAT, _INSTALL)


def schema() -> Any:
    """Return the columns: the fields of a record (`export.records`), ``attributes`` and
    ``failures`` as JSON.

    Raises:
        ToolMissing: pyarrow is not installed.
    """
    pa = pyarrow()
    kinds = {"label": pa.string(), "class_id": pa.int32()}
    box = [(name, kinds.get(name, pa.float64())) for name in DETECTION_FIELDS]
    point = pa.list_(pa.float64())
    more = [("track_id", pa.int64()), ("keypoints", pa.list_(point)), (ATTRIBUTES, pa.string())]
    return pa.schema(
        [
            *(("source", pa.string()), ("model", pa.string()), ("frame", pa.int64())),
            *(("time_s", pa.float64()), ("width", pa.int32()), ("height", pa.int32())),
            ("detections", pa.list_(pa.struct([*box, *more]))),
            *((ATTRIBUTES, pa.string()), (FAILURES, pa.string())),
        ]
    )


def write_parquet(lines: Path, target: Path) -> None:
    """Write JSON Lines as Parquet, under a temporary name first.

    Raises:
        ToolMissing: pyarrow is not installed. OSError: it cannot be written.
    """
    pa, columns = pyarrow(), schema()
    parquet = need("pyarrow.parquet", _WHAT, _INSTALL)
    unfinished = target.with_suffix(".parquet.part")
    with unfinished.open("wb") as file:
        with parquet.ParquetWriter(file, columns) as writer:
            for rows in _batches(lines):
                writer.write_table(pa.Table.from_pylist(rows, schema=columns))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(target)


def _batches(lines: Path) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    with lines.open(encoding="utf-8") as file:
        for text in file:
            rows.append(_row(json.loads(text)))
            if len(rows) == _ROWS:
                yield rows
                rows = []
    if rows:
        yield rows


def _row(record: dict[str, Any]) -> dict[str, Any]:
    for each in (record, *record["detections"]):
        for name in each.keys() & {ATTRIBUTES, FAILURES}:
            each[name] = json.dumps(each[name], ensure_ascii=False)
    return record
