"""Records: the detections of one frame as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np
import pytest

from obscura.detections import ATTRIBUTES, Detections
from obscura.export.records import to_csv, to_json, to_record
from obscura.update import FrameInfo, Update

LABELS = ('person, "seated"', "Straße 猫", "line\nbreak")

FOUND = Detections(
    xyxy=[[10.5, 20, 110.25, 220], [0, 0, 1 / 3, 5], [1, 2, 3, 4]],
    score=[0.9, 0.5, 1 / 3],
    class_id=[0, 1, 2],
)


def record(found: Detections = FOUND, **named: str) -> dict[str, Any]:
    return to_record(Update(FrameInfo(7, 1.23456789, 640, 480), found), LABELS, **named)


def lines(found: Detections = FOUND, **named: str) -> list[dict[str, str]]:
    """Return what a program reads from the CSV, as RFC 4180 has it."""
    return list(csv.DictReader(io.StringIO(to_csv(record(found, **named)), newline="")))


def test_a_record_has_the_frame_and_each_box_in_pixels_of_the_source() -> None:
    made = record(source="street.mp4", model="coco-ssd")

    rows = made.pop("detections")
    assert made == {
        "source": "street.mp4",
        "model": "coco-ssd",
        "frame": 7,
        "time_s": 1.2346,
        "width": 640,
        "height": 480,
    }
    assert rows[0] == {
        "label": 'person, "seated"',
        "class_id": 0,
        "score": 0.9,
        "x1": 10.5,
        "y1": 20.0,
        "x2": 110.25,
        "y2": 220.0,
    }
    assert rows[1]["x2"] == 0.3333
    assert len(rows) == 3


def test_json_reads_back_as_the_record_and_keeps_letters_of_all_scripts() -> None:
    text = to_json(record())

    assert json.loads(text) == record()
    assert "Straße 猫" in text
    assert text.endswith("}\n")


def test_csv_has_a_line_per_detection_with_the_fields_of_json() -> None:
    rows = lines(source="a, b.png", model="m")

    for line, row in zip(rows, record()["detections"], strict=True):
        assert {name: line[name] for name in row} == {k: str(v) for k, v in row.items()}
        assert (line["source"], line["model"], line["frame"]) == ("a, b.png", "m", "7")
        assert (line["time_s"], line["width"], line["height"]) == ("1.2346", "640", "480")
        assert "track_id" not in line
    assert to_csv(record()).startswith("source,model,frame,time_s,width,height,label,class_id,")


def test_a_frame_without_detections_has_names_only() -> None:
    text = to_csv(record(Detections.empty()))

    assert text.count("\r\n") == 1
    assert record(Detections.empty())["detections"] == []


def test_track_ids_are_there_with_a_tracker() -> None:
    tracked = FOUND.replace(track_id=[4, 9, 2**40])

    assert [row["track_id"] for row in record(tracked)["detections"]] == [4, 9, 2**40]
    assert [line["track_id"] for line in lines(tracked)] == ["4", "9", str(2**40)]


def test_keypoints_are_points_in_json_and_columns_in_csv() -> None:
    points = np.arange(3 * 2 * 3, dtype=np.float32).reshape(3, 2, 3) + np.float32(0.25)
    found = FOUND.replace(data={"keypoints": points})

    rows = record(found)["detections"]
    assert rows[1]["keypoints"] == [[6.25, 7.25, 8.25], [9.25, 10.25, 11.25]]
    line = lines(found)[1]
    assert (line["keypoint1_x"], line["keypoint1_y"], line["keypoint1_score"]) == (
        "6.25",
        "7.25",
        "8.25",
    )
    assert line["keypoint2_score"] == "11.25"


KNOWN = (
    {"emotion": {"label": "happy", "score": 0.9}, "age": 33.5},
    {},
    {"pose": [[1.0, 2.0, 0.5], [3.0, 4.0, 0.25]], "label": {"label": "=SUM(1)", "score": 1.0}},
)


def test_rows_without_key_points_have_none() -> None:
    points = np.zeros((3, 2, 3), np.float32)
    points[1] = [[1, 2, 0.5], [3, 4, 0]]
    found = FOUND.replace(data={"keypoints": points})

    rows = record(found)["detections"]
    assert ["keypoints" in row for row in rows] == [False, True, False]
    assert [line["keypoint1_x"] for line in lines(found)] == ["", "1.0", ""]


def test_attributes_are_tables_in_json_and_columns_in_csv() -> None:
    found = FOUND.replace(data={ATTRIBUTES: np.array(KNOWN, object)})

    rows = json.loads(to_json(record(found)))["detections"]
    assert [row.get("attributes") for row in rows] == [KNOWN[0], None, KNOWN[2]]
    first, second, third = lines(found)
    assert (first["emotion"], first["emotion_score"], first["age"]) == ("happy", "0.9", "33.5")
    assert (second["emotion"], second["age"], second["pose1_x"]) == ("", "", "")
    assert (third["pose2_y"], third["pose2_score"], third["emotion"]) == ("4.0", "0.25", "")


def test_an_attribute_called_as_a_field_has_a_column_of_its_own_and_is_no_formula() -> None:
    found = FOUND.replace(data={ATTRIBUTES: np.array(KNOWN, object)})

    third = lines(found)[2]
    assert (third["label"], third["head_label"]) == (LABELS[2], "'=SUM(1)")


@pytest.mark.parametrize("value", [float(np.float32(0.1)), 0.123456, 1.0])
def test_numbers_have_at_most_four_decimals(value: float) -> None:
    found = Detections([[value] * 4], [value], [0])

    (row,) = record(found)["detections"]
    assert row["score"] == row["x1"] == round(value, 4)


def test_a_name_is_no_formula_to_a_spreadsheet_and_stays_itself_in_json() -> None:
    made = record(source="=1+1.jpg")

    (first, *_) = csv.DictReader(io.StringIO(to_csv(made)))
    assert first["source"] == "'=1+1.jpg"
    assert json.loads(to_json(made))["source"] == "=1+1.jpg"
