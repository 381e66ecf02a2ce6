"""The command ``python3 -m obscura track-eval``."""

from __future__ import annotations

import argparse
from pathlib import Path

from obscura.cli.arguments import filled, fraction, positive
from obscura.evaluation.mot import Sequence, read_sequences
from obscura.evaluation.tracking import (
    CountError,
    TrackScores,
    count_error,
    score,
    with_true_ids,
)
from obscura.tracking import Tracker, TrackerOptions

NAMES = 20
BIRTH, STRONG = 0.9, 0.7
"""Scores for detections like those of Faster R-CNN, with which the sequences come: half of them are
above 0.95, and of those at 0.8 every second is wrong."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add = parser.add_argument
    add("--mot", type=filled, required=True, metavar="DIR", help="the folder of sequences")
    add(
        "--every",
        type=positive,
        default=1,
        metavar="N",
        help="use only every Nth frame (default: %(default)s)",
    )
    add(
        "--birth",
        type=fraction,
        default=BIRTH,
        metavar="SCORE",
        help="score from which a detection begins a track (default: %(default)s)",
    )
    add(
        "--strong",
        type=fraction,
        default=STRONG,
        metavar="SCORE",
        help="score from which a detection may continue any track (default: %(default)s)",
    )
    add(
        "--count",
        action="store_true",
        help="also count on five lines and three zones, and compare with the ground truth",
    )


def run(options: argparse.Namespace) -> int:
    """Track each sequence, and print its scores and their mean."""
    sequences = read_sequences(Path(options.mot))
    print(f"{'sequence':{NAMES}} {'HOTA':>6} {'MOTA':>6} {'IDF1':>6} {'switches':>8}", end="")
    print("  count error" if options.count else "")
    scores: list[TrackScores] = []
    errors: list[CountError] = []
    floors: list[CountError] = []
    strong = min(options.strong, options.birth)
    scoring = TrackerOptions(options.birth, strong, min(TrackerOptions().live, strong))
    for sequence in sequences:
        found, error, floor = _evaluate(sequence, options.every, scoring)
        scores.append(found)
        errors.append(error)
        floors.append(floor)
        print(_row(sequence.name, found, error if options.count else None))
    size = len(scores)
    mean = TrackScores(
        sum(each.hota for each in scores) / size,
        sum(each.mota for each in scores) / size,
        sum(each.idf1 for each in scores) / size,
        sum(each.switches for each in scores),
    )
    print(_row("mean; sum of switches", mean, _total(errors) if options.count else None))
    if options.count:
        print(f"count error of the same detections with true ids: {_percent(_total(floors))}")
    return 0


def _evaluate(
    sequence: Sequence, every: int, options: TrackerOptions
) -> tuple[TrackScores, CountError, CountError]:
    """Return scores, error of the counts, and that of the same detections with true ids."""
    tracker = Tracker(options)
    detected = list(sequence.updates(every))
    tracked = [tracker.update(update) for update in detected]
    truths = list(sequence.truths(every))
    known = with_true_ids(truths, detected)
    return score(truths, tracked), count_error(truths, tracked), count_error(truths, known)


def _total(errors: list[CountError]) -> CountError:
    return CountError(sum(each.wrong for each in errors), sum(each.true for each in errors))


def _row(name: str, scores: TrackScores, error: CountError | None) -> str:
    row = f"{name:{NAMES}} {scores.hota:6.1f} {scores.mota:6.1f} {scores.idf1:6.1f}"
    row += f" {scores.switches:8}"
    return row if error is None else f"{row}  {_percent(error)}"


def _percent(error: CountError) -> str:
    if error.percent is None:
        return "nothing to count"
    return f"{error.percent:.1f} % ({error.wrong} of {error.true})"
