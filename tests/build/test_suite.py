"""What `build.py test` does before it tests: find a browser, and refuse to pass without a test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from builder.browser import find_chromium, installed, run
from builder.build import ROOT
from builder.errors import BuildError


@pytest.fixture
def chromium(tmp_path: Path) -> Path:
    """Something that can be run and is called chromium."""
    path = tmp_path / ("chromium.exe" if os.name == "nt" else "chromium")
    shutil.copy(sys.executable, path)
    return path


def test_the_browser_named_in_the_environment_wins(
    chromium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMIUM", str(chromium))
    assert find_chromium(Path(sys.executable)) == chromium


def test_a_wrong_name_in_the_environment_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other browser stands in for it."""
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "gone"))
    with pytest.raises(BuildError, match=r"CHROMIUM=.*gone cannot be run"):
        find_chromium(Path(sys.executable))


def test_a_browser_on_the_path_is_found(chromium: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(chromium.parent))
    assert next(installed()) == chromium
    assert find_chromium(Path(sys.executable)) == chromium


@pytest.mark.parametrize("command", [["no-such-command"], [sys.executable, "-c", "exit(3)"]])
def test_a_way_that_leads_nowhere_is_no_error(command: list[str | Path]) -> None:
    """The next one is tried."""
    assert run(command) is None


def test_a_run_that_skips_everything_fails(tmp_path: Path) -> None:
    """As the suite's conftest.py arranges it."""
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    skipped = "import pytest\n@pytest.mark.skip\ndef test_nothing():\n    pass\n"
    (tmp_path / "test_skipped.py").write_text(skipped, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--rootdir", tmp_path, "-c", os.devnull, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "1 skipped" in done.stdout
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
