"""The words of every command: what is refused, what is suggested, and what help says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from obscura.cli import exits, main

from .conftest import environment


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
