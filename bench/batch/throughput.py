"""Pictures per second of ways to look at many pictures, by turns in one run.

    build.py run bench/batch/throughput.py [--pictures 200] [--jobs 2] [--model cocossd]

The ways: one detector on all cores; a process of one thread for each core; and the loop that
people write with onnxruntime alone, as it is by default and in processes of one thread. Each turn
gives every way the same pictures; the table has the median of the turns, for this machine at this
time: compare rows, not runs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from obscura.batch.finders import Alone, cores
from obscura.batch.pool import Pool
from obscura.cards import catalogue
from obscura.cli.detect import add_arguments
from obscura.cli.parser import Parser

ROOT = Path(__file__).resolve().parents[2]
TURNS = 5
Way = Callable[[list[str]], int]


def pictures(folder: Path, number: int) -> list[str]:
    """Write different views of the sample picture as JPEG, 640 x 480, and return their paths."""
    sample = Image.open(ROOT / "assets" / "sample.jpg").convert("RGB")
    paths = []
    for index in range(number):
        left, top = index * 7 % (sample.width // 4), index * 5 % (sample.height // 4)
        view = sample.crop((left, top, left + sample.width * 3 // 4, top + sample.height * 3 // 4))
        path = folder / f"{index:04}.jpg"
        view.resize((640, 480)).save(path, quality=90)
        paths.append(str(path))
    return paths


class Plain:
    """The loop with onnxruntime and Pillow alone: nothing but the rows above a score."""

    def __init__(self, model: str, threads: int = 0) -> None:
        import onnxruntime as ort

        folder = catalogue.find(model)
        card = catalogue.read_card(folder)
        network = catalogue.read_network(folder, card)
        options = ort.SessionOptions()
        if threads:
            options.intra_op_num_threads = threads
        self._session = ort.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        self._names = [each.name for each in self._session.get_outputs()]
        self._least = card.threshold

    def __call__(self, paths: list[str]) -> int:
        return sum(map(self.one, paths))

    def one(self, path: str) -> int:
        """Return how many rows one picture has."""
        pixels = np.asarray(Image.open(path).convert("RGBA"))
        outputs = self._session.run(self._names, {"image": pixels[None]})
        scores = dict(zip(self._names, outputs, strict=True))["scores"]
        return int(np.count_nonzero(scores >= self._least))


_plain: Plain


def _open(name: str) -> None:
    global _plain
    _plain = Plain(name, threads=1)


def _one(path: str) -> int:
    return _plain.one(path)


def ways(model: str, jobs: int, stack: ExitStack) -> Iterator[tuple[str, Way]]:
    """Yield the name of each way, and what looks at pictures and returns how many it did."""
    parser = Parser()
    add_arguments(parser)
    words = ["none", "--model", model]
    given = parser.parse_args(words)
    given.track = False
    single = parser.parse_args([*words, "--threads", "1"])
    single.track = False

    alone = stack.enter_context(Alone(given))
    yield (
        "obscura, one process, all cores",
        lambda paths: sum(len(list(found)) for _, found in alone.found(paths, print)),
    )
    pool = Pool(single, jobs)
    stack.callback(pool.close)
    yield (
        f"obscura, {jobs} processes of one thread",
        lambda paths: sum(len(list(answer.found)) for _, answer in pool.mapped(paths) if answer),
    )
    plain = Plain(model)
    yield "onnxruntime alone, as it is by default", lambda paths: bool(plain(paths)) * len(paths)
    context = multiprocessing.get_context("spawn")
    workers = stack.enter_context(context.Pool(jobs, _open, (model,)))
    yield (
        f"onnxruntime alone, {jobs} processes of one thread",
        lambda paths: len(workers.map(_one, paths, chunksize=1)),
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=cores())
    parser.add_argument("--model", default="cocossd")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        paths = pictures(Path(folder), arguments.pictures)
        measured: dict[str, list[float]] = {}
        opened = dict(ways(arguments.model, arguments.jobs, stack))
        for way in opened.values():
            way(paths[: 2 * arguments.jobs])
        size = -(-len(paths) // TURNS)
        for turn in range(TURNS):
            part = paths[turn * size : (turn + 1) * size]
            order: list[Any] = list(opened.items())
            for name, way in order[turn % len(order) :] + order[: turn % len(order)]:
                began = time.perf_counter()
                if way(part) != len(part):
                    raise SystemExit(f"{name}: not all pictures were looked at")
                measured.setdefault(name, []).append((time.perf_counter() - began) / len(part))
    first = median(next(iter(measured.values())))
    print(f"{arguments.pictures} pictures, {cores()} cores, {arguments.model}\n")
    print("| way | ms a picture | pictures a second | times the first |\n| --- | --- | --- | --- |")
    for name in opened:
        each = median(measured[name])
        print(f"| {name} | {1000 * each:.1f} | {1 / each:.1f} | {first / each:.2f} |")


if __name__ == "__main__":
    main()
