"""Errors of build.py take one line, and leave the previous site unchanged."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from builder.build import ROOT

OWN = (
    "build.py",
    "bench.html",
    "index.html",
    "manifest.webmanifest",
    "pyscript.toml",
    "package.json",
    "package-lock.json",
    "LICENSE",
    "NOTICE",
)
FOLDERS = ("bench/speed", "tools/builder", "assets", "py", "models", "vendor", "build/cache")


def link(source: Path, target: Path) -> None:
    """Make ``target`` stand for a folder; copy it where links are not allowed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.symlink_to(source, target_is_directory=True)
    except OSError:
        shutil.copytree(source, target)


@pytest.fixture
def repository(dist: Path, tmp_path: Path) -> Path:
    """A copy of the repository in which to break things, with a former site in ``dist``."""
    root = tmp_path / "repository"
    # Builds of other tests may be writing to the cache: what begins with a dot is not finished.
    passed_over = shutil.ignore_patterns("__pycache__", ".*")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, root / name, ignore=passed_over)
    for name in (*OWN, "node_modules/.obscura-installed"):
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    # One by one: npm, should it come to run, removes links and not what they lead to.
    asked = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    for name in asked["dependencies"] | asked["devDependencies"]:
        link(ROOT / "node_modules" / name, root / "node_modules" / name)
    (root / "dist").mkdir()
    shutil.copy(dist / "index.html", root / "dist")
    (root / "dist" / "former").touch()
    return root


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(repository: Path) -> Run:
    """``run("build", ...)``: run the copy's build.py; ``environment`` adds variables."""

    def run(
        *arguments: str, umask: int = -1, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        offline = {"npm_config_offline": "true", "npm_config_cache": str(repository / "npm-cache")}
        return subprocess.run(
            [sys.executable, repository / "build.py", *arguments],
            cwd=repository.parent,
            env=os.environ | offline | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            umask=umask,
        )

    return run


def told(done: subprocess.CompletedProcess[str], repository: Path) -> str:
    """Return the one line about what is wrong, once it is sure that nothing else happened."""
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("build.py: ")
    assert line.endswith(".")
    assert {path.name for path in (repository / "dist").iterdir()} == {"index.html", "former"}
    assert not list(repository.glob(".dist.*"))
    return line


def test_the_copy_builds_the_very_same_site(run: Run, repository: Path, dist: Path) -> None:
    """Else the failures below would prove nothing. From another folder, installing nothing, with
    other times, another umask, zone, language and seed of hashes."""
    for path in repository.rglob("*"):
        if path.is_file() and repository / "node_modules" not in path.parents:
            os.utime(path, (1_000_000_000, 1_000_000_000))
    done = run(
        "build",
        umask=0o077,
        TZ="Pacific/Kiritimati",
        LC_ALL="C",
        PYTHONHASHSEED="7",
        SOURCE_DATE_EPOCH="1",
    )
    assert done.returncode == 0, done.stderr
    assert "installing" not in done.stdout
    built = repository / "dist"
    assert contents(built) == contents(dist)
    assert not (built / "former").exists()


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


# ---- tools ---------------------------------------------------------------------------------------


def test_no_node(run: Run, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    line = told(run("build", PATH=str(tmp_path / "empty")), repository)
    assert "node was not found: install Node.js" in line


@pytest.mark.skipif(os.name == "nt", reason="a stand-in for node is a shell script")
@pytest.mark.parametrize(
    ("answer", "shown"), [("echo v12.22.9", "node is v12.22.9"), ("exit 1", "node is broken")]
)
def test_node_too_old(run: Run, repository: Path, tmp_path: Path, answer: str, shown: str) -> None:
    node = tmp_path / "bin" / "node"
    node.parent.mkdir()
    node.write_text(f"#!/bin/sh\n{answer}\n", encoding="utf-8")
    node.chmod(0o755)
    line = told(run("build", PATH=str(node.parent)), repository)
    assert f"{shown}: install Node.js" in line


def test_no_npm(run: Run, repository: Path, tmp_path: Path) -> None:
    """Node alone is enough until something is to be installed."""
    node = Path(str(shutil.which("node")))
    (tmp_path / "bin").mkdir()
    shutil.copy(node, tmp_path / "bin" / node.name)
    shutil.rmtree(repository / "node_modules")
    line = told(run("build", PATH=str(tmp_path / "bin")), repository)
    assert "npm was not found: install Node.js" in line


def test_old_python() -> None:
    """build.py itself still parses and says so."""
    text = (ROOT / "build.py").read_text(encoding="utf-8")
    trick = "import sys; sys.version_info = (3, 8, 10)\n"
    done = subprocess.run(
        [sys.executable, "-c", trick + text], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "build.py: Python 3.8 is too old: run it with Python 3.11 or later.\n"


# ---- packages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [".obscura-installed", "axe-core"])
def test_half_an_installation_is_done_again(run: Run, repository: Path, gone: str) -> None:
    """Without the stamp, or a package, npm is asked; here it may not use the network."""
    path = repository / "node_modules" / gone
    path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)
    line = told(run("build"), repository)
    assert "npm ci failed (ENOTCACHED: npm is in offline mode" in line
    assert not (repository / "node_modules" / ".obscura-installed").exists()


def test_half_a_lock(run: Run, repository: Path) -> None:
    """A lock that changed is not the one that was installed, so npm sees it."""
    lock = repository / "package-lock.json"
    lock.write_bytes(lock.read_bytes()[:5000])
    line = told(run("build"), repository)
    assert "npm ci failed (EUSAGE: package-lock.json is damaged" in line


def test_no_lock(run: Run, repository: Path) -> None:
    (repository / "package-lock.json").unlink()
    line = told(run("build"), repository)
    assert "package-lock.json is missing: restore it" in line


# ---- files ---------------------------------------------------------------------------------------


def spoil(path: Path) -> None:
    """Change one byte of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_tampered_wheel(run: Run, repository: Path) -> None:
    """Also when the bytecode made of the true one is still in the cache."""
    wheel = next((repository / "vendor").glob("numpy-*.whl"))
    spoil(wheel)
    line = told(run("build"), repository)
    assert f"vendor/{wheel.name} is not the pinned file" in line


def test_a_wheel_that_is_pinned_but_not_in_the_lock(run: Run, repository: Path) -> None:
    """Whoever changes the wheel and its pin still has Pyodide's own lock against them."""
    folder = repository / "node_modules" / "pyodide"
    held = folder.resolve()
    folder.unlink() if folder.is_symlink() else shutil.rmtree(folder)
    folder.mkdir()
    for path in held.iterdir():
        shutil.copy(path, folder)
    lock = folder / "pyodide-lock.json"
    text = lock.read_text(encoding="utf-8")
    lock.write_text(text.replace("0cad9c1b", "deadbeef"), encoding="utf-8")
    line = told(run("build"), repository)
    assert "lists another numpy" in line
    assert "sha256 deadbeef" in line

    lock.write_text(text[: len(text) // 2], encoding="utf-8")
    assert "pyodide-lock.json of npm pyodide is damaged" in told(run("build"), repository)


def test_a_tampered_model(run: Run, repository: Path) -> None:
    spoil(repository / "models" / "cocossd" / "model.onnx")
    line = told(run("build"), repository)
    assert "models/cocossd/model.onnx is not the file that its card describes" in line


@pytest.mark.parametrize(
    "name",
    [
        "index.html",
        "bench.html",
        "py/main.py",
        "py/bench.py",
        "pyscript.toml",
        "assets/engine.js",
        "LICENSE",
        "models/cocossd/model.onnx",
    ],
)
def test_a_missing_file(run: Run, repository: Path, name: str) -> None:
    (repository / name).unlink()
    line = told(run("build"), repository)
    assert Path(name).name in line
    assert "restore it" in line or "add the file" in line


@pytest.mark.parametrize("name", ["pyscript.toml", "vendor/vendor.toml"])
def test_a_damaged_table(run: Run, repository: Path, name: str) -> None:
    (repository / name).write_text("interpreter = ", encoding="utf-8")
    assert f"{name} is damaged" in told(run("build"), repository)


def test_a_slip_in_python(run: Run, repository: Path) -> None:
    """Told by file and line, before anything is made."""
    path = repository / "py" / "obscura" / "boxes.py"
    path.write_text("import numpy\ndef area(:\n", encoding="utf-8")
    assert "py/obscura/boxes.py:2: " in told(run("build"), repository)


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("from numpy import random", "numpy.random"),
        ("from obscura.detector import Detector", "obscura.detector"),
    ],
)
def test_an_import_of_what_the_page_lacks(
    run: Run, repository: Path, line: str, module: str
) -> None:
    """Found when building, not by a visitor."""
    path = repository / "py" / "obscura" / "boxes.py"
    path.write_text(f"def area():\n    {line}\n", encoding="utf-8")
    assert f"py/obscura/boxes.py imports {module}" in told(run("build"), repository)


# ---- arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--base", "cameras"], "--base cameras is not a path"),
        (["--out", "repository"], "contains the repository itself"),
        (["--out", "repository/assets"], "contains files that are not from a build"),
        (["--out", "repository/build.py"], "is a file"),
        (["--out", "repository/build.py/dist"], "build.py): fix that"),
    ],
)
def test_arguments_that_will_not_do(
    run: Run, repository: Path, arguments: list[str], shown: str
) -> None:
    assert shown in told(run("build", *arguments), repository)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        yield held.getsockname()[1]


def test_a_port_that_is_taken(run: Run, repository: Path, taken: int) -> None:
    """Told at once, before anything is built."""
    line = told(run("serve", "--port", str(taken)), repository)
    assert f"port {taken} is in use" in line


@pytest.mark.parametrize("where", [["--port", "99999"], ["--host", "host.invalid"]])
def test_nowhere_to_listen(run: Run, repository: Path, where: list[str]) -> None:
    assert "cannot listen on" in told(run("serve", *where), repository)


# ---- stopped -------------------------------------------------------------------------------------


def test_serve_says_where_and_stops_quietly(repository: Path) -> None:
    """The address is seen at once, though the output is a pipe."""
    process = subprocess.Popen(
        [sys.executable, repository / "build.py", "serve", "--port", "0", "--base", "/x/"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    process.terminate()
    _, errors = process.communicate(timeout=30)
    assert line.startswith("serving http://localhost:")
    assert "/x/ " in line
    if os.name != "nt":  # where a process is ended without being asked
        assert (process.returncode, errors) == (0, "")
