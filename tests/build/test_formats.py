"""docs/formats.md: its tables are those of the trial, its lists those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from browsers.formats import DOCUMENT, MARKS, PICTURES, VIDEOS, verdict, write
from obscura.page.live.kinds import VIDEO_ENDINGS
from obscura.pictures import SUFFIXES

TEXT = DOCUMENT.read_text(encoding="utf-8")
ROWS = {"pictures": PICTURES, "videos": VIDEOS}


@pytest.mark.parametrize("kind", MARKS)
def test_each_table_has_the_rows_of_the_trial_and_a_result_for_each_reader(kind: str) -> None:
    begin, end = MARKS[kind]
    head, _, *rows = TEXT.split(begin)[1].split(end)[0].strip().splitlines()
    readers = [cell.strip() for cell in head.strip("|").split("|")][1:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]

    assert [row[0] for row in cells] == list(ROWS[kind])
    assert {re.split(r"[ \d]", reader)[0] for reader in readers} == (
        {"Firefox", "WebKitGTK", "Chromium"} | ({"library"} if kind == "pictures" else set())
    )
    assert all(len(row) == len(readers) + 1 and all(row) for row in cells)


def test_the_listed_endings_are_those_that_count() -> None:
    known = TEXT.split("## How a file is recognised")[1]
    address, folder = known.split("In a folder")
    listed = (set(re.findall(r"`(\.\w+)`", part)) for part in (address, folder))

    assert list(listed) == [set(VIDEO_ENDINGS), set(SUFFIXES)]


def test_a_file_counts_as_read_only_if_the_person_is_where_she_is() -> None:
    assert verdict([("person", [20, 14, 364, 512])]) == "yes"
    assert verdict([("person", [14, 20, 512, 364])]) == "on its side"
    assert verdict([("dog", [20, 14, 364, 512])]) == "read, but nothing found"


def test_writing_replaces_the_tables_alone(tmp_path: Path) -> None:
    copy = tmp_path / "formats.md"
    copy.write_text(TEXT, encoding="utf-8")

    write(copy, dict.fromkeys(MARKS, "a table"))
    write(copy, dict.fromkeys(MARKS, "another table"))

    text = copy.read_text(encoding="utf-8")
    assert text.count("another table") == len(MARKS)
    assert text.startswith(TEXT.split(MARKS["pictures"][0])[0])
    assert text.endswith(TEXT.split(MARKS["videos"][1])[1])
