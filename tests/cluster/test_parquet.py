"""Parquet files: what a record has that is no plain column is JSON text."""

from __future__ import annotations

import json
from pathlib import Path

from pyarrow import parquet

from obscura.batch.parquet import write_parquet

DETECTION = {
    "label": "car",
    "class_id": 2,
    "score": 0.5,
    "x1": 1.0,
    "y1": 2.0,
    "x2": 3.0,
    "y2": 4.0,
}
FRAME = {"source": "a.png", "model": "m", "frame": 0, "time_s": 0.0, "width": 8, "height": 6}


def test_attributes_and_failures_are_text(tmp_path: Path) -> None:
    colour = {"colour": {"label": "red", "score": 1.0}}
    plain = {**FRAME, "detections": [DETECTION]}
    rich = {**FRAME, "detections": [{**DETECTION, "attributes": colour}]}
    rich |= {"attributes": colour, "failures": {"pose": "It failed."}}
    lines = tmp_path / "shard.jsonl"
    lines.write_text("".join(f"{json.dumps(each)}\n" for each in (plain, rich)), encoding="utf-8")

    write_parquet(lines, tmp_path / "shard.parquet")

    first, second = parquet.read_table(tmp_path / "shard.parquet").to_pylist()
    assert (first["attributes"], first["failures"]) == (None, None)
    assert first["detections"][0].items() >= DETECTION.items()
    assert json.loads(second["attributes"]) == colour
    assert json.loads(second["detections"][0]["attributes"]) == colour
    assert json.loads(second["failures"]) == {"pose": "It failed."}
