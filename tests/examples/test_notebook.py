"""The notebook: every cell runs, in order, and shows what its text says."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebook.ipynb"
CELLS = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]


def run(source: str, names: dict[str, Any], where: str) -> Any:
    """Run a cell as a kernel does; return the value of its last line, if it is an expression."""
    tree = ast.parse(source, where)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, where, "exec"), names)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), where, "eval"), names)


@pytest.fixture(scope="module")
def shown() -> list[Any]:
    """What each cell of code shows."""
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(NOTEBOOK.parent)
        code = [cell for cell in CELLS if cell["cell_type"] == "code"]
        return [
            run("".join(cell["source"]), names, f"cell {number}")
            for number, cell in enumerate(code)
        ]


def test_it_finds_the_person_in_the_sample_picture(shown: list[Any]) -> None:
    assert shown[0][0]["label"] == "person"
    assert shown[1].keys() >= {"person"}


def test_it_shows_the_picture_with_boxes(shown: list[Any]) -> None:
    assert shown[2].size == (512, 512)


def test_the_person_keeps_one_number(shown: list[Any]) -> None:
    assert shown[3] == [1]


def test_the_record_is_printed_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    sources = ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(NOTEBOOK.parent)
        names: dict[str, Any] = {}
        for source in sources:
            run(source, names, "cell")
    assert "sample.jpg,cocossd,0,0.0,512,512,person,0,0." in capsys.readouterr().out


def test_it_is_stored_without_results() -> None:
    """They would differ with every run."""
    code = [cell for cell in CELLS if cell["cell_type"] == "code"]
    assert len(code) >= 5
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
