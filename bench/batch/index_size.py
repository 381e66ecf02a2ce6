"""What the index of a very long run takes: space, memory, and time to resume.

    build.py run bench/batch/index_size.py [--files 10000000]

Makes an index of so many files in a temporary folder, as a run enters them: a thousand at a time,
folder by folder. Then opens it as a run does that goes on, and looks up every file.
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

from obscura.batch.index import Index, Key, Shard
from obscura.batch.shards import RECORDS

IN_A_FOLDER = 10_000


def keys(files: int) -> Iterator[Key]:
    """Yield the keys of files such as cameras name them."""
    for number in range(files):
        folder, name = divmod(number, IN_A_FOLDER)
        path = f"/data/photos/2026/batch-{folder:06}/IMG_{name:05}.jpg"
        yield Key(path.encode(), 1_000_000 + number % 977, 1_790_000_000_000_000_000 + number)


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


if __name__ == "__main__":
    main()
