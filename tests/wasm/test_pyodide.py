"""The core's tests once more, and a look at all that ships, in the site's own Python under Node."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from obscura.page.features import detect, offline, privacy
from obscura.page.state.feature import When

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

# Those that ask for numpy and pytest alone.
CORE_TESTS = (
    "core/test_boxes.py",
    "core/test_card.py",
    "core/test_detections.py",
    "core/test_drawing.py",
    "core/test_errors.py",
    "core/test_families.py",
    "core/test_family_dense.py",
    "core/test_guess.py",
    "core/test_guess_cases.py",
    "core/test_head_card.py",
    "core/test_heads.py",
    "core/test_labels.py",
    "core/test_pipeline.py",
    "core/test_public_names.py",
    "core/test_recognise_dense.py",
    "core/test_timing.py",
    "core/test_update.py",
    "engine/test_plans.py",
    "engine/test_selfcheck.py",
    "heads/test_crops.py",
    "heads/test_smoothing.py",
    "heads/test_spec.py",
    "heads/test_stage.py",
    "page/test_settings.py",
)


def run(
    script: str, pyodide: Path, stdlib: Path, **places: Path
) -> subprocess.CompletedProcess[str]:
    """Run a file of this folder in Pyodide; ``places`` appear as folders of its root."""
    node = shutil.which("node")
    assert node, "node is what Pyodide runs under here"
    mounts = [f"/{name}={folder}" for name, folder in places.items()]
    return subprocess.run(
        [node, HERE / "run.mjs", pyodide, stdlib, HERE / script, *mounts],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture(scope="module")
def pyodide(dist: Path) -> Path:
    """The site's folder with its Python."""
    return next(dist.glob("pyodide-*"))


def test_the_core_passes_its_own_tests(pyodide: Path, tmp_path: Path) -> None:
    """The site's numpy with npm's whole standard library, for pytest needs more than the page."""
    tests = [f"tests/{name}" for name in CORE_TESTS]
    assert all((ROOT / name).is_file() for name in tests)
    (tmp_path / "tests.json").write_text(json.dumps(tests), encoding="utf-8")

    stdlib = ROOT / "node_modules" / "pyodide" / "python_stdlib.zip"
    packages = Path(pytest.__file__).parents[1]
    done = run("core_tests.py", pyodide, stdlib, repository=ROOT, packages=packages, job=tmp_path)

    passed = re.search(r"^(\d+) passed", done.stdout, re.MULTILINE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert passed is not None, done.stdout + done.stderr
    assert int(passed[1]) >= len(CORE_TESTS)


@pytest.fixture(scope="module")
def shipped(dist: Path, pyodide: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What ``shipped.py`` found out with nothing but what the site ships."""
    job = tmp_path_factory.mktemp("job")
    done = run("shipped.py", pyodide, pyodide / "python_stdlib.zip", site=dist, job=job)
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads((job / "report.json").read_text(encoding="utf-8"))
    return report


@pytest.mark.parametrize("kind", ["stdlib", "numpy", "obscura", "rest"])
def test_every_module_that_ships_can_be_imported(shipped: dict[str, Any], kind: str) -> None:
    """None of them misses one that was trimmed, or that comes later."""
    assert len(shipped[kind]) >= 10
    assert shipped["failed"][kind] == {}


def test_late_modules_come_with_the_late_archive_alone(shipped: dict[str, Any]) -> None:
    """Also those of features, which main.py imports by the names in their rows."""
    rows = [feature.FEATURE for feature in (detect, offline, privacy)]
    entries = {row.entry for row in rows if row.when is not When.START}
    assert entries
    assert entries <= set(shipped["late"])
    assert "obscura.identify.guess" in shipped["late"]

    assert shipped["found too early"] == []
    assert shipped["never found"] == []


def test_the_core_computes(shipped: dict[str, Any]) -> None:
    """The second box overlaps the first, the third none."""
    assert shipped["kept"] == [0, 2]


def test_nothing_of_ours_is_compiled_on_a_visit(shipped: dict[str, Any]) -> None:
    """Every module has its bytecode beside it."""
    assert set(shipped["cached"].values()) == {True}


def test_tracebacks_show_our_source_once_it_is_here(shipped: dict[str, Any]) -> None:
    """A line of code, not just its number, for what was imported before it came."""
    assert re.search(
        r'File "/home/pyodide/obscura/boxes.py", line \d+, in nms\n    \S', shipped["traceback"]
    )
