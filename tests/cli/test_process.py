"""The command as a process: its terminal, its pipes, and how it ends."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from obscura.cli import main

from .conftest import Detect, environment

COMMAND = [sys.executable, "-m", "obscura", "detect", "--model", "colours"]


@pytest.mark.usefixtures("colour_models")
def test_it_runs_as_a_module(folder: Path) -> None:
    done = subprocess.run(
        [*COMMAND, str(folder / "a.png")],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "red  100%" in done.stdout


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_names_that_the_terminal_cannot_write_are_escaped(
    colour_models: Path, folder: Path, encoding: str
) -> None:
    card = colour_models / "colours" / "model.toml"
    card.write_text(card.read_text().replace('"red"', '"猫 😀"'), encoding="utf-8")
    env = environment(PYTHONIOENCODING=encoding, PYTHONUTF8="0")

    table, document = (
        subprocess.run(
            [*COMMAND, str(folder / "a.png"), *more], env=env, capture_output=True, check=False
        )
        for more in ([], ["--json"])
    )

    assert (table.returncode, table.stderr) == (0, b"")
    written = "猫 😀" if encoding == "utf-8" else r"\u732b \U0001f600"
    assert written in table.stdout.decode(encoding)
    (row,) = json.loads(document.stdout.decode(encoding))
    assert row["detections"][0]["label"] == "猫 😀"


@pytest.mark.usefixtures("colour_models")
@pytest.mark.parametrize("more", [[], ["--json"]])
@pytest.mark.skipif(os.name != "posix", reason="other systems end such pipes in other ways")
def test_it_ends_quietly_when_nobody_reads_its_output(folder: Path, more: list[str]) -> None:
    reader, output = os.pipe()
    os.close(reader)

    command = [*COMMAND, *[str(folder / "a.png")] * 3, *more]
    ended = subprocess.run(command, env=environment(), stdout=output, stderr=subprocess.PIPE)
    os.close(output)

    assert (ended.returncode, ended.stderr) == (141, b"")


def test_stopping_it_ends_it_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def stopped(_arguments: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("obscura.cli.models.run", stopped)

    assert main(["models"]) == 130
    assert capsys.readouterr().err == "obscura: stopped.\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", ["models", "--help", "--version", "detect --help"])
@pytest.mark.parametrize(("shell", "code"), [("> /dev/full", 4), (">&-", 0)])
def test_output_that_cannot_be_written_is_said_in_a_line(
    words: str, shell: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    command = f"{shlex.quote(sys.executable)} -m obscura {words} {shell}"

    ended = subprocess.run(command, shell=True, capture_output=True, text=True, env=environment())

    assert ended.returncode == code
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("\n") <= 1


def test_names_neither_command_a_terminal_nor_begin_a_line(
    detect: Detect, folder: Path, capsys: Any
) -> None:
    name = "x\n\x1b[31m\u202egpj.png"
    (folder / "a.png").rename(folder / name)

    assert detect(folder / name, folder / f"not-{name}") == 1

    said = capsys.readouterr()
    escaped = r"x\n\x1b[31m\u202egpj.png"
    assert said.out.splitlines()[0] == f"{folder / escaped}: 1 found"
    assert said.err.count("\n") == 1
    assert f"not-{escaped}" in said.err


@pytest.mark.usefixtures("colour_models")
def test_a_picture_on_standard_input(folder: Path) -> None:
    with (folder / "a.png").open("rb") as picture:
        done = subprocess.run(
            [*COMMAND, "-", "--format", "jsonl"],
            env=environment(),
            stdin=picture,
            capture_output=True,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["source"], len(record["detections"])) == ("stdin", 1)
