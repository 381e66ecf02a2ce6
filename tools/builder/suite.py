"""Runs the whole suite in an environment of its own, made from locked and hashed requirements."""

import os
import subprocess
import sys
from pathlib import Path

from builder.browser import find_chromium
from builder.cache import digest
from builder.errors import BuildError
from builder.sources import read

STAMP = ".obscura-installed"
REQUIREMENTS = "requirements/test.txt"

# Tests wait a lot, and meanwhile others can run. Files stay whole: their tests share visits.
SIDE_BY_SIDE = ("-n", str(max(2, (os.cpu_count() or 1) // 4)), "--dist", "loadfile")

# Each must pass before the tests run.
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
)


def environment(root: Path) -> Path:
    """Make ``root/.venv`` what ``requirements/test.txt`` says and return its Python."""
    folder = root / ".venv"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / STAMP
    wanted = digest([read(root, REQUIREMENTS), sys.version.encode()])
    if python.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    if Path(sys.prefix) == folder:
        raise BuildError(f"{REQUIREMENTS} has changed: run build.py with the Python outside .venv.")
    print("making the tests' environment in .venv ...", flush=True)
    if subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(folder)], check=False
    ).returncode:
        raise BuildError(
            "no virtual environment could be made: install Python's venv (python3-venv on Debian)."
        )
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    install += ["--require-hashes", "--only-binary", ":all:", "-r", str(root / REQUIREMENTS)]
    done = subprocess.run(
        install,
        stdout=sys.stdout,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
        wrong = errors[0] if errors else "no message"
        raise BuildError(f"pip could not install {REQUIREMENTS} ({wrong}): check the network.")
    stamp.write_text(wanted, encoding="utf-8")
    return python


def run_suite(root: Path, dist: Path, pytest_arguments: list[str]) -> int:
    """Lint, type-check and test; return an exit code.

    Args:
        root: the repository.
        dist: the built site that the browser tests visit.
        pytest_arguments: handed on; none runs every test. ``-n 0`` runs one after the other.
    """
    python = environment(root)
    chromium = find_chromium(python)
    variables = os.environ | {"CHROMIUM": str(chromium), "OBSCURA_DIST": str(dist.resolve())}
    for check in CHECKS:
        print(f"{' '.join(check)}:", flush=True)
        if subprocess.run([str(python), "-m", *check], cwd=root, check=False).returncode:
            raise BuildError(
                f"{' '.join(check)} found something (above): mend it and run the tests again."
            )
    tests = [str(python), "-m", "pytest", "--durations=30", *SIDE_BY_SIDE, *pytest_arguments]
    return subprocess.run(tests, cwd=root, env=variables, check=False).returncode
