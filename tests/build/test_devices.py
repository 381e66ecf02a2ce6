"""The device table: it is that of the files, and files that people paste are checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import draw_devices
import pytest

from builder.build import ROOT
from devices.record import FOLDER, RecordError, read, read_all
from devices.table import BEGIN, END, PlaceError, replaced, table

GOOD: dict[str, Any] = {
    "schema": 1,
    "obscura": "0.1.0 (abc)",
    "date": "2026-11-29",
    "browser": "Firefox 153.0",
    "os": "Linux",
    "cores": 4,
    "isolated": True,
    "gpu": None,
    "model": "cocossd",
    "plans": [
        {"name": "WebGPU", "backend": "webgpu", "threads": 1, "half": False, "why": "none"},
        {"name": "WebAssembly, 4 threads", "backend": "wasm", "threads": 4, "half": False,
         "median_ms": 30.04, "p95_ms": 41.0, "opening_ms": 700.0, "frames": 60, "agreement": None},
        {"name": "WebAssembly, 1 thread", "backend": "wasm", "threads": 1, "half": False,
         "median_ms": 80.0, "p95_ms": 90.0, "opening_ms": 800.0, "frames": 60, "agreement": None},
    ],
    "heads": [{"name": "faces", "frame_ms": 5.3}],
    "tracker": [{"objects": 20, "ms": 0.6}],
}  # fmt: skip


def written(folder: Path, told: object, name: str = "my-laptop.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(told), encoding="utf-8")
    return path


def test_the_table_in_the_docs_is_that_of_the_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert draw_devices.main(["--check"]) == 0, capsys.readouterr().err


def test_there_are_records() -> None:
    assert read_all(ROOT / FOLDER)


def test_a_row_has_the_figures_and_marks_the_fastest(tmp_path: Path) -> None:
    row = table([read(written(tmp_path, GOOD))]).splitlines()[2]

    assert row == (
        "| my laptop: 4 cores, GPU: none | Firefox 153.0, Linux | - | - | - | - "
        "| **30.0 (41.0) ms, 4 threads** | 80.0 (90.0) ms | 0.70 s | 5.3 ms | 0.6 ms "
        "| 0.1.0 (abc), 2026-11-29 |"
    )


def test_a_title_may_hold_what_would_end_a_cell(tmp_path: Path) -> None:
    row = table([read(written(tmp_path, {**GOOD, "title": "a | b\nc"}))]).splitlines()[2]
    assert row.startswith("| a \\| b c: 4 cores")


def test_the_fastest_device_comes_first(tmp_path: Path) -> None:
    slow = json.loads(json.dumps(GOOD))
    slow["plans"][1] |= {"median_ms": 60.0, "p95_ms": 70.0}
    written(tmp_path, slow, "a.json")
    written(tmp_path, GOOD, "b.json")
    assert [record.title for record in read_all(tmp_path)] == ["b", "a"]


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name != key}


def with_plan(**changes: object) -> dict[str, Any]:
    return {**GOOD, "plans": [GOOD["plans"][1] | changes]}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([1], "x.json: the file: wanted an object, got [1]"),
        (without("cores"), "x.json: cores is missing"),
        ({**GOOD, "cores": "4"}, 'x.json: cores: wanted a whole number, got "4"'),
        ({**GOOD, "cores": 0}, "x.json: cores: wanted a whole number above 0, got 0"),
        ({**GOOD, "schema": 2}, "x.json: schema: wanted 1: measure again with this version, got 2"),
        ({**GOOD, "date": "29.11.2026"}, 'date: wanted a day as YYYY-MM-DD, got "29.11.2026"'),
        ({**GOOD, "date": "2026-02-30"}, "date: wanted a day as YYYY-MM-DD"),
        ({**GOOD, "browser": " "}, "browser: wanted a text that is not empty"),
        ({**GOOD, "plans": []}, "plans: wanted at least one way to run that has figures"),
        ({**GOOD, "plans": [7]}, "plans[0]: wanted an object, got 7"),
        (with_plan(median_ms=-1), "plans[0].median_ms: wanted a number above 0, got -1"),
        (with_plan(median_ms=float("nan")), "plans[0].median_ms: wanted a number above 0"),
        (with_plan(p95_ms=3), "plans[0].p95_ms: wanted at least the median, 30.04, got 3"),
        (with_plan(half="no"), 'plans[0].half: wanted true or false, got "no"'),
        (with_plan(median_ms=10**400), "plans[0].median_ms: wanted a number above 0"),
        ({**GOOD, "tracker": [{"objects": 20}]}, "tracker[0].ms is missing"),
        ({**GOOD, "tracker": [{"objects": 20, "ms": -0.1}]}, "tracker[0].ms: wanted a number"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(
    tmp_path: Path, told: object, said: str
) -> None:
    with pytest.raises(RecordError) as caught:
        read(written(tmp_path, told, "x.json"))
    assert said in str(caught.value)


def test_a_tracker_may_take_no_time_by_a_coarse_clock(tmp_path: Path) -> None:
    told = {**GOOD, "tracker": [{"objects": 20, "ms": 0}]}
    assert read(written(tmp_path, told, "x.json")).tracker_ms == {20: 0}


def test_a_file_that_is_no_json_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{", encoding="utf-8")
    with pytest.raises(RecordError, match=r"x\.json: wanted JSON, but it cannot be read"):
        read(tmp_path / "x.json")


@pytest.mark.parametrize("document", ["", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_a_document_without_a_place_for_the_table_is_refused(document: str) -> None:
    with pytest.raises(PlaceError):
        replaced(document, "table")


def test_a_changed_file_is_noticed_and_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    document = tmp_path / "docs" / "performance.md"
    document.write_text(f"before\n{BEGIN}\n{END}\nafter\n", encoding="utf-8")
    written(tmp_path / FOLDER, GOOD)

    assert draw_devices.main(["--check"], tmp_path) == 1
    assert "run tools/draw_devices.py" in capsys.readouterr().err
    assert draw_devices.main([], tmp_path) == 0
    assert draw_devices.main(["--check"], tmp_path) == 0
    drawn = document.read_text(encoding="utf-8")
    assert drawn.startswith("before\n")
    assert drawn.endswith("after\n")
    assert "my laptop: 4 cores" in drawn


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--measure", "Mine", "--site", "/nowhere"], "/nowhere is not a built site"),
        (["--measure", "..."], "has no letter or digit"),
    ],
)
def test_what_cannot_be_measured_is_said(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert draw_devices.main(arguments) == 1
    assert said in capsys.readouterr().err
