"""``obscura new``: what it writes, and what it refuses."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import obscura
from builder.build import ROOT
from obscura.cli import exits, main
from obscura.page.features.closer import LOOKS as PAGE_LOOKS
from obscura.starter import LOOKS, TEMPLATES, package_name, render

New = Callable[..., Path]
FIELDS = {
    "name": "A",
    "name_toml": '"A"',
    "package": "a",
    "project_toml": '"a"',
    "description_toml": '"A."',
    "description_text": "A.",
    "model": "cocossd",
    "model_toml": '"cocossd"',
    "colour": "#123456",
    "looks": "",
    "version": "1",
    "checkout_toml": '".."',
}
AWKWARD = 'Café "é" \\ $name & <b>'


def files(folder: Path) -> set[str]:
    """Return the names of all files below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_every_folder_of_templates_is_one_that_can_be_chosen() -> None:
    folder = Path(obscura.__file__).parent / "starter"
    assert {path.name for path in folder.iterdir() if path.is_dir()} - {"__pycache__"} == {
        *TEMPLATES
    }


def test_a_field_that_a_template_lacks_is_an_error() -> None:
    with pytest.raises(KeyError, match="model"):
        render("page", {key: value for key, value in FIELDS.items() if key != "model"})


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_field_is_used_and_no_placeholder_is_left(template: str) -> None:
    for name, text in render(template, FIELDS).items():
        assert "$" not in text, name
        assert "package" not in name


@pytest.mark.parametrize("template", TEMPLATES)
def test_names_with_any_characters_make_valid_files(template: str, new: New) -> None:
    folder = new(template, name=AWKWARD)

    for path in folder.rglob("*.py"):
        ast.parse(path.read_text("utf-8"))
    for path in folder.rglob("*.toml"):
        table = tomllib.loads(path.read_text("utf-8"))
        if template == "page":
            assert table["name"] == AWKWARD


@pytest.mark.parametrize("name", ["two\nlines", "back\bspace", "delete\x7f", "undecoded\udcff"])
def test_a_folder_whose_name_cannot_be_shown_needs_another_name(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / name

    assert main(["new", str(folder)]) == exits.SENSELESS
    assert "--name" in capsys.readouterr().err
    assert not folder.exists()
    assert main(["new", str(folder), "--name", "Door", "--checkout", str(folder / "deep")]) == 0
    table = tomllib.loads((folder / "page.toml").read_text("utf-8"))
    assert (table["name"], table["obscura"]["checkout"]) == ("Door", "deep")


def test_a_checkout_in_a_folder_of_any_name_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "delete\x7f"

    assert main(["new", str(tmp_path / "page"), "--checkout", str(folder)]) == 0
    assert checkout(tmp_path / "page") == folder.resolve()


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_made_passes_the_checks_of_this_repository(template: str, new: New) -> None:
    folder = new(template)
    command = [sys.executable, "-m", "ruff"]
    config = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", str(folder)]
    # Tests of unittest assert in its own way; nobody types a test of a project that begins.
    ignored = ["--ignore", "PT009,PT027,I001"]

    for words in (["check", *ignored, *config], ["format", "--check", *config]):
        done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_folder_with_something_in_it_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    assert main(["new", str(tmp_path)]) == 2
    assert "There is something in the place" in capsys.readouterr().err
    assert files(tmp_path) == {"mine.txt"}


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    assert main(["new", str(tmp_path)]) == 0
    assert {"build.py", "page.toml", "zones.json", ".gitignore"} <= files(tmp_path)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--template", "library", "--colour", "#123456"], 2),
        (["--model", "no-such-model"], 3),
        (["--model", "folder/mine.onnx"], 2),
        (["--looks", "faces,poses"], 2),
    ],
)
def test_options_that_make_no_sense_write_nothing(
    tmp_path: Path, options: list[str], code: int
) -> None:
    assert main(["new", str(tmp_path / "new"), *options]) == code
    assert not (tmp_path / "new").exists()


def test_the_looks_are_those_of_the_page() -> None:
    assert LOOKS == PAGE_LOOKS


@pytest.mark.parametrize("name", ["x" * 300, "file/deep"])
def test_a_folder_that_cannot_be_made_takes_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()

    assert main(["new", str(tmp_path / name), "--name", "Door"]) == exits.NO_OUTPUT
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("Name a new folder.")


@pytest.mark.parametrize("colour", ["red", "#12345", "#12345g", "123456"])
def test_what_is_no_colour_is_refused(tmp_path: Path, colour: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["new", str(tmp_path / "new"), "--colour", colour])
    assert stopped.value.code == 2


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("Door counter", "door_counter"),
        ("class", "project_class"),
        ("猫", "project"),
        ("Json", "project_json"),
        ("numpy", "project_numpy"),
        ("sign", "project_sign"),
    ],
)
def test_a_package_has_a_name_that_python_can_import(name: str, package: str) -> None:
    assert package_name(name) == package


def test_a_project_may_not_hide_the_library_itself() -> None:
    assert package_name("Obscura") == "project_obscura"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command as it is installed from a wheel, without the source code of the page."""
    monkeypatch.setattr("obscura.cli.new.__file__", str(tmp_path / "site/obscura/cli/new.py"))


def checkout(folder: Path) -> Path:
    """Return the source code that a project names."""
    table = tomllib.loads((folder / "page.toml").read_text("utf-8"))
    return (folder / table["obscura"]["checkout"]).resolve()


@pytest.mark.usefixtures("installed")
def test_an_installed_command_finds_the_source_code_in_which_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT / "examples")

    assert main(["new", str(tmp_path / "new")]) == 0
    assert checkout(tmp_path / "new") == ROOT
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("installed")
def test_an_installed_command_without_source_code_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["new", str(tmp_path / "new")]) == 0
    assert "source code was not found" in capsys.readouterr().err
    assert main(["new", str(tmp_path / "other"), "--checkout", str(ROOT)]) == 0
    assert checkout(tmp_path / "other") == ROOT
    assert capsys.readouterr().err == ""
