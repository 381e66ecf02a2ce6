#!/usr/bin/env python3
"""Milliseconds a crop of each head takes in CPython, beside those of the detector.

    python3 build.py run bench/heads.py

A row per shipped head: time to open it, median time of a crop where one is asked and where four
are, and the crops that fit into a frame by the rule that all heads together take at most what the
detector takes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np

from obscura.cards.head_files import shipped
from obscura.detector import Detector, rgba
from obscura.evaluation.report import table
from obscura.heads.shelf import open_network
from obscura.live.timing import median

PICTURE = Path(__file__).resolve().parents[1] / "assets" / "sample.jpg"
CROP = (168.0, 66.0, 284.0, 182.0)
"""The face in the sample picture."""
CROPS = (1, 4)


def timed(work: Callable[[], object], runs: int) -> float:
    """Return the median milliseconds of some work, after one run that is not counted."""
    work()
    times = []
    for _ in range(runs):
        began = perf_counter()
        work()
        times.append(1000 * (perf_counter() - began))
    return median(times)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Milliseconds a crop of each head takes.")
    parser.add_argument("--model", default="cocossd", help="detector (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=20, help="of each (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="default: one per core")
    given = parser.parse_args()
    pixels = rgba(PICTURE)
    header = ("head", "opens in ms", *(f"ms a crop of {n}" for n in CROPS), "crops a frame")
    rows = []
    with Detector(given.model, threads=given.threads) as detector:
        session = detector.session
        own = timed(lambda: detector.detect(pixels), given.runs)
        for name in shipped():
            card, network = open_network(name)
            began = perf_counter()
            session.open_head(name, network, card)
            opened = 1000 * (perf_counter() - began)
            session.run(pixels)
            costs = []
            for count in CROPS:
                boxes = np.array([CROP] * count, np.float32)
                costs.append(timed(partial(session.run_crops, name, boxes), given.runs) / count)
            session.close_head(name)
            fitting = str(int(own // costs[-1]))
            rows.append((name, f"{opened:.0f}", *(f"{ms:.2f}" for ms in costs), fitting))
    print(f"{detector.card.name} itself: {own:.1f} ms a frame on {session.info.threads} threads\n")
    print(table(header, rows, 1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
