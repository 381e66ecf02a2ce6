"""A long run, killed in the middle and resumed: pictures per second, memory, and sizes.

    build.py run bench/batch/long_run.py [--pictures 10000] [--jobs N] [--model cocossd]

Runs `obscura detect FOLDER --out OUT` on so many pictures: 1,000 views of the sample picture, each
under many names. At the middle the run and all its processes are killed (`kill -9`), and the same
command is given again. At the end every picture must be there once. POSIX only.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from batch.throughput import pictures

from obscura.batch.finders import cores

VIEWS, IN_A_FOLDER = 1_000, 1_000
LOOK_S = 0.5


class Look(NamedTuple):
    """What was seen of a run at one time."""

    time_s: float
    records: int
    memory: float  # resident memory of its processes, MB; what they share counts for each


def linked(folder: Path, number: int) -> Path:
    """Make so many names for the views, a thousand in a folder; return their folder."""
    (folder / "views").mkdir()
    views = pictures(folder / "views", min(number, VIEWS))
    named = folder / "pictures"
    for index in range(number):
        place = named / f"{index // IN_A_FOLDER:06}"
        place.mkdir(parents=True, exist_ok=True)
        os.link(views[index % len(views)], place / f"{index:09}.jpg")
    return named


def memory(group: int) -> float:
    """Return the resident memory of a process group, in MB."""
    rows = subprocess.run(["ps", "-eo", "pgid=,rss="], capture_output=True, text=True, check=True)
    pairs = (line.split() for line in rows.stdout.splitlines())
    return sum(int(size) for owner, size in pairs if int(owner) == group) / 1024


def lines(out: Path) -> Iterator[str]:
    """Yield the records that are there, as text."""
    for path in sorted(out.glob("shard-*")):
        with path.open(encoding="utf-8") as file:
            yield from file


def watched(command: list[str], out: Path, until: float) -> list[Look]:
    """Run a command; look at it again and again. Kill it and its processes at `until` records.

    Raises:
        SystemExit: it ended with an error.
    """
    began, looks = time.perf_counter(), list[Look]()
    whole: dict[Path, int] = {}
    with subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            time.sleep(LOOK_S)
            for path in out.glob("shard-*.jsonl"):
                whole[path] = whole.get(path) or path.read_bytes().count(b"\n")
            part = sum(path.read_bytes().count(b"\n") for path in out.glob("shard-*.part"))
            records = sum(whole.values()) + part
            looks.append(Look(time.perf_counter() - began, records, memory(process.pid)))
            if records >= until:
                os.killpg(process.pid, signal.SIGKILL)
        if process.returncode not in (0, -signal.SIGKILL):
            raise SystemExit(f"the run ended with {process.returncode}")
    return looks


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=cores())
    parser.add_argument("--model", default="cocossd")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        named, out = linked(folder, given.pictures), folder / "found"
        command = [sys.executable, "-m", "obscura", "detect", str(named), "--recursive"]
        command += ["--model", given.model, "--jobs", str(given.jobs), "--out", str(out)]
        first = watched(command, out, given.pictures / 2)
        second = watched(command, out, float("inf"))
        done = sorted(json.loads(line)["source"] for line in lines(out))
        if done != sorted(map(str, named.rglob("*.jpg"))):
            raise SystemExit(f"{len(done)} records, {len(set(done))} pictures")
        size = sum(each.stat().st_size for each in out.glob("shard-*")) / 1e6
        index = (out / "index.sqlite").stat().st_size / 1e6
        shards = len(list(out.glob("shard-*")))
    steady = [each for each in first if each.records > 0]
    rate = (steady[-1].records - steady[0].records) / (steady[-1].time_s - steady[0].time_s)
    resumed = next(each.time_s for each in second if each.records > first[-1].records)
    third = len(second) // 3
    early, late = (max(each.memory for each in part) for part in (second[:third], second[-third:]))
    print(f"{given.pictures:,} pictures, {given.jobs} processes, {cores()} cores, {given.model}\n")
    print("| what | |\n| --- | --- |")
    print(f"| pictures a second | {rate:.0f}, {rate / given.jobs:.1f} for each process |")
    print(f"| hours of all cores for a million | {1e6 / rate / 3600:.2f} |")
    print(f"| core hours for a million | {1e6 / rate * given.jobs / 3600:.1f} |")
    print(f"| after `kill -9`, until there was more | {resumed:.1f} s |")
    print(f"| most memory in the first and the last third | {early:.0f} MB, {late:.0f} MB |")
    print(f"| shards | {shards}, {size:.1f} MB |")
    print(f"| index | {index:.1f} MB |")


if __name__ == "__main__":
    main()
