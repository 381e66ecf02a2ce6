"""Pyodide under Node, for work that only the browser's Python can do."""

import json
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from builder.errors import BuildError
from builder.npm import check_node

INSIDE = Path(__file__).with_name("inside")


class Source(NamedTuple):
    """A Python file to compile."""

    text: bytes
    shown: str  # the file name that tracebacks show
    keep_asserts: bool  # docstrings are dropped either way


def compile_all(sources: Iterable[Source], pyodide: Path) -> list[bytes]:
    """Return one ``.pyc`` per source (hash-based, unchecked), so that no visit compiles anything.

    Raises:
        BuildError: a source is not valid Python; the message contains Python's.
    """
    with tempfile.TemporaryDirectory(prefix="obscura-") as folder:
        work = Path(folder)
        jobs = []
        for index, source in enumerate(sources):
            (work / f"{index}.py").write_bytes(source.text)
            jobs.append((f"{index}.py", source.shown, f"out/{index}.pyc", source.keep_asserts))
        (work / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
        run("compile.py", work, pyodide)
        return [(work / target).read_bytes() for _, _, target, _ in jobs]


def trace(imports: Iterable[str], site: Mapping[str, bytes], pyodide: Path) -> list[str]:
    """Return the files of Pyodide's standard library that importing ``imports`` loads.

    Args:
        imports: module names.
        site: the files of packages that are not in the standard library, by their names.
        pyodide: npm's package.
    """
    with tempfile.TemporaryDirectory(prefix="obscura-") as folder:
        work = Path(folder)
        for name, data in site.items():
            path = work / "site" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (work / "imports.json").write_text(json.dumps(sorted(imports)), encoding="utf-8")
        run("trace.py", work, pyodide)
        loaded: list[str] = json.loads((work / "loaded.json").read_text(encoding="utf-8"))
        return loaded


def run(script: str, work: Path, pyodide: Path) -> None:
    """Run a file of ``inside/`` in Pyodide, with ``work`` mounted at ``/job``."""
    command: list[str | Path] = [check_node(), INSIDE / "run.mjs", pyodide, work, INSIDE / script]
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        wrong = next((line for line in reversed(lines) if "Error: " in line), "no message")
        raise BuildError(f"the browser's Python reports {wrong}: fix that and build again.")
