"""Formats that records are written in, one after another."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from obscura.cli.errors import exit_code
from obscura.errors import BackendError
from obscura.export import records
from obscura.export.errors import OutputError, WouldReplace
from obscura.export.formats import FOLDERS, FORMATS, writing

LABELS = ("cat", "=dog")


def record(source: str = "a.jpg", frame: int = 0, **more: Any) -> dict[str, Any]:
    """Return a record with a cat in it."""
    box = {"x1": 10.0, "y1": 20.0, "x2": 50.0, "y2": 100.0}
    row = {"label": "cat", "class_id": 0, "score": 0.5, **box, **more}
    about = {"source": source, "model": "m", "frame": frame, "time_s": 0.0}
    return {**about, "width": 100, "height": 200, "detections": [row]}


def empty(source: str) -> dict[str, Any]:
    """Return a record without detections."""
    return {**record(source), "detections": []}


def written(form: str, *given: dict[str, Any]) -> str:
    """Return what is written of records."""
    out = io.StringIO()
    writer = FORMATS[form](out, LABELS)
    for each in given:
        writer.write(each)
    writer.close()
    return out.getvalue()


@pytest.mark.parametrize("given", [[], [record()], [record(), empty("b.jpg"), record("c.jpg")]])
def test_json_and_json_lines_give_the_records_back(given: list[dict[str, Any]]) -> None:
    assert json.loads(written("json", *given)) == given
    assert [json.loads(line) for line in written("jsonl", *given).splitlines()] == given


def test_csv_of_one_record_is_that_of_records() -> None:
    given = record(track_id=3, attributes={"age": 31.5, "mood": {"label": "glad", "score": 0.9}})

    assert written("csv", given) == records.to_csv(given)


def test_csv_has_the_columns_of_all_records() -> None:
    rows = list(
        csv.DictReader(
            io.StringIO(
                written("csv", record(), record("b.jpg", track_id=1, attributes={"age": 3}))
            )
        )
    )

    assert [(row["source"], row["track_id"], row["age"]) for row in rows] == [
        ("a.jpg", "", ""),
        ("b.jpg", "1", "3"),
    ]


def test_coco_has_pictures_boxes_and_classes() -> None:
    made = json.loads(written("coco", record(), empty("b.jpg"), record("v.mp4", 7)))

    assert [image["file_name"] for image in made["images"]] == ["a.jpg", "b.jpg", "v.mp4#7"]
    assert made["categories"] == [{"id": 1, "name": "cat"}, {"id": 2, "name": "=dog"}]
    first, second = made["annotations"]
    assert first == {
        "id": 1,
        "image_id": 1,
        "category_id": 1,
        "bbox": [10.0, 20.0, 40.0, 80.0],
        "area": 3200.0,
        "iscrowd": 0,
        "score": 0.5,
    }
    assert (second["id"], second["image_id"]) == (2, 3)
    assert json.loads(written("coco"))["images"] == []


def test_coco_is_read_by_its_own_package(tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    path = tmp_path / "found.json"
    path.write_text(written("coco", record(), empty("b.jpg")), encoding="utf-8")

    found = coco.COCO(str(path))

    assert found.getAnnIds(imgIds=[1]) == [1]


def test_yolo_has_a_file_for_each_picture(tmp_path: Path) -> None:
    writer = FOLDERS["yolo"](tmp_path / "out", LABELS)
    for each in (record("x/a.jpg"), empty("b.jpg"), record("y/A.png"), record("v.mp4", 7)):
        writer.write(each)
    writer.close()

    labels = tmp_path / "out" / "labels"
    line = "0 0.300000 0.300000 0.400000 0.400000\n"
    assert {path.name: path.read_text() for path in labels.iterdir()} == {
        "a.txt": line,
        "b.txt": "",
        "A-2.txt": line,
        "v-7.txt": line,
    }
    assert '1: "=dog"' in (tmp_path / "out" / "data.yaml").read_text()


def test_of_yolo_no_half_a_row_is_left_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = FOLDERS["yolo"](tmp_path, LABELS)

    def torn(path: Path, text: str, **_options: str) -> None:
        path.write_bytes(text[:9].encode())
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", torn)
    with pytest.raises(OutputError, match="No space left"):
        writer.write(record("a.jpg"))

    assert list((tmp_path / "labels").iterdir()) == []


def ended(out: Path, error: BaseException | type[BaseException]) -> None:
    """Write a record to a file, and end with an error."""
    with writing("json", out, LABELS) as writer:
        writer.write(record())
        raise error


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    out.write_text("before")

    with pytest.raises(RuntimeError):
        ended(out, RuntimeError)

    assert out.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, BackendError("it failed")])
def test_what_was_done_before_ctrl_c_or_a_failure_is_kept(
    tmp_path: Path, error: BaseException | type[BaseException]
) -> None:
    out = tmp_path / "out.json"

    with pytest.raises((KeyboardInterrupt, BackendError)):
        ended(out, error)

    assert json.loads(out.read_text()) == [record()]


def test_json_lines_are_on_the_disk_once_they_are_written(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"

    with writing("jsonl", out, LABELS) as writer:
        writer.write(record())
        assert json.loads(out.read_text()) == record()


@pytest.mark.parametrize("form", ["json", "yolo"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, form: str) -> None:
    (tmp_path / "file").write_text("in the way")

    with (
        pytest.raises(OutputError, match="cannot be written"),
        writing(form, tmp_path / "file" / "out", LABELS),
    ):
        pass


def test_a_result_has_the_rights_of_a_new_file_or_of_the_one_that_it_replaces(
    tmp_path: Path,
) -> None:
    new, old = tmp_path / "new.json", tmp_path / "old.json"
    (tmp_path / "usual").touch()
    old.touch()
    old.chmod(0o640)
    for out in (new, old):
        with writing("json", out, LABELS) as writer:
            writer.write(record())

    assert new.stat().st_mode == (tmp_path / "usual").stat().st_mode
    assert old.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "there.json").write_text("before")
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "deep" / "there.json")

    with writing("json", link, LABELS) as writer:
        writer.write(record())

    assert link.is_symlink()
    assert json.loads((tmp_path / "deep" / "there.json").read_text()) == [record()]


@pytest.mark.parametrize("form", ["json", "csv", "coco"])
def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path, form: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with writing(form, pipe, LABELS) as writer:
            writer.write(record())
        assert os.read(reader, 1 << 16).decode() == written(form, record())
    finally:
        os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "coco"])
def test_a_name_that_is_no_unicode_is_written_as_an_escape(tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"
    with writing(form, out, LABELS) as writer:
        writer.write(record("\udcff.jpg"))

    assert "\\udcff.jpg" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize("there", ["labels/a.txt", "data.yaml"])
def test_labels_that_are_there_are_not_written_over(tmp_path: Path, there: str) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / there).write_text("corrected by hand")

    with pytest.raises(WouldReplace) as caught:
        FOLDERS["yolo"](tmp_path, LABELS)

    assert exit_code(caught.value) == 2
    assert (tmp_path / there).read_text() == "corrected by hand"


def test_yolo_gives_names_that_are_one_on_macos_a_number(tmp_path: Path) -> None:
    writer = FOLDERS["yolo"](tmp_path / "out", LABELS)
    for name in ("\u00e9.jpg", "e\u0301.jpg", "\u00c9.jpg", "\u00e9-2.jpg"):
        writer.write(empty(name))

    names = {path.stem for path in (tmp_path / "out" / "labels").iterdir()}
    assert names == {"\u00e9", "e\u0301-2", "\u00c9-3", "\u00e9-2-2"}
