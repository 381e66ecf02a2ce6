"""Our tracker beside those of the package `trackers`, on the same detections in one run.

Needs an environment of its own, because the suite does not need these packages:

    python3 -m venv rivals && rivals/bin/pip install trackers==2.6.1 '.[evaluate]'
    rivals/bin/python build.py run bench/tracking/rivals.py --mot DIR

Each tracker runs as it comes and, where it has such settings, "tuned" to the saturated scores of
the sequences' Faster R-CNN: tracks begin at 0.9, and scores are high from 0.7. BoT-SORT runs
without camera compensation, because the sequences come without pictures.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from obscura.detections import Detections
from obscura.evaluation.mot import Sequence, read_sequences
from obscura.evaluation.tracking import CountError, count_error, score, with_true_ids
from obscura.tracking import Tracker, TrackerOptions
from obscura.update import Update

EVERY = (1, 3)
BIRTH, HIGH = 0.9, 0.7
Step = Callable[[Update], Update]


class Rival:
    """A tracker of the package, as a stage."""

    def __init__(self, name: str, settings: dict[str, Any]) -> None:
        import supervision  # here, because --help works without them
        import trackers

        self._found = supervision.Detections
        self._tracker = getattr(trackers, name)(**settings)

    def update(self, update: Update) -> Update:
        """Return the boxes of the tracks that were detected in this frame."""
        detected = update.detections
        answer = self._tracker.update(
            self._found(xyxy=detected.xyxy, confidence=detected.score, class_id=detected.class_id)
        )
        ids = np.zeros(0, np.int64) if answer.tracker_id is None else answer.tracker_id
        tracked = Detections(
            answer.xyxy.astype(np.float32),
            np.ones(len(ids), np.float32),
            np.zeros(len(ids), np.int32),
            track_id=ids.astype(np.int64),
        )
        return Update(update.frame, tracked)


def _ours(options: TrackerOptions | None = None) -> Step:
    return Tracker(options).update


def _rival(name: str, settings: dict[str, Any]) -> Step:
    return Rival(name, settings).update


BIRTH_AND_HIGH = {"track_activation_threshold": BIRTH, "high_conf_det_threshold": HIGH}
PLAIN: dict[str, Any] = {"enable_cmc": False}
MAKERS: dict[str, Callable[[], Step]] = {
    "Obscura": _ours,
    "Obscura, tuned": partial(_ours, TrackerOptions(birth=BIRTH, strong=HIGH)),
    "SORT": partial(_rival, "SORTTracker", {}),
    "ByteTrack": partial(_rival, "ByteTrackTracker", {}),
    "OC-SORT": partial(_rival, "OCSORTTracker", {}),
    "C-BIoU": partial(_rival, "CBIoUTracker", {}),
    "BoT-SORT": partial(_rival, "BoTSORTTracker", PLAIN),
    "SORT, tuned": partial(_rival, "SORTTracker", {"track_activation_threshold": BIRTH}),
    "ByteTrack, tuned": partial(_rival, "ByteTrackTracker", BIRTH_AND_HIGH),
    "OC-SORT, tuned": partial(_rival, "OCSORTTracker", {"high_conf_det_threshold": HIGH}),
    "C-BIoU, tuned": partial(_rival, "CBIoUTracker", BIRTH_AND_HIGH),
    "BoT-SORT, tuned": partial(_rival, "BoTSORTTracker", PLAIN | BIRTH_AND_HIGH),
}


def measure(make: Callable[[], Step], sequences: list[Sequence], every: int) -> str:
    """Return a row of mean scores, the sum of switches, and the error of the counts."""
    scores, errors = [], []
    for sequence in sequences:
        step = make()
        tracked = [step(update) for update in sequence.updates(every)]
        truths = list(sequence.truths(every))
        scores.append(score(truths, tracked))
        errors.append(count_error(truths, tracked))
    mean = np.mean([each[:3] for each in scores], axis=0)
    switches = sum(each.switches for each in scores)
    error = CountError(sum(each.wrong for each in errors), sum(each.true for each in errors))
    percent = "-" if error.percent is None else f"{error.percent:.1f} %"
    return f"{mean[0]:6.1f} {mean[1]:6.1f} {mean[2]:6.1f} {switches:8} {percent:>12}"


def _floor(sequences: list[Sequence], every: int) -> str:
    """Return the row of the same detections with the ids of the ground truth."""
    truths = iter([list(sequence.truths(every)) for sequence in sequences])

    def make() -> Step:
        truth = iter(next(truths))
        return lambda update: next(iter(with_true_ids([next(truth)], [update])))

    return measure(make, sequences, every)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Our tracker beside others.")
    parser.add_argument("--mot", type=Path, required=True, help="a folder of MOT sequences")
    sequences = read_sequences(parser.parse_args().mot)
    warnings.filterwarnings("ignore", module="trackers|supervision")
    for every in EVERY:
        print(f"{f'frames: every {every}':20}   HOTA   MOTA   IDF1 switches  count error")
        for name, make in MAKERS.items():
            print(f"{name:20} {measure(make, sequences, every)}", flush=True)
        print(f"{'detections, true ids':20} {_floor(sequences, every)}")


if __name__ == "__main__":
    main()
