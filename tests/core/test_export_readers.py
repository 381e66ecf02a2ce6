"""What is written is read by the tools that it is for, and is as the schema says."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas
import pytest
import supervision
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from obscura.counting import Counter, Line, Presence, Shapes, Zone
from obscura.counting.report import document
from obscura.detections import Detections
from obscura.export import About, read_session, to_record, write_session
from obscura.export.events import to_records
from obscura.export.formats import writing
from obscura.export.session import ABOUT, EVENTS, UPDATES
from obscura.tracking import Tracker
from obscura.update import FrameInfo, Update

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "formats-1.json"
LABELS = ["person", "traffic light"]
SHAPES = Shapes(
    (Line("door", (0.5, 1.0), (0.5, 0.0), anchor="centre"),),
    (Zone("all", ((0, 0), (1, 0), (1, 1), (0, 1)), anchor="centre"),),
)


def updates() -> list[Update]:
    """A person who walks through a picture, past a traffic light, and is gone."""
    tracker, found = Tracker(), []
    tracker.set_threshold(0.5)
    for index in range(60):
        boxes = [[20.0 * index, 20.5, 20.0 * index + 60, 120.25], [500, 10, 520, 60]]
        seen = Detections(boxes, [0.9, 0.75], [0, 1])
        frame = FrameInfo(index, index / 10, 640, 480)
        found.append(tracker.update(Update(frame, seen if index < 30 else seen[:0])))
    return found


def records() -> list[dict[str, Any]]:
    return [to_record(each, LABELS, source="street.mp4", model="m") for each in updates()]


def events() -> tuple[list[dict[str, Any]], Counter]:
    presence, counter = Presence(), Counter(SHAPES)
    made = [counter.update(presence.update(each)) for each in updates()]
    return [line for each in made for line in to_records(each, LABELS, wall_s=1e9)], counter


def written(form: str, out: Path) -> Path:
    with writing(form, out, LABELS) as writer:
        for each in records():
            writer.write(each)
    return out


def wanted_boxes() -> list[list[float]]:
    rows = [row for each in records() for row in each["detections"]]
    return [[row["x1"], row["y1"], row["x2"], row["y2"]] for row in rows]


# ---- the schema ----------------------------------------------------------------------------------


def validator(part: str) -> Any:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{part}"})


def test_records_are_as_the_schema_says(tmp_path: Path) -> None:
    valid = validator("record")
    rich = records()[0]
    rich["detections"][0] |= {"keypoints": [[1, 2, 0.5]], "attributes": {"age": 31.5}}
    for line in written("jsonl", tmp_path / "a.jsonl").read_text("utf-8").splitlines():
        valid.validate(json.loads(line))
    valid.validate(rich)

    for field in ("source", "detections"):
        assert not valid.is_valid({key: value for key, value in rich.items() if key != field})
    assert not valid.is_valid({**rich, "detections": [{**rich["detections"][0], "score": 2}]})


def test_events_and_counts_are_as_the_schema_says() -> None:
    lines, counter = events()
    assert {each["event"] for each in lines} == {
        *("appeared", "vanished", "crossing", "zone_entered", "zone_left")
    }
    for each in lines:
        validator("event").validate(each)
    assert not validator("event").is_valid({**lines[0], "event": "vanished"})
    validator("counts").validate(document(counter, LABELS))


def test_sessions_are_as_the_schema_says(tmp_path: Path) -> None:
    source = {"name": "street.mp4", "kind": "video", "width": 640, "height": 480}
    source |= {"bytes": 5, "sha256": "0" * 64, "duration_s": 6.0}
    about = About(source, {"name": "m", "labels": LABELS}, {"threshold": 0.5}, 0.05)
    path = tmp_path / "a.zip"
    write_session(path, about, records(), shapes=SHAPES, events=events()[0])

    with zipfile.ZipFile(path) as archive:
        validator("session").validate(json.loads(archive.read(ABOUT)))
        for name, part in ((UPDATES, "record"), (EVENTS, "event")):
            lines = archive.read(name).splitlines()
            assert lines
            for line in lines:
                validator(part).validate(json.loads(line))
    with read_session(path) as session:
        assert [*session.records()] == records()


# ---- tools ---------------------------------------------------------------------------------------


def test_pandas_reads_csv_and_lines(tmp_path: Path) -> None:
    table = pandas.read_csv(written("csv", tmp_path / "a.csv"))
    lines = pandas.read_json(written("jsonl", tmp_path / "a.jsonl"), lines=True)

    assert table[["x1", "y1", "x2", "y2"]].to_numpy().tolist() == wanted_boxes()
    assert table["label"].tolist() == ["person", "traffic light"] * 30
    assert table.groupby("track_id").size().tolist() == [30, 30]
    assert lines["time_s"].round(4).tolist() == [each["time_s"] for each in records()]
    assert lines["detections"].map(len).sum() == 60


def test_pycocotools_reads_and_scores_coco(tmp_path: Path) -> None:
    path = written("coco", tmp_path / "a.json")

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(path))
        found = truth.loadRes(json.loads(path.read_text("utf-8"))["annotations"])
        score = COCOeval(truth, found, "bbox")
        score.evaluate()
        score.accumulate()
        score.summarize()

    assert score.stats[0] == pytest.approx(1)
    assert [each["name"] for each in truth.loadCats(truth.getCatIds())] == LABELS
    assert truth.loadImgs([2])[0]["file_name"] == "street.mp4#1"


@pytest.mark.parametrize("form", ["coco", "yolo"])
def test_supervision_reads_data_sets(tmp_path: Path, form: str) -> None:
    images = tmp_path / "images"
    images.mkdir()
    place = written(form, tmp_path / ("a.json" if form == "coco" else "yolo"))
    names = ["street", *(f"street-{index}" for index in range(1, 60))]
    if form == "coco":
        names = [each["file_name"] for each in json.loads(place.read_text("utf-8"))["images"]]
    for name in names:
        Image.new("RGB", (640, 480)).save(
            images / f"{name}{'' if form == 'coco' else '.png'}", "PNG"
        )

    if form == "coco":
        data = supervision.DetectionDataset.from_coco(str(images), str(place))
    else:
        data = supervision.DetectionDataset.from_yolo(
            str(images), str(place / "labels"), str(place / "data.yaml")
        )

    assert data.classes == LABELS
    found = np.concatenate([each.xyxy for _, _, each in data])
    np.testing.assert_allclose(sorted(found.tolist()), sorted(wanted_boxes()), atol=0.01)
