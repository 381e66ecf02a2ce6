"""Python source to bytecode, by the Pyodide that will run it, so that no visit compiles anything."""

import json
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from builder.errors import BuildError
from builder.npm import check_node

COMPILER = Path(__file__).with_name("compile.mjs")


class Source(NamedTuple):
    """One Python file to compile."""

    text: bytes
    shown: str  # the file name that tracebacks show
    optimize: int  # as for ``compile()``: 2 drops docstrings and asserts


def compile_all(sources: Iterable[Source], pyodide: Path) -> list[bytes]:
    """Return one ``.pyc`` (unchecked, hash-based) per source, compiled by the Pyodide in folder ``pyodide``."""
    with tempfile.TemporaryDirectory(prefix="obscura-") as folder:
        work = Path(folder)
        jobs = []
        for index, source in enumerate(sources):
            (work / f"{index}.py").write_bytes(source.text)
            jobs.append((f"{index}.py", source.shown, f"out/{index}.pyc", source.optimize))
        (work / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
        run = subprocess.run(
            [check_node(), str(COMPILER), str(pyodide), str(work)],
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode != 0:
            lines = [line.strip() for line in run.stderr.splitlines() if line.strip()]
            wrong = next((line for line in reversed(lines) if "Error" in line), "no message")
            raise BuildError(
                f"Python could not be compiled for the browser ({wrong}): mend that file."
            )
        return [(work / target).read_bytes() for _, _, target, _ in jobs]
