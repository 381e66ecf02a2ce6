"""Updates per second of the tracker, in the Python that runs this file. See `speed.py`.

Uses what the page's Python has: no random numbers, no command line.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

PYODIDE = sys.platform == "emscripten"
if PYODIDE:  # `speed.py` mounts these folders
    sys.path.insert(0, "/py")

import numpy as np  # noqa: E402  (importable from here on)

from obscura.detections import Detections  # noqa: E402
from obscura.tracking import Tracker  # noqa: E402
from obscura.update import FrameInfo, Update  # noqa: E402

ROUNDS = 7
"""The fastest counts, in time of the processor: other programs only ever make it slower."""


def rates(path: Path) -> list[float]:
    """Return the updates per second on each video in a file that `speed.write` made."""
    return [_rate([_update(*row) for row in rows]) for rows in json.loads(path.read_text("utf-8"))]


def _update(
    index: int, time_s: float, size: list[int], boxes: list[list[float]], scores: list[float]
) -> Update:
    detected = Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(scores, np.float32),
        np.zeros(len(scores), np.int32),
    )
    return Update(FrameInfo(index, time_s, *size), detected)


def _rate(updates: list[Update]) -> float:
    fastest = float("inf")
    for _ in range(ROUNDS):
        tracker = Tracker()
        start = time.process_time()
        for update in updates:
            tracker.update(update)
        fastest = min(fastest, time.process_time() - start)
    return len(updates) / fastest


if PYODIDE:
    print(json.dumps(rates(Path("/job/videos.json"))))
