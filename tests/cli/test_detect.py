"""`obscura detect`, run as a person runs it: what is read, and the records of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from obscura.cli import main
from obscura.engine.native import NativeSession
from obscura.errors import BackendError

from .conftest import RED, Detect

SAMPLE = Path(__file__).resolve().parents[2] / "assets" / "sample.jpg"


def test_a_table_per_picture(detect: Detect, folder: Path, capsys: Any) -> None:
    code = detect(folder / "a.png", folder / "b.PNG")

    assert code == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{folder / 'a.png'}: 1 found",
        "  red  100%  (160, 120) to (480, 240)",
        f"{folder / 'b.PNG'}: nothing found",
    ]


def test_one_json_document_for_all_pictures(detect: Detect, folder: Path, capsys: Any) -> None:
    code = detect("--json", folder / "a.png", folder / "b.PNG")

    assert code == 0
    assert json.loads(capsys.readouterr().out) == [
        {
            "source": str(folder / "a.png"),
            "model": "colours",
            "frame": 0,
            "time_s": 0.0,
            "width": 640,
            "height": 480,
            "detections": [
                {
                    "label": "red",
                    "class_id": 0,
                    "score": 1.0,
                    **dict(zip(("x1", "y1", "x2", "y2"), RED, strict=True)),
                }
            ],
        },
        {
            "source": str(folder / "b.PNG"),
            "model": "colours",
            "frame": 0,
            "time_s": 0.0,
            "width": 64,
            "height": 64,
            "detections": [],
        },
    ]


@pytest.mark.parametrize("argument", ["", "*.png", "*.[Pp]*"])
def test_folders_and_patterns_give_their_pictures(
    detect: Detect, folder: Path, capsys: Any, argument: str
) -> None:
    assert detect("--json", folder / argument) == 0

    names = [Path(row["source"]).name for row in json.loads(capsys.readouterr().out)]
    assert names[0] == "a.png"
    assert "notes.txt" not in names


def test_an_unreadable_picture_is_told_and_the_rest_is_done(
    detect: Detect, folder: Path, capsys: Any
) -> None:
    code = detect("--json", folder / "notes.txt", folder / "nowhere.jpg", folder / "a.png")

    out, err = capsys.readouterr()
    assert code == 1
    assert len(json.loads(out)) == 1
    assert [line for line in err.splitlines() if "notes.txt" in line or "nowhere.jpg" in line] == (
        err.splitlines()
    )
    assert len(err.splitlines()) == 2


def test_a_head_that_fails_is_named_in_the_records_and_at_the_end(
    capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise BackendError("onnxruntime failed")

    monkeypatch.setattr(NativeSession, "run_crops", fail)
    code = main(["detect", "--head", "faces", "--format", "jsonl", str(SAMPLE)])

    out, err = capsys.readouterr()
    record = json.loads(out)
    assert code == 1
    assert [row["label"] for row in record["detections"]] == ["person"]
    assert err == f'obscura: The head "faces" failed and is off. {record["failures"]["faces"]}\n'


def test_a_folder_without_pictures_is_told(detect: Detect, tmp_path: Path, capsys: Any) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()

    assert detect(empty) == 1
    assert "contains no pictures" in capsys.readouterr().err


def test_options_reach_the_detector(detect: Detect, folder: Path, capsys: Any) -> None:
    assert detect(folder / "a.png", "--classes", "green, blue", "--threads", "1") == 0

    assert "nothing found" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told", "code"),
    [
        (["--classes", "mauve"], "mauve", 2),
        (["--model", "qq"], "Choose one of colours", 3),
    ],
)
def test_what_the_model_cannot_do_is_told_with_the_remedy(
    detect: Detect, folder: Path, capsys: Any, arguments: list[str], told: str, code: int
) -> None:
    assert detect(folder / "a.png", *arguments) == code

    out, err = capsys.readouterr()
    assert out == ""
    assert told in err


def test_of_a_folder_only_files_count_and_none_that_macos_puts_beside_them(
    detect: Detect, folder: Path, capsys: Any
) -> None:
    (folder / "holiday.jpg").mkdir()
    (folder / "._a.png").write_bytes(b"\0\5\x16\7 a resource fork")
    Image.open(folder / "a.png").save(folder / "c.jfif", "JPEG")

    for argument in (folder, folder / "*.*g", folder / "*.jfif"):
        assert detect("--json", argument) == 0

    out = capsys.readouterr().out.replace("]\n[", ",").replace("\n,\n", ",")
    names = [Path(row["source"]).name for row in json.loads(out)]
    assert names == ["a.png", "b.PNG", "c.jfif", "a.png", "c.jfif"]


@pytest.mark.parametrize("name", ["RED", " Red "])
def test_classes_are_found_whatever_their_case(
    detect: Detect, folder: Path, capsys: Any, name: str
) -> None:
    assert detect(folder / "a.png", "--classes", name) == 0
    assert "1 found" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "meant", "code"),
    [
        (["--classes", "gren"], '"green"', 2),
        (["--classes", "BLEU"], '"blue"', 2),
        (["--model", "Colour"], '"colours"', 3),
    ],
)
def test_a_name_that_is_nearly_right_gets_a_suggestion(
    detect: Detect, folder: Path, capsys: Any, arguments: list[str], meant: str, code: int
) -> None:
    assert detect(folder / "a.png", *arguments) == code
    assert f"Did you mean {meant}?" in capsys.readouterr().err


def test_every_frame_of_a_video_has_its_time(detect: Detect, clip: Path, capsys: Any) -> None:
    assert detect(clip, "--format", "jsonl", "--every", "4") == 0

    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(record["frame"], record["time_s"]) for record in records] == [
        (0, 0.0),
        (4, 0.4),
        (8, 0.8),
    ]
    assert all(len(record["detections"]) == 1 for record in records)
