"""docs/counting.md: its examples run, and its tables are those of the code."""

from __future__ import annotations

import contextlib
import io
import json
import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from obscura.cli import main
from obscura.counting import Line, Zone, from_json, to_json
from obscura.counting.series import COLUMNS
from obscura.counting.shapes import MOST_CORNERS, MOST_NAME, MOST_SHAPES
from obscura.export import events

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "counting.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    """Return what stands between fences of a kind."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", DOCS, re.DOTALL | re.MULTILINE)
    return [text for each, text in found if each == kind]


def keys(head: str) -> set[str]:
    """Return the names in the first column of the table below a heading."""
    (section,) = re.findall(rf"^## {head}\n(.*?)(?=^## |\Z)", DOCS, re.DOTALL | re.MULTILINE)
    first = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    return {name for cell in first for name in re.findall(r"`(\w+)`", cell)}


def test_the_examples_in_python_run_and_print_what_stands_below_them() -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for code in blocks("python"):
            exec(compile(code, "docs/counting.md", "exec"), {})

    assert printed.getvalue() == blocks("")[-1]


def test_the_file_of_shapes_is_read_and_has_every_key() -> None:
    text = blocks("json")[0]

    assert json.loads(to_json(from_json(text))) == json.loads(text)
    assert keys("Lines") == {field.name for field in fields(Line)}
    assert keys("Zones") == {field.name for field in fields(Zone)}


@pytest.mark.parametrize("kind", [Line, Zone])
def test_defaults_and_limits_are_those_of_the_code(kind: type) -> None:
    given = {field.name: field.default for field in fields(kind) if field.default is not MISSING}
    rows = [row for row in DOCS.splitlines() if row.startswith("| `") and "(default" in row]
    for name, value in given.items():
        row = next(row for row in rows if f"`{name}`" in row.split("|")[1])
        shown = json.dumps(value) if isinstance(value, str) else f"default {value:g}"
        assert shown in row
    assert f"1 to {MOST_NAME} letters" in DOCS
    assert f"3 to {MOST_CORNERS} of" in DOCS
    assert f"{MOST_SHAPES} lines and zones at most" in DOCS


def test_the_columns_of_csv_are_all_described() -> None:
    assert keys("Counts over time") == set(COLUMNS)


def test_the_fields_of_events_are_all_described() -> None:
    shared = {*json.loads(blocks("json")[1])}
    own = {"seen_s", "line", "direction", "zone", "dwell_s"}

    assert keys("Events") == shared | own
    for name in events.NAMES.values():
        assert f"`{name}`" in DOCS
        assert f'"{name}"' in (events.__doc__ or "")


def test_the_options_of_the_command_are_those_that_it_has(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["count", "--help"])
    options = set(re.findall(r"--\w+", capsys.readouterr().out)) - {"--help"}
    (usage,) = (block for block in blocks("") if block.startswith("python3 -m obscura count"))

    assert set(re.findall(r"--\w+", usage)) == options - {"--threads"}
