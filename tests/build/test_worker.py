"""The service worker of the built site: its list of files is the site, to the byte."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from builder import litert, sbom
from builder.build import RUNTIMES
from builder.npm import find_tool
from builder.worker import NAME, group


@pytest.fixture(scope="module")
def script(dist: Path) -> str:
    """The shipped worker."""
    return (dist / NAME).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def build(script: str) -> dict[str, Any]:
    """What the worker knows of its build."""
    match = re.search(r"^const BUILD = (\{.*\});$", script, re.MULTILINE)
    assert match
    found: dict[str, Any] = json.loads(match[1])
    return found


def test_every_file_is_listed_with_its_hash_and_size(dist: Path, build: dict[str, Any]) -> None:
    """But the worker itself, and the list of parts and the wheel, which no page asks for."""
    shipped = {
        path.relative_to(dist).as_posix(): path.read_bytes()
        for path in dist.rglob("*")
        if path.is_file()
        and path.name not in (NAME, sbom.NAME)
        and path.suffix not in (".br", ".gz")
        and not path.match("obscura-*.whl")
    }
    shipped[""] = shipped.pop("index.html")  # the page's address ends in a slash

    listed = {name: (mark, size) for name, (mark, size, _) in build["files"].items()}

    assert listed == {
        name: (hashlib.sha256(data).hexdigest(), len(data)) for name, data in shipped.items()
    }


def test_groups_are_what_a_device_takes_as_a_whole(build: dict[str, Any], dist: Path) -> None:
    groups: dict[str, set[str]] = {}
    for name, (_, _, title) in build["files"].items():
        groups.setdefault(title, set()).add(name)

    models = {f"model:{path.name}" for path in (dist / "models").iterdir()}
    heads = {f"head:{path.name}" for path in (dist / "heads").iterdir() if path.is_dir()}
    engines = {f"engine:{name}" for name in (*RUNTIMES, "webgl", "litert", *litert.BUILDS)}
    assert set(groups) == {"shell", "python", "clip", "store", "heads"} | models | heads | engines
    for runtime, (module, stem) in RUNTIMES.items():
        wanted = {module, f"{stem}.mjs", f"{stem}.wasm"}
        assert {name.split("/")[1] for name in groups[f"engine:{runtime}"]} == wanted
    assert "" in groups["shell"]
    size = sum(build["files"][name][1] for name in groups["shell"])
    assert size < 1_000_000, "the shell is small: it is fetched before threads can be had"


def test_the_page_and_the_worker_agree_on_the_version(dist: Path, build: dict[str, Any]) -> None:
    page = (dist / "index.html").read_text(encoding="utf-8")
    assert f'"version":"{build["page"]}"' in page
    assert f'"worker":"./{NAME}"' in page


def test_the_worker_is_one_script_that_fetches_no_other(script: str, tmp_path: Path) -> None:
    path = tmp_path / "sw.js"
    path.write_text(script, encoding="utf-8")
    subprocess.run([find_tool("node"), "--check", str(path)], check=True)
    assert "importScripts" not in script
    assert "sourceMappingURL" not in script
    for module in ("core", "routing", "strategies"):
        assert f"this.workbox.{module}=" in script


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("index.html", "shell"),
        ("assets/boot.js", "shell"),
        ("py/main.py", "shell"),
        ("py/obscura.zip", "python"),
        ("pyodide/pyodide.asm.wasm", "python"),
        ("ort/ort.webgpu.min.mjs", "engine:asyncify"),
        ("ort/ort-wasm-simd-threaded.wasm", "engine:wasm"),
        ("models/mine/model.onnx", "model:mine"),
        ("heads/mine/model.onnx", "head:mine"),
        ("heads/heads.json", "heads"),
    ],
)
def test_the_group_of_a_file(name: str, title: str) -> None:
    assert group(name) == title
