"""Examples in docstrings: they run and print what they say."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
IN_A_BROWSER = ("page/", "engine/web.py")


def modules_with_examples() -> list[str]:
    """Return the dotted names of all modules with examples that CPython can import."""
    found = []
    for path in sorted((ROOT / "py" / "obscura").rglob("*.py")):
        inner = path.relative_to(ROOT / "py" / "obscura").as_posix()
        if not inner.startswith(IN_A_BROWSER) and ">>> " in path.read_text("utf-8"):
            parts = path.relative_to(ROOT / "py").with_suffix("").parts
            found.append(".".join(parts).removesuffix(".__init__"))
    return found


@pytest.mark.parametrize("name", modules_with_examples())
def test_the_examples_of_a_module_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # examples name files of the repository

    failed, attempted = doctest.testmod(import_module(name))

    assert attempted
    assert not failed


def test_the_examples_of_the_public_face_are_among_them() -> None:
    assert {
        "obscura",
        "obscura.detections",
        "obscura.detector",
        "obscura.pipeline",
    } <= set(modules_with_examples())
