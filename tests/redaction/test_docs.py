"""docs/redaction.md: its example runs, and its options and numbers are those of the code."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import numpy as np

from obscura.cli import redact as command
from obscura.detections import Detections
from obscura.redaction import CoverOptions
from obscura.redaction.ahead import AHEAD_S
from obscura.redaction.paint import CELLS, HOWS

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "redaction.md").read_text("utf-8")


def test_all_options_of_the_command_are_listed_and_no_others() -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    options = set(re.findall(r"(--[a-z]+)", parser.format_help())) - {"--help"}

    assert set(re.findall(r"^\| `(--[a-z]+)` \|", DOCS, re.MULTILINE)) == options


def test_the_defaults_are_those_of_the_code() -> None:
    assert f"| `--what` | `{command.WHAT}` |" in DOCS
    assert f"| `--how` | `fill` | {', '.join(f'`{how}`' for how in HOWS[:2])} or" in DOCS
    assert f"at most {CELLS} × {CELLS} cells" in DOCS  # noqa: RUF001
    assert f"ahead_s={AHEAD_S}" in DOCS
    options = CoverOptions()
    assert (options.hold_s, options.steady_s, options.settle_s) == (1.0, 0.5, 0.5)
    assert (options.most_gap_s, options.lost_s) == (1.0, 2.0)


SLOW = [f"in the page, {rate}/s" for rate in (1, 2, 3)]
"""Where heads of drawn walkers are not wholly covered."""


def test_the_example_shows_every_frame_covered() -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```$", DOCS, re.DOTALL | re.MULTILINE)
    made: dict[str, Any] = {}
    exec(compile(code, "docs/redaction.md", "exec"), made)
    shown: list[Any] = []
    for index in range(30):
        pixels = np.full((48, 64, 3), 200, np.uint8)
        found = Detections([[10, 10, 20, 30]], [0.9], [0], np.array([1]))
        shown += made["take"](index, index / 10, pixels, found if index > 15 else found[:0])

    assert len(shown) == 20
    assert [bool((pixels[10:30, 10:20] == 0).all()) for pixels in shown[-4:]] == [True] * 4


def test_the_tables_meet_the_goals_in_files_in_the_page_and_held_back_for_a_second() -> None:
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in DOCS.splitlines()
        if line.startswith(("| files", "| in the page", "| held back 1.0"))
    ]
    people = [row for row in rows if len(row) == 8]
    faces = [row for row in rows if len(row) == 4 and row[0] not in SLOW]

    assert (len(people), len(faces)) == (11, 5)
    assert all(row[column] == "0.00 %" for row in people for column in (2, 3, 5, 6))
    assert all(row[2] == "0.00 %" for row in faces)
