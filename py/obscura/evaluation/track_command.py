"""The command ``python3 -m obscura track-eval``."""

from __future__ import annotations

import argparse
from pathlib import Path

from obscura.evaluation.command import count, filled
from obscura.evaluation.mot import Sequence, read_sequences
from obscura.evaluation.tracking import CountError, TrackScores, count_error, score
from obscura.tracking import Tracker

HELP = "Measure how well objects are tracked, on sequences in the format of MOTChallenge."
NAMES = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add = parser.add_argument
    add("--mot", type=filled, required=True, metavar="DIR", help="the folder of sequences")
    add(
        "--every",
        type=_positive,
        default=1,
        metavar="N",
        help="use only every Nth frame (default: %(default)s)",
    )
    add(
        "--count",
        action="store_true",
        help="also count on five lines and three zones, and compare with the ground truth",
    )


def run(options: argparse.Namespace) -> int:
    """Track each sequence, and print its scores and their mean."""
    print(f"{'sequence':{NAMES}} {'HOTA':>6} {'MOTA':>6} {'IDF1':>6} {'switches':>8}", end="")
    print("  count error" if options.count else "")
    scores: list[TrackScores] = []
    errors: list[CountError] = []
    for sequence in read_sequences(Path(options.mot)):
        found, error = _evaluate(sequence, options.every)
        scores.append(found)
        errors.append(error)
        print(_row(sequence.name, found, error if options.count else None))
    size = len(scores)
    mean = TrackScores(
        sum(each.hota for each in scores) / size,
        sum(each.mota for each in scores) / size,
        sum(each.idf1 for each in scores) / size,
        sum(each.switches for each in scores),
    )
    total = CountError(sum(each.wrong for each in errors), sum(each.true for each in errors))
    print(_row("mean; sum of switches", mean, total if options.count else None))
    return 0


def _evaluate(sequence: Sequence, every: int) -> tuple[TrackScores, CountError]:
    tracker = Tracker()
    tracked = [tracker.update(update) for update in sequence.updates(every)]
    truths = list(sequence.truths(every))
    return score(truths, tracked), count_error(truths, tracked)


def _row(name: str, scores: TrackScores, error: CountError | None) -> str:
    row = f"{name:{NAMES}} {scores.hota:6.1f} {scores.mota:6.1f} {scores.idf1:6.1f}"
    row += f" {scores.switches:8}"
    if error is None:
        return row
    if error.percent is None:
        return f"{row}  nothing to count"
    return f"{row}  {error.percent:.1f} % ({error.wrong} of {error.true})"


def _positive(text: str) -> int:
    value = count(text)
    if value == 0:
        raise argparse.ArgumentTypeError("it is 0")
    return value
