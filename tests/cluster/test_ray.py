"""Runs on a cluster: whatever is killed, every picture is there exactly once."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from obscura.cli import main

from ..batch.conftest import names, sources
from .conftest import (
    Start,
    descendants,
    ended,
    kill_tree,
    listening,
    until_it_writes,
    wait_for,
    workers,
)

Pictures = Callable[[int], Path]
MANY = 3000


def test_a_worker_is_killed(start: Start, pictures: Pictures, tmp_path: Path) -> None:
    folder, out = pictures(MANY), tmp_path / "out"
    run_losing_a_worker(start, folder, out)

    assert sources(out) == names(folder)


def run_losing_a_worker(start: Start, folder: Path, out: Path) -> None:
    """Have two workers look at a folder, and kill one of them meanwhile."""
    process = start(folder, "--jobs", "2", "--out", out)
    until_it_writes(process, out)
    found = workers(process.pid)
    os.kill(found[0], signal.SIGKILL)

    assert len(found) == 2
    assert ended(process) == (0, "")


def test_a_worker_that_reads_videos_is_killed(
    start: Start, pictures: Pictures, clip: Path, colour_models: Path, tmp_path: Path
) -> None:
    folder = pictures(20)
    for index in range(40):
        shutil.copy(clip, folder / f"{index:05}-walk.mp4")
    alone, out = tmp_path / "alone", tmp_path / "out"
    words = ["detect", "--model", str(colour_models / "colours"), "--jobs", "1", "--out"]
    assert main([*words, str(alone), str(folder)]) == 0

    run_losing_a_worker(start, folder, out)

    assert len(sources(out)) == 20 + 40 * 12
    assert records(out) == records(alone)


def records(out: Path) -> list[Any]:
    """Return all records of a run's folder."""
    return [
        json.loads(line)
        for shard in sorted(out.glob("*.jsonl"))
        for line in shard.read_text().splitlines()
    ]


def test_more_workers_than_processors(start: Start, pictures: Pictures, tmp_path: Path) -> None:
    folder, out = pictures(30), tmp_path / "out"
    jobs = str((os.cpu_count() or 1) + 2)

    assert ended(start(folder, "--jobs", jobs, "--out", out)) == (0, "")
    assert sources(out) == names(folder)


def test_the_driver_is_killed(start: Start, pictures: Pictures, tmp_path: Path) -> None:
    folder, out = pictures(MANY), tmp_path / "out"
    process = start(folder, "--jobs", "2", "--out", out)
    until_it_writes(process, out)
    others = descendants(process.pid)
    process.kill()
    process.communicate()

    assert len(others) > 0
    assert len(sources(out)) < MANY
    assert ended(start(folder, "--jobs", "2", "--out", out)) == (0, "")
    assert sorted(sources(out)) == names(folder)


def test_a_node_is_killed(
    start: Start, pictures: Pictures, tmp_path: Path, nodes: tuple[str, list[Any]]
) -> None:
    folder, out = pictures(MANY), tmp_path / "out"
    address, processes = nodes
    process = start(folder, "--address", address, "--jobs", "2", "--out", out)
    until_it_writes(process, out)
    until_both_work(process, processes)
    kill_tree(processes[1].pid)

    assert ended(process) == (0, "")
    assert sources(out) == names(folder)


def until_both_work(process: Any, nodes: list[Any]) -> None:
    while process.poll() is None and not all(workers(node.pid) for node in nodes):
        pass


def test_an_address_where_nobody_is(start: Start, pictures: Pictures, tmp_path: Path) -> None:
    code, error = ended(start(pictures(1), "--address", "127.0.0.1:1", "--out", tmp_path / "out"))

    assert code == 3
    assert "The cluster cannot be reached" in error
    assert "Traceback" not in error


def test_from_an_object_store_to_parquet(start: Start, pictures: Pictures, tmp_path: Path) -> None:
    from moto.server import ThreadedMotoServer
    from pyarrow import parquet
    from s3fs import S3FileSystem

    folder, out = pictures(30), tmp_path / "out"
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        wait_for(f"{host}:{port}")
        address = f"http://{host}:{port}"
        system = S3FileSystem(key="a", secret="b", endpoint_url=address)
        system.mkdir("photos")
        system.put(str(folder), "photos/day", recursive=True)
        variables = {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
        }
        words = ("s3://photos", "--recursive", "--jobs", "2", "--format", "parquet", "--out", out)

        assert ended(start(*words, **variables)) == (0, "")
        assert ended(start(*words, **variables)) == (0, "")  # all were done before
    finally:
        server.stop()

    assert [each.name for each in sorted(out.glob("shard-*"))] == ["shard-000001.parquet"]
    rows = parquet.read_table(out / "shard-000001.parquet").to_pylist()
    assert [row["source"] for row in rows] == [f"s3://photos/day/{name}" for name in names(folder)]
    assert [each["label"] for row in rows for each in row["detections"]] == ["red"] * 30


def test_an_archive_with_an_address(start: Start, pictures: Pictures, tmp_path: Path) -> None:
    folder, out = pictures(5), tmp_path / "out"
    archive = shutil.make_archive(str(tmp_path / "photos"), "zip", folder)

    code, error = ended(start(f"zip://::file://{archive}", "--jobs", "1", "--out", out))

    assert (code, error) == (0, "")
    lines = (out / "shard-000001.jsonl").read_text().splitlines()
    assert [json.loads(text)["source"] for text in lines] == [
        f"zip://{name}::file://{archive}" for name in names(folder)
    ]


def test_nobody_else_reaches_a_cluster_that_is_started_here(
    start: Start, pictures: Pictures, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = start(pictures(MANY), "--jobs", "1", "--out", out)
    until_it_writes(process, out)
    os.kill(process.pid, signal.SIGSTOP)
    found = listening([process.pid, *descendants(process.pid)])
    os.kill(process.pid, signal.SIGCONT)

    assert found
    assert found <= {"0100007F", "0000000000000000FFFF00000100007F"}
    assert ended(process) == (0, "")
