"""What the index of a very long run takes: space, memory, and time to resume.

    build.py run bench/batch/index_size.py [--files 10000000]

Makes an index of so many files in a temporary folder, as a run enters them: a thousand at a time,
folder by folder. Then opens it as a run does that goes on, and looks up every file. Last, writes
records with two objects as a run does, and works out what runs of other sizes take.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from obscura.batch.index import Index, Key, Shard
from obscura.batch.shards import RECORDS, line
from obscura.batch.store import Store

IN_A_FOLDER = 10_000
WRITTEN = 50_000
"""Records that are written to measure how fast one process writes."""
SIZES = (10**4, 10**5, 10**6, 10**7, 10**8)


def keys(files: int) -> Iterator[Key]:
    """Yield the keys of files such as cameras name them."""
    for number in range(files):
        folder, name = divmod(number, IN_A_FOLDER)
        path = f"/data/photos/2026/batch-{folder:06}/IMG_{name:05}.jpg"
        yield Key(path.encode(), 1_000_000 + number % 977, 1_790_000_000_000_000_000 + number)


def record(key: Key) -> dict[str, Any]:
    """Return a record with two objects, as long as they usually are."""
    box = {"x1": 120.4567, "y1": 80.1234, "x2": 320.9876, "y2": 310.5432}
    found = {"label": "person", "class_id": 0, "score": 0.8765, **box}
    frame = {"frame": 0, "time_s": 0.0, "width": 1920, "height": 1080}
    return {"source": key.path.decode(), "model": "cocossd", **frame, "detections": [found] * 2}


def written() -> float:
    """Return how many records a second one process writes to shards and index."""
    began = time.perf_counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        Store(Path(folder), {"format": "jsonl"}) as store,
    ):
        for key in keys(WRITTEN):
            if not store.has(key):
                store.add(key, [record(key)])
    return WRITTEN / (time.perf_counter() - began)


def megabytes() -> float:
    """Return the most memory that this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000_000)
    files = parser.parse_args().files
    before = megabytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.sqlite"
        began = time.perf_counter()
        with Index(path) as index:
            rest, number = keys(files), 0
            while some := list(islice(rest, RECORDS)):
                number += 1
                index.enter(Shard(number, 300 * RECORDS, len(some), whole=True), some)
        entered = time.perf_counter() - began
        began = time.perf_counter()
        with Index(path) as index:
            shards = sum(1 for _ in index.shards())
            opened = time.perf_counter() - began
            began = time.perf_counter()
            known = sum(key in index for key in keys(files))
            looked = time.perf_counter() - began
        if (known, shards) != (files, number):
            raise SystemExit(f"{known} of {files} files and {shards} of {number} shards are there")
        size = path.stat().st_size
    million = files / 1e6
    print(f"{files:,} files, {shards:,} shards\n")
    print("| what | in all | for a million files |\n| --- | --- | --- |")
    print(f"| index on the disk | {size / 1e6:.0f} MB | {size / 1e6 / million:.1f} MB |")
    print(f"| entering files, with the disk | {entered:.0f} s | {entered / million:.2f} s |")
    print(f"| opening the index | {opened:.2f} s | {opened / million:.3f} s |")
    print(f"| looking up every file | {looked:.0f} s | {looked / million:.2f} s |")
    print(f"| memory beyond Python's own | {megabytes() - before:.0f} MB | the same |")
    print(f"\nOne process looks up, writes and enters {written():.0f} records a second.\n")
    print("| pictures | shards | shards on the disk | index | opening it, looking up all |")
    print("| --- | --- | --- | --- | --- |")
    for number in SIZES:
        length = number * len(line(record(next(keys(1))))) / 1e6
        seconds = number / files * (opened + looked)
        print(
            f"| {number:,} | {-(-number // RECORDS):,} | {length:,.0f} MB "
            f"| {number / files * size / 1e6:,.1f} MB | {seconds:,.1f} s |"
        )


if __name__ == "__main__":
    main()
