"""`obscura count` in tables of detections and of tracks, which need no model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Count

TABLE = """line  class   in  out
door  object   1    0

zone   class   entries  exits  mean dwell  now inside
right  object        1      0           -           1
"""


@pytest.mark.parametrize("name", ["det/det.txt", "gt/gt.txt", "."])
def test_a_table_is_counted_in_without_a_model(
    count: Count, table: Path, name: str, capsys: Any
) -> None:
    assert count(table / name, "--model", "none") == 0

    head, _, rest = capsys.readouterr().out.partition("\n\n")
    assert head == f"{table / name}: 21 frames analysed, 2.0 s"
    assert rest == TABLE


def test_a_table_alone_needs_its_rate_and_the_size_of_its_frames(
    count: Count, table: Path, tmp_path: Path, capsys: Any
) -> None:
    alone = tmp_path / "det.txt"
    alone.write_bytes((table / "det" / "det.txt").read_bytes())

    assert count(alone) == 1
    assert "size of the frames is not known" in capsys.readouterr().err
    assert count(alone, "--size", "640x480") == 1
    assert "frames per second is not known" in capsys.readouterr().err
    assert count(alone, "--size", "640x480", "--fps", "10") == 0
    assert TABLE in capsys.readouterr().out


def test_only_every_nth_frame_is_used_at_its_own_time(
    count: Count, table: Path, capsys: Any
) -> None:
    assert count(table, "--every", "4", "--json") == 0

    document = json.loads(capsys.readouterr().out)
    assert (document["frames"], document["seconds"]) == (6, 2.0)
    assert document["lines"] == [{"name": "door", "in": {"object": 1}, "out": {}}]


def test_scores_too_low_to_be_tracked_are_pointed_out(
    count: Count, table: Path, capsys: Any
) -> None:
    path = table / "det" / "det.txt"
    path.write_text(path.read_text().replace(",0.9,", ",0.4,"))

    assert count(path) == 0
    assert "No score reaches 0.8" in capsys.readouterr().err
    assert count(path, "--threshold", "0.3") == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert TABLE in captured.out


@pytest.mark.parametrize(
    ("rows", "cause"),
    [
        ("1,-1,a", "not a table of numbers"),
        ("1,-1,3", "columns"),
        ("99,-1,0,0,9,9,1", "not in 1..21"),
        ("1,-1,0,0,-9,9,1", "negative size"),
        ("1,-1,0,0,nan,9,1", "not finite"),
        ("1,7,0,0,9,9,1\n1,7,5,5,9,9,1", "twice in a frame"),
    ],
)
def test_a_damaged_table_is_refused_in_words(
    count: Count, table: Path, capsys: Any, rows: str, cause: str
) -> None:
    (table / "det" / "det.txt").write_text(rows)

    assert count(table) == 1
    captured = capsys.readouterr()
    assert cause in captured.err
    assert captured.out == ""


def test_a_table_of_nothing_is_counted_as_nothing(count: Count, table: Path, capsys: Any) -> None:
    (table / "det" / "det.txt").write_text("")

    assert count(table, "--json") == 0
    assert json.loads(capsys.readouterr().out)["zones"][0]["inside"] == {}


def test_a_table_has_nothing_to_look_closer_at(count: Count, table: Path, capsys: Any) -> None:
    assert count(table, "--pipeline", "closer.toml") == 1
    assert "A table has no pictures (--pipeline). Leave it out." in capsys.readouterr().err
