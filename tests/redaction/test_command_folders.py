"""`obscura redact` of folders: what is copied, what is named instead, and several jobs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from obscura.cli import exits

from .conftest import FRAMES, ROOT, Redact, Scene, reds, video, walking


def test_of_a_folder_every_file_is_redacted_or_named_and_not_copied(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    Image.fromarray(walking(scene, 8)).save(tmp_path / "in" / "sub" / "a.png")
    (tmp_path / "in" / "notes.txt").write_text("a secret")
    (tmp_path / "in" / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")

    assert redact(tmp_path / "in", tmp_path / "out") == 1
    errors = capsys.readouterr().err
    copies = [each for each in (tmp_path / "out").rglob("*") if each.is_file()]
    assert [each.relative_to(tmp_path / "out").as_posix() for each in copies] == ["sub/a.png"]
    assert reds(np.asarray(Image.open(copies[0]))) == 0
    assert "notes.txt" in errors
    assert "broken.jpg" in errors
    assert "2 of 3 files were not redacted and not copied" in errors


def test_where_no_copy_can_be_written_the_rest_is_not_tried(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(walking(scene, 8)).save(tmp_path / "in" / name)
    (tmp_path / "file").write_text("")

    assert redact(tmp_path / "in", tmp_path / "file" / "out") == exits.NO_OUTPUT

    assert capsys.readouterr().err.count("The copy cannot be saved") == 1


def test_a_picture_that_a_format_cannot_hold_is_named_and_the_rest_is_copied(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "in").mkdir()
    wide = Image.fromarray(walking(scene, 8)).resize((17_000, 8))
    wide.save(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "a.png").rename(tmp_path / "in" / "a.webp")  # which ends at 16,383
    Image.fromarray(walking(scene, 8)).save(tmp_path / "in" / "b.png")

    assert redact(tmp_path / "in", tmp_path / "out") == exits.SOME_FAILED

    assert [each.name for each in (tmp_path / "out").iterdir()] == ["b.png"]
    assert "The copy cannot be written" in capsys.readouterr().err


def test_a_link_to_a_folder_is_named_and_not_copied(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    for folder in ("in", "elsewhere"):
        (tmp_path / folder).mkdir()
        Image.fromarray(walking(scene, 8)).save(tmp_path / folder / "a.png")
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "elsewhere", target_is_directory=True)

    assert redact(tmp_path / "in", tmp_path / "out") == 1
    assert [each.name for each in (tmp_path / "out").rglob("*")] == ["a.png"]
    assert capsys.readouterr().err == (
        f"obscura: A link to a folder is not followed ({tmp_path / 'in' / 'linked'}). Redact that "
        "folder by itself.\nobscura: 1 of 2 files were not redacted and not copied.\n"
    )


def test_a_folder_is_the_same_with_several_jobs(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    street = tmp_path / "street"
    (street / "deep").mkdir(parents=True)
    for index in range(6):
        Image.fromarray(walking(scene, index)).save(street / f"{index}.png")
    video(street / "deep" / "walk.mp4", [walking(scene, index) for index in range(FRAMES)])
    (street / "notes.txt").write_text("no picture")
    said = []
    for jobs in ("1", "3"):
        assert redact(street, tmp_path / jobs, "--jobs", jobs) == exits.SOME_FAILED
        out, error = capsys.readouterr()
        said.append((out.replace(str(tmp_path / jobs), ""), error))

    def files(folder: Path) -> dict[str, bytes]:
        made = (each for each in folder.rglob("*") if each.is_file())
        return {str(each.relative_to(folder)): each.read_bytes() for each in made}

    assert said[0] == said[1]
    assert files(tmp_path / "3") == files(tmp_path / "1")
    assert len(files(tmp_path / "1")) == 7


def test_ended_in_the_middle_several_jobs_leave_no_half_copies(
    colour_models: Path, scene: Scene, tmp_path: Path
) -> None:
    street, out = tmp_path / "street", tmp_path / "out"
    street.mkdir()
    video(street / "0.mp4", [walking(scene, each % 20) for each in range(300)])
    for index in range(1, 20):  # one process may have begun long before the other
        shutil.copy(street / "0.mp4", street / f"{index}.mp4")
    words = ["redact", str(street), "--out", str(out), "--what", "red", "--jobs", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "obscura", *words, "--model", str(colour_models / "colours")],
        env={**os.environ, "PYTHONPATH": str(ROOT / "py")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while process.poll() is None and len(list(out.glob(".redacting-*"))) < 2:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGINT)

    _, error = process.communicate(timeout=120)

    assert (process.returncode, error) == (exits.STOPPED, b"obscura: stopped.\n")
    assert not list(out.glob(".redacting-*"))
