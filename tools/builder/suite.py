"""Runs the tests in an environment of their own, made from locked and hashed requirements."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from builder.browser import find_chromium
from builder.cache import digest
from builder.errors import BuildError
from builder.sources import read

STAMP = ".obscura-installed"
REQUIREMENTS = "test"

# A browser has processes of its own: with more of them than cores, tests that watch a video see few
# of its frames. Files stay whole: their tests share visits. The order is that of tests/conftest.py.
WORKERS = str(max(2, (os.cpu_count() or 1) // 4))
SIDE_BY_SIDE = ("-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder")

# Run beside the tests; each must pass, too.
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
)

# Tests that need neither Node nor a browser nor the built site.
CORE = (
    "bench", "convert", "core", "counting", "engine", "evaluation", "examples", "page", "tracking",
)  # fmt: skip
NEEDS_NODE = "tests/convert/test_tfjs.py"
ENDURANCE = "endurance"
CLUSTER = "cluster"


def environment(root: Path, purpose: str = REQUIREMENTS) -> Path:
    """Make an environment what ``requirements/PURPOSE.txt`` says and return its Python.

    That of the tests is ``root/.venv``, others are ``root/.venv-PURPOSE``.
    """
    requirements = f"requirements/{purpose}.txt"
    folder = root / (".venv" if purpose == REQUIREMENTS else f".venv-{purpose}")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / STAMP
    wanted = digest([read(root, requirements), sys.version.encode()])
    if python.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    if Path(sys.prefix) == folder:
        raise BuildError(f"{requirements} has changed: run build.py with the Python outside .venv.")
    print(f"making an environment in {folder.name} ...", flush=True)
    if subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(folder)], check=False
    ).returncode:
        raise BuildError(
            "no virtual environment could be made: install Python's venv (python3-venv on Debian)."
        )
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    install += ["--require-hashes", "--only-binary", ":all:", "-r", str(root / requirements)]
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
        raise BuildError(f"pip could not install {requirements} ({wrong}): check the network.")
    stamp.write_text(wanted, encoding="utf-8")
    return python


class Check(NamedTuple):
    """A check that runs, and the file that it writes to."""

    name: str
    process: subprocess.Popen[bytes]
    output: IO[bytes]

    def passed(self) -> bool:
        """Wait for its end, print what it wrote, and return whether it passed."""
        failed = self.process.wait() != 0
        self.output.seek(0)
        print(f"{self.name}:", self.output.read().decode(errors="replace").strip(), flush=True)
        return not failed


@contextmanager
def checks(root: Path, python: Path) -> Iterator[list[Check]]:
    """Run the checks beside what the block does; end those that still run when it fails."""
    running = []
    try:
        for command in CHECKS:
            output = tempfile.TemporaryFile()  # noqa: SIM115
            process = subprocess.Popen(
                [str(python), "-m", *command], cwd=root, stdout=output, stderr=subprocess.STDOUT
            )
            running.append(Check(" ".join(command), process, output))
        yield running
    finally:
        for check in running:
            if check.process.poll() is None:
                check.process.terminate()
                check.process.wait()
            check.output.close()


def run_suite(root: Path, dist: Path, pytest_arguments: list[str]) -> int:
    """Lint, type-check and test; return an exit code.

    Args:
        root: the repository.
        dist: the built site that the browser tests visit.
        pytest_arguments: handed on; none runs every test. ``-n 0`` runs one after the other.
    """
    python = environment(root)
    variables = {"CHROMIUM": str(find_chromium(python)), "OBSCURA_DIST": str(dist.resolve())}
    return run_tests(root, python, pytest_arguments, variables)


def run_endurance(root: Path, dist: Path, pytest_arguments: list[str]) -> int:
    """As `run_suite`, with the endurance tests alone, one after another: one of them judges by the
    time of a frame, which grows while others are at work."""
    return run_suite(root, dist, [f"tests/{ENDURANCE}", "-n", "0", *pytest_arguments])


def run_cluster(root: Path, pytest_arguments: list[str]) -> int:
    """Run the tests on clusters, one after another, in an environment of their own: Ray is large,
    and no other test needs it."""
    python = environment(root, CLUSTER)
    # Ray leaves sockets and processes to the system, of which Python would complain.
    command = [str(python), "-m", "pytest", "-W", "default", f"tests/{CLUSTER}", *pytest_arguments]
    return subprocess.run(command, cwd=root, check=False).returncode


def run_core(root: Path, pytest_arguments: list[str]) -> int:
    """Lint, type-check and run the tests that need neither Node nor a browser."""
    folders = [f"tests/{name}" for name in CORE]
    arguments = [*folders, f"--ignore={NEEDS_NODE}", *pytest_arguments]
    return run_tests(root, environment(root), arguments, {})


def run_tests(
    root: Path, python: Path, pytest_arguments: list[str], variables: dict[str, str]
) -> int:
    """Run pytest and, beside it, the checks; return an exit code.

    Args:
        variables: added to the environment of the tests.
    """
    command = [str(python), "-m", "pytest", "--durations=30", *SIDE_BY_SIDE, *pytest_arguments]
    with checks(root, python) as running:
        code = subprocess.run(command, cwd=root, env=os.environ | variables, check=False).returncode
        failed = [check.name for check in running if not check.passed()]
    if failed:
        raise BuildError(f"{' and '.join(failed)} found something (above): fix it and run again.")
    return code
