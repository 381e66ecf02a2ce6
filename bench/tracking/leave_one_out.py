"""Scores with settings chosen on the other sequences, so that none is measured on its own choice.

    python3 build.py run bench/tracking/leave_one_out.py --mot DIR

For each sequence, the scores at which tracks begin and go on are those with the best sum of mean
HOTA and mean IDF1 on the other sequences. Needs trackeval.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from obscura.evaluation.mot import Sequence, read_sequences
from obscura.evaluation.tracking import CountError, TrackScores, count_error, score
from obscura.tracking import Tracker, TrackerOptions

EVERY = (1, 3)
SETTINGS = ((0.8, 0.5), (0.85, 0.6), (0.9, 0.6), (0.9, 0.7), (0.9, 0.8), (0.95, 0.8))
"""Scores from which a detection begins a track, and from which it may continue any."""

Setting = tuple[float, float]
Row = tuple[TrackScores, CountError]


def measure(sequence: Sequence, setting: Setting, every: int) -> Row:
    """Return the scores and the error of the counts."""
    birth, strong = setting
    tracker = Tracker(TrackerOptions(birth=birth, strong=strong))
    tracked = [tracker.update(update) for update in sequence.updates(every)]
    truths = list(sequence.truths(every))
    return score(truths, tracked), count_error(truths, tracked)


def choose(rows: dict[Setting, list[Row]], without: int) -> Setting:
    """Return the setting that is best on all sequences but one."""

    def quality(setting: Setting) -> float:
        others = [row for index, (row, _) in enumerate(rows[setting]) if index != without]
        return float(np.mean([row.hota + row.idf1 for row in others]))

    return max(rows, key=quality)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Scores with settings of other sequences.")
    parser.add_argument("--mot", type=Path, required=True, help="a folder of MOT sequences")
    sequences = read_sequences(parser.parse_args().mot)
    for every in EVERY:
        print(f"{f'frames: every {every}':20}   HOTA   MOTA   IDF1 switches  count error  chosen")
        rows = {
            setting: [measure(sequence, setting, every) for sequence in sequences]
            for setting in SETTINGS
        }
        kept: list[Row] = []
        for index, sequence in enumerate(sequences):
            chosen = choose(rows, index)
            kept.append(rows[chosen][index])
            print(_line(sequence.name, [kept[-1]], chosen), flush=True)
        print(_line("mean; sum of switches", kept))


def _line(name: str, rows: list[Row], chosen: Setting | str = "") -> str:
    hota, mota, idf1, _ = np.mean([row for row, _ in rows], axis=0)
    switches = sum(row.switches for row, _ in rows)
    wrong, true = sum(error.wrong for _, error in rows), sum(error.true for _, error in rows)
    percent = CountError(wrong, true).percent
    error = "-" if percent is None else f"{percent:.1f} %"
    return f"{name:21}{hota:6.1f} {mota:6.1f} {idf1:6.1f} {switches:8} {error:>12}  {chosen}"


if __name__ == "__main__":
    main()
