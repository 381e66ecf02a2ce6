"""Everything under py/, tools/ and bench/ is importable, and arrows between them point one way."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.build import ROOT

# Each runs where no build.py ran before it.
EDITORS_OF_SYS_PATH = {
    "build.py",  # starts on a Python in which nothing is installed
    "bench/tracking/rate.py",  # runs in Pyodide under Node
    "tools/builder/inside/trace.py",  # runs in Pyodide under Node
    "tests/wasm/core_tests.py",  # also runs there
    "tests/wasm/shipped.py",  # also runs there
}
EDIT = re.compile(r"sys\.path(\[:0\] =|\.(insert|append|extend)\()")

# What each folder may import of the repository, besides itself.
MAY_IMPORT: dict[str, set[str]] = {"py": set(), "tools": {"py"}, "bench": {"py", "tools"}}

SCRIPTS = (
    "bench/accuracy.py",
    "bench/batch/index_size.py",
    "bench/batch/long_run.py",
    "bench/batch/throughput.py",
    "bench/experiments/batching.py",
    "bench/experiments/capture.py",
    "bench/experiments/graphs.py",
    "bench/experiments/int8.py",
    "bench/experiments/litert.py",
    "bench/experiments/unpack.py",
    "bench/growing.py",
    "bench/heads.py",
    "bench/profile_frames.py",
    "bench/reference.py",
    "bench/redaction/table.py",
    "bench/serving/contract.py",
    "bench/serving/load.py",
    "bench/start.py",
    "bench/tracking/clips.py",
    "bench/tracking/leave_one_out.py",
    "bench/tracking/rivals.py",
    "bench/tracking/speed.py",
    "bench/tracking/table.py",
    "bench/tracking/thresholds.py",
    "tools/add_model.py",
    "tools/browsers/formats.py",
    "tools/browsers/remote.py",
    "tools/convert_models.py",
    "tools/draw_devices.py",
    "tools/record_accuracy.py",
    "tools/record_references.py",
    "tools/record_start.py",
)


def sources(*folders: str) -> Iterator[Path]:
    """Yield the Python files of folders of the repository."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Return the top-level names that a file imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def modules(folder: str) -> set[str]:
    """Return the names by which the contents of a folder are imported."""
    inside = (ROOT / folder).iterdir()
    return {path.stem for path in inside if path.is_dir() or path.suffix == ".py"}


def test_only_files_that_start_on_their_own_edit_the_path() -> None:
    files = [ROOT / "build.py", *sources("py", "tools", "bench", "examples", "tests")]
    editors = {
        path.relative_to(ROOT).as_posix()
        for path in files
        if EDIT.search(path.read_text(encoding="utf-8"))
    }

    assert editors == EDITORS_OF_SYS_PATH


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_no_folder_imports_one_that_is_built_on_it(folder: str) -> None:
    others = MAY_IMPORT.keys() - MAY_IMPORT[folder] - {folder}
    forbidden = {name for other in others for name in modules(other)} - modules(folder)
    found = {path.relative_to(ROOT).as_posix(): imports(path) for path in sources(folder)}

    assert {path: names & forbidden for path, names in found.items() if names & forbidden} == {}


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_runs_through_build_py(script: str) -> None:
    command = [sys.executable, "build.py", "run", script, "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: ")


def test_no_script_is_missing_from_the_list() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in sources("bench", "tools")
        if "argparse.ArgumentParser(" in (text := path.read_text(encoding="utf-8"))
        and '__name__ == "__main__"' in text
    }

    assert found == set(SCRIPTS)


def test_a_script_that_is_not_there_is_reported(tmp_path: Path) -> None:
    command = [sys.executable, "build.py", "run", os.fspath(tmp_path / "gone.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("build.py: there is no script ")
