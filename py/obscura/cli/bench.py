"""The command ``obscura bench``: how fast models are on this machine."""

from __future__ import annotations

import argparse
import json
import os
import platform
from statistics import median
from time import perf_counter
from typing import Any

from obscura.cli.arguments import filled, positive
from obscura.cli.exits import OK
from obscura.cli.progress import Progress

WIDTH, HEIGHT = 1280, 720
WARM_UP = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add = parser.add_argument
    add(
        "--model",
        type=filled,
        action="append",
        metavar="NAME|FILE.onnx",
        help="may be repeated (default: all)",
    )
    add("--rounds", type=positive, default=20, metavar="N", help="default: %(default)s")
    add("--json", action="store_true", help="print one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """Time each model with one thread and with all, taking turns, and print the medians."""
    from contextlib import ExitStack

    import numpy as np

    from obscura import __version__
    from obscura.cards import catalogue
    from obscura.detector import Detector

    picture = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 4), np.uint8)
    rows: list[dict[str, Any]] = []
    with Progress() as bar:
        for name in arguments.model or catalogue.known():
            with ExitStack() as stack:
                one, all_ = (
                    stack.enter_context(Detector(name, threads=threads)) for threads in (1, 0)
                )
                times: dict[int, list[float]] = {}
                for number in range(WARM_UP + arguments.rounds):
                    bar.show(f"{name}: {number} of {WARM_UP + arguments.rounds} rounds")
                    for detector in (one, all_):
                        begun = perf_counter()
                        detector.detect(picture)
                        took = 1000 * (perf_counter() - begun)
                        if number >= WARM_UP:
                            times.setdefault(id(detector), []).append(took)
                medians = [median(times[id(each)]) for each in (one, all_)]
                rows.append(
                    {
                        "model": one.card.name,
                        "one_thread_ms": round(medians[0], 2),
                        "all_threads_ms": round(medians[1], 2),
                        "threads": all_.info.threads,
                    }
                )
    about = {
        "obscura": __version__,
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "picture": f"{WIDTH} x {HEIGHT}",
        "rounds": arguments.rounds,
        "models": rows,
    }
    print(json.dumps(about, indent=2) if arguments.json else _table(about))
    return OK


def _table(about: dict[str, Any]) -> str:
    threads = about["models"][0]["threads"] if about["models"] else 0
    lines = [
        f"{about['system']}, {about['cores']} cores; medians of {about['rounds']} rounds, "
        f"a picture of {about['picture']}, from pixels to detections",
        f"{'model':<16}{'one thread':>12}{f'{threads} threads':>12}",
    ]
    lines += [
        f"{row['model']:<16}{row['one_thread_ms']:>9.1f} ms{row['all_threads_ms']:>9.1f} ms"
        for row in about["models"]
    ]
    return "\n".join(lines)
