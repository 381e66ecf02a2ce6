"""Runs in a folder: ended at any moment and started again, every picture is there once."""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from obscura.cli import exits

from .conftest import Detect, Start, names, sources

Pictures = Callable[[int], Path]
WHOLE_S = 120
MANY = 1500


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, error = process.communicate(timeout=WHOLE_S)
    return process.returncode, out, error


def counted(out: Path) -> int:
    """How many bytes of records are there so far."""
    there = 0
    for each in out.glob("shard-*"):
        with contextlib.suppress(FileNotFoundError):  # renamed or removed meanwhile
            there += each.stat().st_size
    return there


def until_it_writes(process: subprocess.Popen[str], out: Path, more_than: int = 0) -> None:
    while process.poll() is None and counted(out) <= more_than:
        time.sleep(0.005)


def test_a_folder_of_pictures(start: Start, pictures: Pictures, tmp_path: Path) -> None:
    folder, out = pictures(3), tmp_path / "out"

    code, printed, error = ended(start(folder, "--out", out))

    assert (code, printed, error) == (0, f"{out}: 3 done\n", "")
    assert sorted(each.name for each in out.iterdir()) == [
        "index.sqlite",
        "run.json",
        "shard-000001.jsonl",
    ]
    first = json.loads((out / "shard-000001.jsonl").read_text().splitlines()[0])
    assert first["source"] == str(folder / "00000.png")
    assert [row["label"] for row in first["detections"]] == ["red"]


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_killed_again_and_again(
    jobs: str, start: Start, pictures: Pictures, tmp_path: Path
) -> None:
    folder, out = pictures(MANY), tmp_path / "out"
    draw = random.Random(16)
    kills = 0
    while kills < 5:
        process = start(folder, "--out", out, "--jobs", jobs)
        until_it_writes(process, out, counted(out))
        time.sleep(draw.uniform(0, 0.25))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.communicate()
        if len(sources(out)) == MANY:
            break

    code, _, error = ended(start(folder, "--out", out, "--jobs", jobs))

    assert kills
    assert (code, error) == (0, "")
    assert sorted(sources(out)) == names(folder)
    assert not list(out.glob("*.part"))


def children(process: subprocess.Popen[str]) -> list[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [
        int(each) for each in listed if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()
    ]


def test_processes_of_the_pool_are_killed(start: Start, pictures: Pictures, tmp_path: Path) -> None:
    folder, out = pictures(MANY), tmp_path / "out"
    process = start(folder, "--out", out, "--jobs", "2")
    until_it_writes(process, out)
    killed = children(process)
    for each in killed:
        os.kill(each, signal.SIGKILL)

    code, _, error = ended(process)

    assert len(killed) == 2
    assert (code, error) == (0, "")
    assert sources(out) == names(folder)


def test_processes_of_the_pool_end_with_it(
    start: Start, pictures: Pictures, tmp_path: Path
) -> None:
    folder, out = pictures(MANY), tmp_path / "out"
    process = start(folder, "--out", out, "--jobs", "2")
    until_it_writes(process, out)
    group = os.getpgid(process.pid)
    assert children(process)

    process.kill()
    process.communicate(timeout=WHOLE_S)

    deadline = time.monotonic() + WHOLE_S
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)
    pytest.fail("processes are left behind")


def test_interrupted(start: Start, pictures: Pictures, tmp_path: Path) -> None:
    folder, out = pictures(MANY), tmp_path / "out"
    process = start(folder, "--out", out, "--jobs", "2")
    until_it_writes(process, out)
    os.killpg(process.pid, signal.SIGINT)

    code, _, error = ended(process)

    assert (code, error) == (exits.STOPPED, "obscura: stopped.\n")
    assert 0 < len(sources(out)) < MANY  # what was done is there, under its final name
    assert ended(start(folder, "--out", out))[0] == 0
    assert sorted(sources(out)) == names(folder)


def test_a_second_run_at_a_time_is_refused(
    start: Start, pictures: Pictures, tmp_path: Path
) -> None:
    folder, out = pictures(MANY), tmp_path / "out"
    first = start(folder, "--out", out)
    until_it_writes(first, out)
    first.send_signal(signal.SIGSTOP)

    code, _, error = ended(start(folder, "--out", out))
    first.send_signal(signal.SIGCONT)

    assert code == exits.SENSELESS
    assert "Another run is writing to this folder" in error
    assert ended(first)[0] == 0
    assert sources(out) == names(folder)


