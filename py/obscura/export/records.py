"""Records: the detections of one frame as JSON or CSV.

Both have the same fields, in pixels of the source picture as it is upright and not mirrored, with
the origin in its upper left corner and y pointing down:

==================  ================================================================================
``source``          name of the photo, video or camera; "" where unknown
``model``           name of the model
``frame``           number of the frame within its source, from 0
``time_s``          time of the frame in seconds: of a video, from its first frame; of a camera, on
                    a clock of its own; of a photo, 0
``width, height``   size of the source
``label``           name of the class
``class_id``        its index among the model's classes, from 0
``score``           confidence, 0 to 1
``x1, y1, x2, y2``  left, top, right and bottom edge of the box
``track_id``        the same for the same object from frame to frame, null where it is not followed;
                    missing without a tracker
``keypoints``       points such as eyes or joints, each x, y and a score from 0 to 1; missing where
                    there are none
``attributes``      what heads found out, by name (`obscura.heads.described`): a class is a
                    ``label`` and a ``score``, a quantity a number, joints are points as above;
                    missing where there is nothing
==================  ================================================================================

JSON has one object per frame, with the fields of the frame and a list ``detections``. CSV (RFC
4180) has one line per detection, in which those of the frame are repeated, and the columns
``keypoint1_x``, ``keypoint1_y``, ``keypoint1_score`` and so on. Attributes have columns of their
own: ``emotion`` and ``emotion_score`` of a class, ``age`` of a quantity, ``pose1_x``, ``pose1_y``,
``pose1_score`` and so on of points. One that is called as a field above has ``head_`` in front.
What a row does not have is an empty cell.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from obscura.detections import ATTRIBUTES
from obscura.spreadsheet import text_cell
from obscura.update import Update

DIGITS = 4
"""Decimals of scores and coordinates."""

FRAME_FIELDS = ("source", "model", "frame", "time_s", "width", "height")
DETECTION_FIELDS = ("label", "class_id", "score", "x1", "y1", "x2", "y2")


def to_record(
    update: Update, labels: Sequence[str], *, source: str = "", model: str = ""
) -> dict[str, Any]:
    """Return an update as plain JSON types, with the fields that the module describes.

    Args:
        labels: name of each class, by class_id.
        source: name of the photo, video or camera.
        model: name of the model.
    """
    frame = update.frame
    return {
        "source": source,
        "model": model,
        "frame": frame.index,
        "time_s": round(frame.time_s, DIGITS),
        "width": frame.width,
        "height": frame.height,
        "detections": _detections(update, labels),
    }


def to_json(record: dict[str, Any]) -> str:
    """Return a record of `to_record` as JSON text (RFC 8259), which ends with a line break."""
    return json.dumps(record, ensure_ascii=False, indent=1) + "\n"


def to_csv(record: dict[str, Any]) -> str:
    """Return a record of `to_record` as CSV text: a line of column names, then one per detection.

    Lines end with CR LF. A frame without detections has only the line of names. A name that a
    spreadsheet would compute gets an apostrophe in front (`spreadsheet.text_cell`).
    """
    detections = record["detections"]
    tracks = ["track_id"] if any("track_id" in row for row in detections) else []
    further = [columns(row) for row in detections]
    names = list(dict.fromkeys(name for each in further for name in each))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*FRAME_FIELDS, *DETECTION_FIELDS, *tracks, *names])
    shared = [cell(record[name]) for name in FRAME_FIELDS]
    for row, each in zip(detections, further, strict=True):
        values = [cell(each.get(name, "")) for name in names]
        own = [cell(row[name]) for name in (*DETECTION_FIELDS, *tracks)]
        writer.writerow([*shared, *own, *values])
    return text.getvalue()


def columns(row: dict[str, Any]) -> dict[str, Any]:
    """Return key points and attributes of a row by the names of their columns."""
    made: dict[str, Any] = {}
    for given, value in [("keypoint", row.get("keypoints", [])), *row.get(ATTRIBUTES, {}).items()]:
        name = f"head_{given}" if given in (*FRAME_FIELDS, *DETECTION_FIELDS) else given
        if isinstance(value, list):
            for number, point in enumerate(value, 1):
                for part, coordinate in zip(("x", "y", "score"), point, strict=True):
                    made[f"{name}{number}_{part}"] = coordinate
        elif isinstance(value, dict):
            made |= {name: value["label"], f"{name}_score": value["score"]}
        else:
            made[name] = value
    return made


def cell(value: Any) -> Any:
    return text_cell(value) if isinstance(value, str) else value


def _detections(update: Update, labels: Sequence[str]) -> list[dict[str, Any]]:
    found = update.detections
    rows = [
        {
            "label": labels[class_id],
            "class_id": class_id,
            "score": round(score, DIGITS),
            **{
                name: round(edge, DIGITS)
                for name, edge in zip(DETECTION_FIELDS[3:], box, strict=True)
            },
        }
        for class_id, score, box in zip(
            found.class_id.tolist(), found.score.tolist(), found.xyxy.tolist(), strict=True
        )
    ]
    if found.track_id is not None:
        for row, track in zip(rows, found.track_numbers(), strict=True):
            row["track_id"] = track
    for row, further in zip(rows, found.further_records(DIGITS), strict=True):
        row.update(further)
    return rows
