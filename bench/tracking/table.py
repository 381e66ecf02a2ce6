"""Scores of the tracker on the synthetic scenes, as committed and as they are now.

    python3 build.py run bench/tracking/table.py          print them
    python3 build.py run bench/tracking/table.py --write  and commit to them

The suite compares them with `TABLE` and fails if one is lower. Needs trackeval.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from tracking.scenes import HEIGHT, SCENES, WIDTH, Scene, frames

from obscura.detections import Detections
from obscura.evaluation.tracking import TrackScores, score
from obscura.tracking import Tracker
from obscura.update import FrameInfo, Update

TABLE = Path(__file__).with_name("scores.json")
EVERY = (1, 3)
"""All frames, and every third."""
SEEDS = (0, 1, 2, 3)


def measure(scene: Scene, every: int) -> dict[str, float]:
    """Return the mean scores over `SEEDS`, rounded: "hota", "mota", "idf1" and "switches"."""
    found = np.mean([_scores(scene, seed, every) for seed in SEEDS], axis=0)
    return {
        name: round(float(value), 2) for name, value in zip(TrackScores._fields, found, strict=True)
    }


def committed() -> dict[str, dict[str, float]]:
    """Return what `TABLE` has, by `row_name`."""
    table: dict[str, dict[str, float]] = json.loads(TABLE.read_text(encoding="utf-8"))
    return table


def row_name(scene: Scene, every: int) -> str:
    """Return the name of a row of the table."""
    return scene.name if every == 1 else f"{scene.name}, every {every}"


def _scores(scene: Scene, seed: int, every: int) -> TrackScores:
    tracker = Tracker()
    truths, tracked = [], []
    for index, frame in enumerate(frames(scene, seed, every)):
        info = FrameInfo(index, frame.time_s, WIDTH, HEIGHT)
        classes = np.zeros(len(frame.boxes), np.int32)
        detected = Detections(frame.boxes, frame.scores, classes)
        tracked.append(tracker.update(Update(info, detected)))
        count = len(frame.truth)
        truth = Detections(
            frame.truth.astype(np.float32), np.ones(count, np.float32), np.zeros(count, np.int32)
        )
        truths.append(Update(info, truth.replace(track_id=frame.truth_id)))
    return score(truths, tracked)


def main() -> None:
    """Measure all scenes, print the table, and write it if asked to."""
    parser = argparse.ArgumentParser(description="Scores of the tracker on synthetic scenes.")
    parser.add_argument("--write", action="store_true", help=f"write {TABLE.name}")
    write = parser.parse_args().write
    table = {}
    print(f"{'scene':24}   HOTA   MOTA   IDF1 switches")
    for every in EVERY:
        for scene in SCENES:
            name = row_name(scene, every)
            table[name] = row = measure(scene, every)
            print(
                f"{name:24} {row['hota']:6.1f} {row['mota']:6.1f} {row['idf1']:6.1f} "
                f"{row['switches']:8.1f}"
            )
    if write:
        TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
