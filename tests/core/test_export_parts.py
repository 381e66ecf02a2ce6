"""Parts of the formats: values that wait in memory, and YOLO's files in an archive."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from obscura.export.coco import CocoFile
from obscura.export.csv_table import CsvTable
from obscura.export.formats import FORMATS, writing
from obscura.export.lines import Waiting
from obscura.export.packed import CHUNK, Packed
from obscura.export.spool import Spool
from obscura.export.yolo import YoloZip

LABELS = ("person", 'a "b"')
BOX = {"label": "person", "class_id": 0, "score": 0.5, "x1": 8, "y1": 4, "x2": 24, "y2": 36}


def record(source: str, frame: int = 0, **further: Any) -> dict[str, Any]:
    facts = {"source": source, "model": "m", "frame": frame, "time_s": frame / 10}
    return {**facts, "width": 64, "height": 48, "detections": [{**BOX, **further}]}


RECORDS = [
    record("street.mp4", 0),
    record("street.mp4", 1, track_id=7),
    record("ärger.mp4", 0, attributes={"age": 31}),
]


@pytest.mark.parametrize("make", [Packed, Spool])
@pytest.mark.parametrize(
    "values",
    [[], [{"a": "ä\n"}], [list(range(1000))] * 100, ["x" * (3 * CHUNK)]],
    ids=["none", "one", "many", "long"],
)
def test_values_come_in_order_and_again(make: type[Any], values: list[Any]) -> None:
    waiting: Waiting = make()
    for value in values:
        waiting.add(value)

    assert [*waiting] == values
    waiting.add("later")
    assert [*waiting] == [*values, "later"]
    waiting.close()


@pytest.mark.parametrize(("form", "kind"), [("csv", CsvTable), ("coco", CocoFile)])
def test_text_is_the_same_wherever_values_wait(form: str, kind: type[Any]) -> None:
    out, in_memory = io.StringIO(newline=""), io.StringIO(newline="")
    for writer in (FORMATS[form](out, LABELS), kind(in_memory, LABELS, Packed())):
        for each in RECORDS:
            writer.write(each)
        writer.close()

    assert out.getvalue() == in_memory.getvalue() != ""


def members(archive: io.BytesIO) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


def test_yolo_is_the_same_as_folder_and_archive(tmp_path: Path) -> None:
    out = io.BytesIO()
    archive = YoloZip(out, LABELS)
    with writing("yolo", tmp_path, LABELS) as folder:
        for each in [*RECORDS, record("other/street.jpg")]:
            folder.write(each)
            archive.write(each)
    archive.close()

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert members(out) == {
        path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in files
    }
    assert len(files) == 5


def test_pictures_lie_beside_their_boxes() -> None:
    out = io.BytesIO()
    archive = YoloZip(out, LABELS)
    archive.write(RECORDS[1], b"pixels", ".jpg")
    archive.close()

    found = members(out)
    assert found["images/street-1.jpg"] == b"pixels"
    assert found["labels/street-1.txt"] == b"0 0.250000 0.416667 0.250000 0.666667\n"
