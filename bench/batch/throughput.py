"""Pictures per second of ways to look at many pictures, by turns in one run.

    build.py run bench/batch/throughput.py [--pictures 200] [--jobs 2] [--model cocossd]

The ways: one detector on all cores; a process of one thread for each core; and the loop that
people write with onnxruntime alone, as it is by default and in processes of one thread: counting
scores, and with boxes, their suppression and records, as libraries for detection have it, which is
what `obscura` gives (for models that stretch the picture, as COCO-SSD does). In each turn every
way has all pictures, and the ways come in another order; the table has the median of the turns, for
this machine at this time: compare rows, not runs. Where others use the machine too, compare the
processors' own time, which Linux counts for each process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
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
from obscura.cli.work import Item
from obscura.detector import Detector

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
    """The loop with onnxruntime and Pillow alone."""

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
        self._least, self._most, self._labels = card.threshold, card.iou, card.labels
        self.makes_records = card.input.resize == "stretch" and "keypoints" not in self._names

    def __call__(self, paths: list[str]) -> int:
        return sum(map(self.one, paths))

    def one(self, path: str) -> int:
        """Return how many rows one picture has, and nothing else."""
        outputs, _ = self._run(path)
        return int(np.count_nonzero(outputs["scores"] >= self._least))

    def _run(self, path: str) -> tuple[dict[str, Any], tuple[int, int]]:
        image = Image.open(path)
        pixels = np.asarray(image.convert("RGBA"))
        outputs = self._session.run(self._names, {"image": pixels[None]})
        return dict(zip(self._names, outputs, strict=True)), image.size

    def record(self, path: str) -> dict[str, Any]:
        """Return what there is in one picture: boxes of which none overlaps a better one."""
        outputs, (width, height) = self._run(path)
        scores = outputs["scores"][0]
        rows = np.flatnonzero(scores >= self._least)
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        boxes = outputs["boxes"][0][rows] * np.array([width, height] * 2, np.float32)
        np.clip(boxes, 0, [width, height] * 2, out=boxes)
        scores, classes = scores[rows], outputs["classes"][0][rows]
        made: list[dict[str, Any]] = []
        left = np.arange(len(rows))
        while len(left):
            best, left = left[0], left[1:]
            box = dict(zip(("x1", "y1", "x2", "y2"), boxes[best].tolist(), strict=True))
            label = self._labels[classes[best]]
            made.append({"label": label, "score": float(scores[best]), **box})
            rivals = (classes[left] == classes[best]) & (
                _overlap(boxes[best], boxes[left]) > self._most
            )
            left = left[~rivals]
        return {"source": path, "width": width, "height": height, "detections": made}


def _overlap(box: Any, boxes: Any) -> Any:
    """Return the intersection over union of a box with others."""
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    shared = np.prod(np.maximum(sides, 0), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return shared / (np.prod(box[2:] - box[:2]) + areas - shared)


_plain: Plain


def _open(name: str) -> None:
    global _plain
    _plain = Plain(name, threads=1)


def _one(path: str) -> int:
    return _plain.one(path)


def _record(path: str) -> dict[str, Any]:
    return _plain.record(path)


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
        lambda paths: sum(len(list(found)) for _, found in alone.found(map(Item, paths), print)),
    )
    pool = Pool(single, jobs)
    stack.callback(pool.close)
    yield (
        f"obscura, {jobs} processes of one thread",
        lambda paths: sum(
            len(list(answer.found)) for _, answer in pool.mapped(map(Item, paths)) if answer
        ),
    )
    plain = Plain(model)
    yield "onnxruntime alone, as it is by default", lambda paths: bool(plain(paths)) * len(paths)
    context = multiprocessing.get_context("spawn")
    workers = stack.enter_context(context.Pool(jobs, _open, (model,)))
    yield (
        f"onnxruntime alone, {jobs} processes of one thread",
        lambda paths: len(workers.map(_one, paths, chunksize=1)),
    )
    if plain.makes_records:
        yield (
            f"onnxruntime alone, {jobs} processes of one thread, with records",
            lambda paths: len(workers.map(_record, paths, chunksize=1)),
        )


def check(model: str, path: str) -> None:
    """See that the loop with records gives what `obscura` does.

    Raises:
        SystemExit: it does not.
    """
    plain = Plain(model, threads=1)
    if not plain.makes_records:
        return
    with Detector(model, threads=1) as detector:
        ours = detector.detect(path)
    theirs = plain.record(path)["detections"]
    boxes = [[row[edge] for edge in ("x1", "y1", "x2", "y2")] for row in theirs]
    if len(ours) != len(theirs) or not np.allclose(ours.xyxy, boxes, atol=0.01):
        raise SystemExit("the loop with records finds something else")


def processor_s() -> float:
    """Return the seconds that processors spent on this process and those that it started; 0 where
    the system is not Linux."""
    ticks = 0
    for pid in [os.getpid(), *(each.pid for each in multiprocessing.active_children())]:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK") if ticks else 0.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=cores())
    parser.add_argument("--model", default="cocossd")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        paths = pictures(Path(folder), arguments.pictures)
        check(arguments.model, paths[0])
        used: defaultdict[str, float] = defaultdict(float)
        opened = dict(ways(arguments.model, arguments.jobs, stack))
        measured: dict[str, list[float]] = {name: [] for name in opened}
        for way in opened.values():
            way(paths[: 2 * arguments.jobs])
        for turn in range(TURNS):
            order = list(opened)
            # Or a way would always follow the same one, and one with all cores slows the next.
            random.Random(turn).shuffle(order)
            for name in order:
                began, before = time.perf_counter(), processor_s()
                if opened[name](paths) != len(paths):
                    raise SystemExit(f"{name}: not all pictures were looked at")
                used[name] += processor_s() - before
                measured[name].append((time.perf_counter() - began) / len(paths))
    first = median(next(iter(measured.values())))
    print(f"{arguments.pictures} pictures, {cores()} cores, {arguments.model}\n")
    print("| way | ms a picture | pictures a second | times the first | processors' ms a picture |")
    print("| --- | --- | --- | --- | --- |")
    for name in opened:
        each = median(measured[name])
        figures = f"{1000 * each:.1f} | {1 / each:.1f} | {first / each:.2f}"
        print(f"| {name} | {figures} | {1000 * used[name] / TURNS / len(paths):.1f} |")


if __name__ == "__main__":
    main()
