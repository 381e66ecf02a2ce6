"""The table of `build.py browsers`, and its place in the README."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from browsers.command import BEGIN, COLUMNS, END, body, failed, table, write
from builder.errors import BuildError

DAY = date(2026, 11, 26)
WORKS = {"version": "Firefox 153.7.0", **dict.fromkeys(COLUMNS, "yes")}
MISSING = {"missing": "not installed: `apt-get install webkit2gtk-driver xvfb`"}


def test_every_row_has_as_many_cells_as_the_head() -> None:
    bad = WORKS | {"camera": "no: a | b\nc"}
    lines = table({"firefox": bad, "webkit": MISSING}, DAY).splitlines()

    assert {line.count("|") for line in lines} == {len(COLUMNS) + 3}
    assert "no: a / b c" in lines[2]
    assert "webkit2gtk-driver" in lines[3]


def test_a_browser_that_is_missing_is_no_failure_and_one_that_fails_is() -> None:
    assert not failed(WORKS)
    assert not failed(MISSING)
    assert failed(WORKS | {"offline": "no: it was not kept"})
    assert failed({"failed": "could not be driven: gone"})


def test_writing_replaces_the_rows_that_ran_and_keeps_the_others(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\n{END}\nafter\n", encoding="utf-8")
    webkit = WORKS | {"version": "WebKitGTK 2.50.6"}
    write(readme, table({"firefox": WORKS, "webkit": webkit}, DAY))

    newer = WORKS | {"version": "Firefox 154.0"}
    write(readme, table({"firefox": newer, "webkit": MISSING}, date(2027, 1, 1)))

    text = readme.read_text(encoding="utf-8")
    rows = body(text)
    assert [row.split("|")[1].strip() for row in rows] == ["Firefox 154.0", "WebKitGTK 2.50.6"]
    assert [row.split("|")[-2].strip() for row in rows] == ["2027-01-01", "2026-11-26"]
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")


def test_a_new_column_is_empty_where_a_browser_was_not_run(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    old = "| browser | starts | gone | last run |\n|---|---|---|---|\n"
    row = "| WebKitGTK 2.50.6 | yes | once | 2026-11-26 |\n"
    readme.write_text(f"{BEGIN}\n{old}{row}{END}\n", encoding="utf-8")

    write(readme, table({"firefox": WORKS}, DAY))

    head, _, webkit, firefox = readme.read_text(encoding="utf-8").splitlines()[1:-1]
    assert webkit.count("|") == firefox.count("|") == head.count("|")
    cells = [each.strip() for each in webkit.split("|")[1:-1]]
    assert [each for each in cells if each] == ["WebKitGTK 2.50.6", "yes", "2026-11-26"]
    assert cells[1] == "yes"


def test_a_readme_without_the_place_is_told(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("nothing\n", encoding="utf-8")
    with pytest.raises(BuildError, match="exactly one place"):
        write(readme, table({"firefox": WORKS}, DAY))