def test_other_options_are_refused(
    detect: Detect, pictures: Pictures, tmp_path: Path, capsys: Any
) -> None:
    folder, out = pictures(3), tmp_path / "out"
    assert detect(folder, "--out", out) == 0

    code = detect(folder, "--out", out, "--threshold", "0.9")

    assert code == exits.SENSELESS
    assert "a run with other options: threshold" in capsys.readouterr().err
    assert sources(out) == names(folder)


def test_only_what_is_new_or_changed_is_done(
    detect: Detect, pictures: Pictures, tmp_path: Path, capsys: Any
) -> None:
    folder, out = pictures(3), tmp_path / "out"
    detect(folder, "--out", out)
    (folder / "00001.png").rename(folder / "new.png")
    os.utime(folder / "00002.png", ns=(1, 1))
    capsys.readouterr()

    assert detect(folder, "--out", out) == 0
    assert capsys.readouterr().out == f"{out}: 2 done, 1 were done before\n"
    assert sorted(sources(out)) == ["00000.png", "00001.png", *["00002.png"] * 2, "new.png"]


def test_what_failed_is_tried_again(
    detect: Detect, pictures: Pictures, tmp_path: Path, capsys: Any
) -> None:
    folder, out = pictures(3), tmp_path / "out"
    whole = (folder / "00001.png").read_bytes()
    (folder / "00001.png").write_bytes(whole[:50])

    assert detect(folder, "--out", out) == exits.SOME_FAILED
    assert capsys.readouterr().out == f"{out}: 2 done, 1 failed\n"
    (folder / "00001.png").write_bytes(whole)
    assert detect(folder, "--out", out) == 0
    assert sorted(sources(out)) == names(folder)


def test_one_picture_named_twice(detect: Detect, pictures: Pictures, tmp_path: Path) -> None:
    folder, out = pictures(2), tmp_path / "out"

    assert detect(folder, folder / "00000.png", folder, "--jobs", "2", "--out", out) == 0
    assert sources(out) == names(folder)


def test_a_folder_of_other_files_is_refused(
    detect: Detect, pictures: Pictures, capsys: Any
) -> None:
    folder = pictures(2)

    assert detect(folder, "--out", folder) == exits.SENSELESS
    assert 'holds other files, such as "00000.png"' in capsys.readouterr().err


def test_parquet_is_a_folder(detect: Detect, pictures: Pictures, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"

    assert detect(pictures(1), "--out", out, "--format", "parquet") == exits.SENSELESS


def test_a_stream_is_refused(detect: Detect, tmp_path: Path, capsys: Any) -> None:
    assert detect("camera:0", "--out", tmp_path / "out") == exits.SENSELESS
    assert "reads files only (camera:0)" in capsys.readouterr().err


def test_a_full_disk(start: Start, pictures: Pictures, tmp_path: Path) -> None:
    folder, out = pictures(300), tmp_path / "out"

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    code, _, error = ended(start(folder, "--out", out, preexec_fn=small_files))

    assert code == exits.NO_OUTPUT
    assert error.startswith("obscura: The shard cannot be written: File too large")
    assert "Traceback" not in error
    assert ended(start(folder, "--out", out))[0] == 0
    assert sources(out) == names(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_folder(
    detect: Detect, pictures: Pictures, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o555)

    assert detect(pictures(1), "--out", out) == exits.NO_OUTPUT
    assert "cannot be written" in capsys.readouterr().err


def test_a_shard_that_was_removed_is_done_again(
    detect: Detect, pictures: Pictures, tmp_path: Path
) -> None:
    folder, out = pictures(3), tmp_path / "out"
    detect(folder, "--out", out)
    (out / "shard-000001.jsonl").unlink()

    assert detect(folder, "--out", out) == 0
    assert sources(out) == names(folder)


def test_an_index_that_was_removed(
    detect: Detect, pictures: Pictures, tmp_path: Path, capsys: Any
) -> None:
    folder, out = pictures(3), tmp_path / "out"
    detect(folder, "--out", out)
    (out / "index.sqlite").unlink()

    assert detect(folder, "--out", out) == exits.SENSELESS
    assert "a shard that its index does not know" in capsys.readouterr().err
    with contextlib.suppress(FileNotFoundError):
        (out / "index.sqlite").unlink()
    assert sources(out) == names(folder)
