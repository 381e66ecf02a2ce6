"""The repository itself: what it pins, what it must not say, and the wheel that it makes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from builder.build import ROOT


@pytest.mark.parametrize("home", [".", "bench/rivals", "bench/rivals/agpl"])
def test_npm_packages_are_pinned(home: str) -> None:
    """Exactly, by us; and each with a hash, by the lock, which names no registry."""
    text = (ROOT / home / "package-lock.json").read_text(encoding="utf-8")
    packages: dict[str, dict[str, str]] = json.loads(text)["packages"]
    lock = {name: entry for name, entry in packages.items() if name}  # less our own entry
    asked = json.loads((ROOT / home / "package.json").read_text(encoding="utf-8"))
    for name, version in (asked["dependencies"] | asked.get("devDependencies", {})).items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert lock[f"node_modules/{name}"]["version"] == version
    assert [name for name, entry in lock.items() if "integrity" not in entry] == []
    assert [name for name, entry in lock.items() if "resolved" in entry] == []


def test_every_npm_package_is_used() -> None:
    """By a script or a tool of ours: NOTICE and the SBOM say that all of them are shipped."""
    ours = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("assets", "tools", "tests/browser")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".js", ".py")
    )
    asked = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))

    # Workbox's modules are named by their prefix.
    names = {name.split("-")[0] if "workbox" in name else name for name in asked["dependencies"]}
    assert [name for name in names if name not in ours] == []


@pytest.mark.parametrize("name", ["cluster", "test", "train"])
def test_python_packages_are_pinned(name: str) -> None:
    """Everything that is asked for, by version and hash, from nowhere in particular."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    code = [line for line in lines if not line.lstrip().startswith("#")]
    pinned = [match[1] for line in code if (match := re.match(r"([a-z0-9-]+)==\S+ .*\\$", line))]
    asked = (ROOT / "requirements" / f"{name}.in").read_text(encoding="utf-8").split("\n")
    wanted = {re.split(r"\[|==", line)[0] for line in asked if line and not line.startswith("#")}
    assert wanted <= set(pinned)
    rest = [line for line in code if not re.match(r"    --hash=sha256:[0-9a-f]{64}( \\)?$", line)]
    assert len(rest) == len(pinned)


def test_the_lock_covers_what_the_library_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = (ROOT / "requirements" / "test.txt").read_text(encoding="utf-8")
    extras = project["optional-dependencies"]
    asked = {*project["dependencies"], *extras["test"], *extras["evaluate-browser"]}
    for extra in [name for name in asked if name.startswith("obscura[")]:
        asked |= set(extras[extra.removeprefix("obscura[").removesuffix("]")])
        asked.remove(extra)
    for wanted in asked:
        name = re.split("[<>=]", wanted)[0]
        assert re.search(rf"^{name}==", locked, re.MULTILINE), name


def test_no_file_names_a_registry_or_a_machine() -> None:
    """Locks and docs alike say what to get, never where this copy of it came from."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]
    assert len(files) > 50
    forbidden = re.compile(rb"https?://(registry|files|deb|pypi)\.|(?<![\w.-])/(work|root|farm)/")
    found = {
        path.relative_to(ROOT).as_posix(): match[0]
        for path in files
        if b"\0" not in (data := path.read_bytes()) and (match := forbidden.search(data))
    }
    assert found == {}


def test_the_wheel_carries_the_library_and_its_models(tmp_path: Path) -> None:
    """`pip install` of it finds the models without the repository."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("obscura-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    cards = [path.parent.name for path in (ROOT / "models").glob("*/model.toml")]
    assert cards
    assert {f"obscura/models/{card}/model.toml" for card in cards} <= names
    assert {f"obscura/models/{card}/model.onnx" for card in cards} <= names
    assert {"obscura/__init__.py", "obscura/py.typed"} <= names
    starters = (path for path in (ROOT / "py/obscura/starter").rglob("*") if path.is_file())
    templates = {path.relative_to(ROOT / "py").as_posix() for path in starters}
    assert {name for name in templates if "__pycache__" not in name} <= names
    assert not [name for name in names if name.startswith(("tests", "tools", "builder"))]
