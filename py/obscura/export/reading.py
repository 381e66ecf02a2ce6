"""Reading: records of `export.records` back into updates, also from files of strangers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obscura.detections import ATTRIBUTES, Detections
from obscura.errors import ObscuraError
from obscura.update import FrameInfo, Update

EDGES = ("x1", "y1", "x2", "y2")


class RecordsError(ObscuraError):
    """A file of records is damaged, or is none."""

    code = "records"
    remedy = "Save it again."


def from_record(record: dict[str, Any]) -> Update:
    """Return the update that a record of `export.records.to_record` was made of, to the decimals
    that records have. It has no events.

    Raises:
        RecordsError: a field is missing or of another kind; the message names it.
    """
    try:
        frame = FrameInfo(
            int(record["frame"]),
            float(record["time_s"]),
            int(record["width"]),
            int(record["height"]),
        )
        return Update(frame, _detections(record["detections"]))
    except KeyError as error:
        raise RecordsError(f"A record lacks {error}") from error
    except (TypeError, ValueError, OverflowError) as error:
        raise RecordsError(f"A record cannot be read: {error}") from error


def read_lines(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the records of JSON Lines; lines without text are left out.

    Raises:
        RecordsError: a line is not a JSON object; the message has its number.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise RecordsError(f"Line {number} is no JSON", error) from error
        if not isinstance(record, dict):
            raise RecordsError(f"Line {number} is no record")
        yield record


def _detections(rows: list[dict[str, Any]]) -> Detections:
    if not rows:
        return Detections.empty()
    made = Detections(
        xyxy=np.array([[row[name] for name in EDGES] for row in rows], np.float32),
        score=np.array([row["score"] for row in rows], np.float32),
        class_id=np.array([row["class_id"] for row in rows], np.int32),
        track_id=_tracks(rows),
        data={**_keypoints(rows), **_attributes(rows)},
    )
    if not (np.isfinite(made.xyxy).all() and np.isfinite(made.score).all()):
        raise ValueError("a number is not finite")
    if made.class_id.min() < 0:
        raise ValueError("class_id: wanted at least 0")
    return made


def _tracks(rows: list[dict[str, Any]]) -> NDArray[np.int64] | None:
    if not any("track_id" in row for row in rows):
        return None
    given = (row.get("track_id") for row in rows)
    return np.array([-1 if track is None else track for track in given], np.int64)


def _keypoints(rows: list[dict[str, Any]]) -> dict[str, NDArray[Any]]:
    given = [row.get("keypoints") for row in rows]
    count = next((len(points) for points in given if points), 0)
    if not count:
        return {}
    # Rows that have none get points of score 0, as in `Detections`.
    blank = [[0.0, 0.0, 0.0]] * count
    points = [each or blank for each in given]
    sizes = {len(point) for each in points for point in each}
    if {len(each) for each in points} != {count} or sizes != {3}:
        raise ValueError("keypoints: wanted x, y and a score for each, as many in all rows")
    return {"keypoints": np.array(points, np.float32)}


def _attributes(rows: list[dict[str, Any]]) -> dict[str, NDArray[Any]]:
    if not any(ATTRIBUTES in row for row in rows):
        return {}
    known = np.empty(len(rows), object)
    for index, row in enumerate(rows):
        given = row.get(ATTRIBUTES, {})
        if not isinstance(given, dict):
            raise ValueError("attributes: wanted an object")
        known[index] = given
    return {ATTRIBUTES: known}
