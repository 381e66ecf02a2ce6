"""Projects as ``obscura new`` makes them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.build import ROOT
from obscura.cli import main

New = Callable[..., Path]


@pytest.fixture
def new(tmp_path: Path) -> New:
    """``new("page", "--colour", "#123456")``: make a project and return its folder."""

    def make(template: str, *options: str, name: str = "Door counter") -> Path:
        folder = tmp_path / template
        assert main(["new", str(folder), "--template", template, "--name", name, *options]) == 0
        return folder

    return make


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run() -> Run:
    """``run(folder, "-m", "unittest")``: run Python in a project, with obscura installed."""

    def python(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([str(ROOT / "py"), str(folder / "src")])
        offline = {"PYTHONPATH": path, "npm_config_offline": "true"}
        return subprocess.run(
            [sys.executable, *words],
            cwd=folder,
            env=os.environ | offline | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return python
