"""`obscura count`: what it writes and shows, and what of its arguments is refused."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from obscura.cli import progress

from .conftest import Count


def test_csv_has_the_times_of_the_recording(count: Count, table: Path, capsys: Any) -> None:
    assert count(table, "--csv", "--start", "2026-05-01T08:00:59+02:00") == 0

    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out, newline="")))
    assert {row["wall_time"] for row in rows} == {
        "2026-05-01T08:00:00+02:00",
        "2026-05-01T08:01:00+02:00",
    }
    counted = [row for row in rows if row["class"] == "object" and row["kind"] == "line"]
    assert [(row["in"], row["out"]) for row in counted] == [("1", "0")]


def test_csv_of_hours_without_a_known_time(count: Count, table: Path, capsys: Any) -> None:
    assert count(table, "--csv", "--per", "hour") == 0

    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out, newline="")))
    assert {(row["wall_time"], row["media_time_s"]) for row in rows} == {("", "0.0")}
    assert rows[0]["in"] == "1"


def test_events_are_lines_of_json(count: Count, table: Path, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"

    assert count(table, "--events", path, "--start", "2026-05-01T08:00:00+00:00") == 0

    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [each["event"] for each in records] == ["appeared", "zone_entered", "crossing"]
    crossing = records[-1]
    assert (crossing["line"], crossing["direction"], crossing["source"]) == ("door", "in", "walk")
    assert crossing["wall_time"].startswith("2026-05-01T08:00:01")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_what_was_counted_until_the_disk_was_full_is_shown(
    count: Count, table: Path, capsys: Any
) -> None:
    assert count(table, "--events", "/dev/full") == 4

    said = capsys.readouterr()
    assert "not to its end" in said.out
    assert "--events" in said.err


def test_events_overwrite_nothing_that_is_read(
    count: Count, table: Path, shapes: Path, capsys: Any
) -> None:
    for path in (shapes, table / "det" / "det.txt"):
        before = path.read_bytes()
        assert count(table / "det" / "det.txt", "--events", path) == 2
        assert "would overwrite" in capsys.readouterr().err
        assert path.read_bytes() == before


def test_progress_is_shown_on_a_terminal_after_half_a_second(
    count: Count, table: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock) * 0.2)

    count(table)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    count(table)

    shown = capsys.readouterr().err
    assert shown.startswith("\r\x1b[K3 of 21 frames\r\x1b[K4 of 21 frames")
    assert shown.endswith("\r\x1b[K21 of 21 frames\r\x1b[K")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (None, "cannot be read"),
        ("{", "not valid JSON"),
        ('{"format": 1}', "neither lines nor zones"),
        ('{"format": 1, "lines": []}', "no lines and no zones"),
    ],
)
def test_shapes_that_are_not_there_are_named(
    count: Count, table: Path, shapes: Path, text: str | None, cause: str, capsys: Any
) -> None:
    if text is None:
        shapes.unlink()
    else:
        shapes.write_text(text)

    assert count(table) == 1
    assert cause in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"),
    [("--every", "0"), ("--fps", "0"), ("--fps", "nan"), ("--size", "640"), ("--size", "0x9"),
     ("--start", "noon"), ("--threshold", "2")],
)  # fmt: skip
def test_an_option_of_a_wrong_value_is_refused(
    count: Count, table: Path, option: str, value: str, capsys: Any
) -> None:
    with pytest.raises(SystemExit):
        count(table, option, value)

    assert f'"{value}" is not' in capsys.readouterr().err


def test_a_source_that_is_none_is_named(count: Count, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "empty").mkdir()

    assert count(tmp_path / "nowhere.mp4") == 1
    assert count(tmp_path / "empty", "--fps", "9") == 1
    error = capsys.readouterr().err
    assert "There is no such file or folder" in error
    assert "The folder has no frames" in error
