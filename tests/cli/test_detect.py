"""The command line, run as a person runs it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import obscura
from obscura.cli import exits, main
from obscura.cli.saver import Folder
from obscura.engine.native import NativeSession
from obscura.errors import BackendError
from obscura.export.errors import OutputError

from .conftest import RED

SAMPLE = Path(__file__).resolve().parents[2] / "assets" / "sample.jpg"

Detect = Callable[..., int]


@pytest.fixture
def detect(colour_models: Path) -> Detect:
    def run(*arguments: str | Path) -> int:
        model = str(colour_models / "colours")
        return main(["detect", "--model", model, *map(str, arguments)])

    return run


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


def test_saved_copies_show_the_boxes_and_inputs_stay(
    detect: Detect, folder: Path, tmp_path: Path
) -> None:
    before = (folder / "a.png").read_bytes()

    assert detect(folder / "a.png", "--save", tmp_path / "out" / "deep") == 0

    saved = np.asarray(Image.open(tmp_path / "out" / "deep" / "a.png"))
    assert saved.shape == (480, 640, 3)
    assert (saved != np.asarray(Image.open(folder / "a.png"))).any()
    assert (folder / "a.png").read_bytes() == before


def test_saving_into_the_inputs_own_folder_overwrites_no_input(
    detect: Detect, folder: Path
) -> None:
    Image.new("RGB", (8, 8)).save(folder / "a-2.png")
    inputs = [folder / "a.png", folder / "a-2.png"]
    before = [path.read_bytes() for path in inputs]

    assert detect(*inputs, "--save", folder) == 0

    assert [path.read_bytes() for path in inputs] == before
    assert (folder / "a-3.png").exists()
    assert (folder / "a-2-2.png").exists()


def test_pictures_of_one_name_are_all_saved(detect: Detect, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(folder / "a.png", other / "A.png")  # the same name to macOS and Windows

    assert detect(folder / "a.png", other / "A.png", "--save", tmp_path / "out") == 0

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["A-2.png", "a.png"]


def test_a_second_run_replaces_the_copies_of_the_first(
    detect: Detect, folder: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        assert detect(folder / "a.png", "--save", tmp_path / "out") == 0

    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]


def test_a_place_that_cannot_be_written_is_told(
    detect: Detect, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "file").write_text("in the way")

    assert detect(folder / "a.png", "--save", tmp_path / "file") == 4
    assert "cannot be created" in capsys.readouterr().err


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


def test_copies_are_named_once_they_are_saved(
    detect: Detect, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    saved = tmp_path / "out" / "a.png"

    assert detect(folder / "a.png", "--save", tmp_path / "out") == 0
    assert (
        capsys.readouterr().out.splitlines()[0] == f"{folder / 'a.png'}: 1 found, saved as {saved}"
    )

    assert detect(folder / "a.png", "--save", tmp_path / "out", "--json") == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert document["saved"] == str(saved)


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


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["detct", "a.png"], 'there is no command "detct". Did you mean "detect"?'),
        (["Models"], 'there is no command "Models". Did you mean "models"?'),
        (["detect", "a.png", "--treshold", "0.5"], '--treshold. Did you mean "--threshold"'),
        (["detect", "a.png", "--clases=dog"], '--clases. Did you mean "--classes"?'),
        (["evaluate", "--image", "x", "--anotations", "y"], 'Did you mean "--annotations"?'),
    ],
)
def test_a_command_or_option_that_is_nearly_right_gets_a_suggestion(
    arguments: list[str], meant: str, capsys: Any
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2
    assert meant in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["detect", ""], "it is empty"),
        (["detect", "a.png", "--save", ""], "it is empty"),
        (["detect", "a.png", "--model", ""], "it is empty"),
        (["detect", "a.png", "--classes", ""], "it is empty"),
        (["evaluate", "--images", "", "--annotations", "y"], "it is empty"),
        (["detect", "a.png", "--classes", " , "], "it is empty"),
        (["detect", "a.png", "--iou", "half"], '"half" is not a number'),
        (["detect", "a.png", "--threads", "many"], '"many" is not a whole number'),
        (["detect", "a.png", "--threshold", "nan"], "not between 0 and 1"),
        (["evaluate", "--images", "x", "--annotations", "y", "--limit", "1.5"], "not a whole"),
    ],
)
def test_the_reason_why_an_argument_is_refused_is_in_plain_words(
    arguments: list[str], reason: str, capsys: Any
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)

    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],  # no command
        ["dance"],  # no such command
        ["detect"],  # no pictures
        ["detect", "a.png", "--threshold", "1.5"],
        ["detect", "a.png", "--iou", "half"],
        ["detect", "a.png", "--threads", "-1"],
    ],
)
def test_a_command_line_without_sense_exits_with_2(arguments: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2
    assert "usage: obscura" in capsys.readouterr().err


@pytest.mark.usefixtures("colour_models")
def test_models_are_listed(capsys: Any) -> None:
    assert main(["models"]) == 0

    header, row = capsys.readouterr().out.splitlines()
    assert header.split()[:4] == ["name", "title", "size", "licence"]
    assert row.split()[:2] == ["colours", "Colours"]
    assert "Apache-2.0" in row


def test_without_models_the_remedy_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("OBSCURA_MODELS", str(tmp_path))

    assert main(["models"]) == 3
    assert "OBSCURA_MODELS" in capsys.readouterr().err


COMMAND = [sys.executable, "-m", "obscura", "detect", "--model", "colours"]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(obscura.__file__).parents[1]), **more}


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
    with subprocess.Popen(
        [*COMMAND, *[str(folder / "a.png")] * 3, *more],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        complaint = running.stderr.read()

    assert (running.returncode, complaint) == (141, b"")


def test_stopping_it_ends_it_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def stopped(_arguments: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("obscura.cli.models.run", stopped)

    assert main(["models"]) == 130
    assert capsys.readouterr().err == "obscura: stopped.\n"


def test_a_name_without_a_font_is_reported_once_and_drawn_as_a_number(
    detect: Detect, colour_models: Path, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    card = colour_models / "colours" / "model.toml"
    name = "\U0010fffe"  # no font has it
    card.write_text(card.read_text().replace('"red"', f'"{name}"'), encoding="utf-8")

    pictures = [folder / "a.png"] * 2
    assert detect(*pictures, "--save", tmp_path / "out") == 0

    assert capsys.readouterr().err.count("No font on this machine has the letters of") == 1


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


# ---- formats and sources -------------------------------------------------------------------------


def test_json_lines_are_there_one_by_one(detect: Detect, folder: Path, capsys: Any) -> None:
    assert detect(folder, "--format", "jsonl") == 0

    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [len(record["detections"]) for record in records] == [1, 0]


@pytest.mark.parametrize(
    ("name", "begins"), [("out.csv", "source,model"), ("out.json", "[\n{"), ("out.jsonl", '{"so')]
)
def test_the_ending_of_the_file_chooses_the_format(
    detect: Detect, folder: Path, tmp_path: Path, name: str, begins: str
) -> None:
    assert detect(folder / "a.png", "--out", tmp_path / name) == 0

    assert (tmp_path / name).read_text().startswith(begins)
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_a_folder_where_a_file_is_wanted_makes_no_sense(
    detect: Detect, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    assert detect(folder / "a.png", "--format", "json", "--out", tmp_path) == 2
    assert detect(folder / "a.png", "--format", "yolo") == 2
    assert "folder" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["b.PNG", "new.mp4", "mine.onnx", "list.txt"])
def test_nothing_that_is_read_is_overwritten(detect: Detect, folder: Path, name: str) -> None:
    (folder / "list.txt").write_text(str(folder / "a.png"))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    assert detect(folder, f"@{folder / 'list.txt'}", "--out", folder / name) == 2

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_file_that_cannot_be_written_is_told(
    detect: Detect, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    assert detect(folder / "a.png", "--out", tmp_path / "no" / "such.json") == 4
    assert "cannot be written" in capsys.readouterr().err


def test_a_table_is_put_in_place_as_the_other_formats_are(
    detect: Detect, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    assert detect(folder / "a.png", "--out", tmp_path / "no" / "such.txt") == 4
    assert "cannot be written" in capsys.readouterr().err

    assert detect(folder / "a.png", "--out", tmp_path / "out.txt") == 0
    assert "red" in (tmp_path / "out.txt").read_text()


def test_names_neither_command_a_terminal_nor_begin_a_line(
    detect: Detect, folder: Path, capsys: Any
) -> None:
    name = "x\n\x1b[31m\u202egpj.png"
    (folder / "a.png").rename(folder / name)

    assert detect(folder / name, folder / f"not-{name}") == 1

    told = capsys.readouterr()
    escaped = r"x\n\x1b[31m\u202egpj.png"
    assert told.out.splitlines()[0] == f"{folder / escaped}: 1 found"
    assert told.err.count("\n") == 1
    assert f"not-{escaped}" in told.err


LONG = "n" * 300
NOWHERE = [
    (("detect", LONG), 1),
    (("detect", f"@{LONG}"), 1),
    (("detect", LONG, "--out", "run"), 1),
    (("detect", "a.png", "--out", f"{LONG}.json"), 4),
    (("detect", "a.png", "--out", LONG), 4),
    (("detect", "a.png", "--save", LONG), 4),
    (("detect", "a.png", "--format", "yolo", "--out", LONG), 4),
    (("detect", "a.png", "--head", LONG, "--on", "frame"), 3),
    (("detect", "a.png", "--model", LONG), 3),
    (("track", LONG, "--fps", "5"), 1),
    (("label", LONG, "--out", "labels"), 1),
    (("label", ".", "--out", LONG), 4),
    (("diff", "colours", "colours", LONG), 1),
    (("diff", "colours", "colours", "a.png", "--out", f"{LONG}.html"), 4),
    (("redact", LONG, "--out", "b.png"), 1),
    (("redact", "a.png", "--what", "red", "--model", "colours", "--out", f"{LONG}.png"), 4),
    (("inspect", LONG), 3),
]


@pytest.mark.usefixtures("colour_models")
@pytest.mark.parametrize(("words", "code"), NOWHERE, ids=lambda each: str(each)[:60])
def test_a_place_that_the_system_refuses_is_told_by_every_command(
    words: Sequence[str], code: int, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(folder)
    more = ["--model", "colours"] if words[0] in ("detect", "track", "label") else []

    assert main([words[0], *more, *words[1:]]) == code

    assert capsys.readouterr().err.startswith("obscura: ")


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no limit of a file's size")
def test_a_copy_of_which_the_disk_takes_half_is_not_called_saved(tmp_path: Path) -> None:
    import resource

    image = Image.effect_noise((300, 300), 90)
    whole = Path(Folder(tmp_path, "--save").save(image, "whole.jpg")).stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (whole - 100, limits[1]))
    try:
        with pytest.raises(OutputError):
            Folder(tmp_path, "--save").save(image, "half.jpg")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


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


def test_every_frame_of_a_video_has_its_time(detect: Detect, clip: Path, capsys: Any) -> None:
    assert detect(clip, "--format", "jsonl", "--every", "4") == 0

    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(record["frame"], record["time_s"]) for record in records] == [
        (0, 0.0),
        (4, 0.4),
        (8, 0.8),
    ]
    assert all(len(record["detections"]) == 1 for record in records)


def test_crops_are_saved_and_named(
    detect: Detect, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    assert detect(folder, "--crops", tmp_path / "crops", "--format", "jsonl") == 0

    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    (crop,) = first["crops"]
    x1, y1, x2, y2 = RED
    with Image.open(crop) as image:
        assert image.size == (x2 - x1 + 1, y2 - y1 + 1)
    assert second["crops"] == []


def test_frames_of_a_video_are_saved_under_their_numbers(
    detect: Detect, clip: Path, tmp_path: Path
) -> None:
    assert detect(clip, "--every", "6", "--save", tmp_path / "out") == 0

    copies = (tmp_path / "out").rglob("*.*")
    assert sorted(str(each.relative_to(tmp_path / "out")) for each in copies) == [
        "walk/000000.jpg",
        "walk/000006.jpg",
    ]


def test_help_names_every_exit_code(capsys: Any) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])

    codes = {value for name, value in vars(exits).items() if name.isupper()}
    listed = capsys.readouterr().out.split("exit codes:")[1].split()
    assert {int(word) for word in listed if word.isdecimal()} == codes


def test_help_imports_no_command() -> None:
    code = (
        "import sys\nfrom obscura.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'numpy', 'obscura.detector'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"
