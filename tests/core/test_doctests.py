"""Examples in docstrings: all of them run, and give what they say."""

from __future__ import annotations

import ast
import doctest
import json
import shutil
from importlib import import_module
from pathlib import Path

import pytest

import obscura

PACKAGE = Path(obscura.__file__).parent
SAMPLE = PACKAGE.parents[1] / "assets" / "sample.jpg"
CLIP = PACKAGE.parents[1] / "tools" / "browsers" / "turned" / "wide-180.mp4"
NEEDS = {
    "obscura.evaluation": "pycocotools",
    "obscura.export.annotate": "av",
    "obscura.sources": "av",
}
"""What a module's examples need beyond the package's own dependencies."""


def modules_with_examples() -> list[str]:
    """Return the names of all modules that have a prompt of the interpreter in a docstring."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        docs = [ast.get_docstring(node) or "" for node in tree if isinstance(node, kinds)]
        if any(">>>" in doc for doc in docs):
            parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
            found.append(".".join(parts).removesuffix(".__init__"))
    return found


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that examples name: street.jpg, street.mp4, and a data set of one picture in
    coco/."""
    shutil.copy(SAMPLE, tmp_path / "street.jpg")
    shutil.copy(CLIP, tmp_path / "street.mp4")
    images = tmp_path / "coco" / "images"
    images.mkdir(parents=True)
    shutil.copy(SAMPLE, images)
    truth = {
        "images": [{"id": 1, "file_name": SAMPLE.name, "width": 512, "height": 512}],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0,
             "bbox": [10, 8, 360, 504], "area": 360 * 504}
        ],
    }  # fmt: skip
    (tmp_path / "coco" / "instances.json").write_text(json.dumps(truth), encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_give_what_they_say(name: str) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    module = import_module(name)

    failed, attempted = doctest.testmod(
        module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    )

    assert attempted > 0
    assert failed == 0


def test_no_example_is_skipped() -> None:
    skipped = [p.name for p in PACKAGE.rglob("*.py") if "doctest: +SKIP" in p.read_text("utf-8")]

    assert skipped == []
