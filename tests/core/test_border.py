"""Borders: the floors of the house, and its few doors to browsers and other packages."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import obscura

ROOT = Path(obscura.__file__).parents[1]
BROWSER = {"js", "pyodide", "pyscript"}
ROOTS = ("main", "bench")
"""The pages' composition roots, which stand above all floors."""

# From the ground up. A module may import modules of lower floors, and its neighbours on its own.
FLOORS = (
    {"errors", "boxes", "cards.nesting", "live"},
    {"detections", "cards.table", "update", "pipeline"},
    {"cards.card"},
    {"cards.labels"},
    {"graph"},
    {"families"},
    {"engine", "drawing", "identify"},
    {"engine.native", "engine.web", "cards.catalogue", "flip", "pictures"},
    {"detector"},
    {"evaluation"},
    {"cli", "page"},
    {"__init__", "__main__", "cards"},
)
# What is imported beyond the standard library and numpy, and by whom.
DOORS = {
    "onnxruntime": {"engine.native"},
    "PIL": {"pictures", "detector", "cli"},
    "playwright": {"evaluation.browser"},
    "pycocotools": {"evaluation.score"},
    "tqdm": {"evaluation.command"},
}


def modules() -> dict[str, ast.Module]:
    """Return every module under py/, by dotted name without ``obscura.``, parsed."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        inner = parts[1:] if parts[0] == "obscura" else parts
        if len(inner) > 1 and inner[-1] == "__init__":
            inner = inner[:-1]
        found[".".join(inner)] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


MODULES = modules()


def imports(tree: ast.Module) -> Iterator[str]:
    """Yield the dotted name of everything that a module imports anywhere, for typing too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that a reader sees the floor"
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floor(module: str) -> int:
    """Return the floor of ``engine.web``, ``page.camera``...: by full name, else by room."""
    for name in (module, module.split(".")[0]):
        for height, rooms in enumerate(FLOORS):
            if name in rooms:
                return height
    raise AssertionError(f"obscura.{module} is on no floor: add it to FLOORS")


def own_module(imported: str) -> str | None:
    """Return which of our modules ``obscura.x.y`` is or lies in; None if it is not ours."""
    if imported.split(".")[0] != "obscura":
        return None
    inner = imported.split(".")[1:]
    while inner and ".".join(inner) not in MODULES:
        inner.pop()
    return ".".join(inner) or "__init__"


def may_touch_the_browser(module: str) -> bool:
    return module in (*ROOTS, "engine.web") or module.split(".")[0] == "page"


@pytest.mark.parametrize("module", MODULES)
def test_only_the_page_and_its_engine_import_the_browser(module: str) -> None:
    touched = {name.split(".")[0] for name in imports(MODULES[module])} & BROWSER

    assert not touched or may_touch_the_browser(module)


@pytest.mark.parametrize("module", MODULES)
def test_others_import_the_standard_library_numpy_and_little_else(module: str) -> None:
    for name in imports(MODULES[module]):
        top = name.split(".")[0]
        if top in sys.stdlib_module_names or top in ("numpy", "obscura"):
            continue
        if top in BROWSER:
            continue  # the test above sees to those
        assert module in DOORS.get(top, set()), f"{module} imports {name}"


@pytest.mark.parametrize("module", [name for name in MODULES if name not in ROOTS])
def test_arrows_point_down(module: str) -> None:
    for name in imports(MODULES[module]):
        target = own_module(name)
        if target is not None and target != "__init__":
            assert floor(target) <= floor(module), f"{module} imports {target} from above"


def test_the_walk_sees_the_whole_package() -> None:
    assert {"boxes", "families", "engine", "engine.native", "cli", "__init__"} <= set(MODULES)


def test_the_core_loads_without_what_is_slow_to_load() -> None:
    script = """
import sys, numpy
import obscura.boxes, obscura.cards.card, obscura.detections, obscura.drawing, obscura.errors
import obscura.engine.plans, obscura.engine.selfcheck, obscura.families.decode
import obscura.live.timing
print(*sorted({"PIL", "argparse", "hashlib", "onnxruntime", "tomllib"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == ""
