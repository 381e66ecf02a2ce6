"""docs/heads.md: its examples run, and its tables are those of the code."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

from obscura.cli import main
from obscura.heads.file import parse_pipeline, pipeline_from
from obscura.heads.spec import USUAL_BUDGET_MS, PipelineError

from .test_shelf import classifier

ROOT = Path(__file__).resolve().parents[2]
DOCS = (ROOT / "docs" / "heads.md").read_text("utf-8")


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def blocks(kind: str) -> list[str]:
    """Return what stands between fences of a kind."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", DOCS, re.DOTALL | re.MULTILINE)
    return [text for each, text in found if each == kind]


def test_the_example_in_python_prints_what_stands_below_it() -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for code in blocks("python"):
            exec(compile(code, "docs/heads.md", "exec"), {})

    assert printed.getvalue()
    assert printed.getvalue() in blocks("")


def test_the_code_in_the_section_on_heads_of_models_md_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = (ROOT / "docs" / "models.md").read_text("utf-8").partition("\n## Heads\n")[2]
    codes = re.findall(r"^```python\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    classifier(tmp_path / "mask.onnx", classes=2)
    monkeypatch.chdir(tmp_path)
    runs: list[dict[str, Any]] = [{} for _ in codes]
    for code, names in zip(codes, runs, strict=True):
        exec(compile(code, "docs/models.md", "exec"), names)

    face, mask = runs
    assert face["answer"].boxes.shape == (1, 4)
    assert face["answer"].scores[0] > 0.9
    assert mask["card"].labels == ("mask", "no mask")


def test_the_command_prints_what_stands_below_it(capsys: Any) -> None:
    (example,) = (text for text in blocks("") if text.startswith("$ "))
    command, _, printed = example.partition("\n")

    assert main(command.split()[4:]) == 0
    assert capsys.readouterr().out == printed


def test_the_file_is_a_pipeline_and_its_default_is_the_codes() -> None:
    (text,) = blocks("toml")

    assert [head.name for head in parse_pipeline(text).heads] == ["faces", "emotion"]
    assert f"above 0 (default {USUAL_BUDGET_MS:g})" in DOCS


def test_the_table_has_every_key_of_the_file() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", DOCS, re.MULTILINE))
    known: set[str] = set()
    for table in ({"zzz": 1}, {"head": [{"zzz": 1}]}):
        with pytest.raises(PipelineError) as caught:
            pipeline_from({"pipeline": table})
        known |= set(caught.value.remedy.removeprefix("It has ").rstrip(".").split(", "))

    assert listed == known - {"head"}
