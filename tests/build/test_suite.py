"""`build.py test`: the browser, the checks, the order of the files, and what counts as passed."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from builder import suite
from builder.browser import find_chromium, installed, run
from builder.build import ROOT
from builder.commands import suite_options
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


# ---- which tests run -----------------------------------------------------------------------------

TESTS = ROOT / "tests"


def folders_of_tests() -> set[str]:
    return {path.parent.relative_to(ROOT).as_posix() for path in TESTS.glob("*/test_*.py")}


def test_everything_but_endurance_and_clusters_runs_unasked() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    listed = table["tool"]["pytest"]["ini_options"]["testpaths"]

    asked_for = {f"tests/{name}" for name in (suite.CLUSTER, suite.ENDURANCE)}
    assert set(listed) == folders_of_tests() - asked_for


def test_the_files_that_begin_first_and_those_of_the_core_are_there() -> None:
    first = runpy.run_path(str(TESTS / "conftest.py"))["LONGEST_FIRST"]

    assert [name for name in first if not (TESTS / name).is_file()] == []
    assert {f"tests/{name}" for name in suite.CORE} < folders_of_tests()
    assert (ROOT / suite.NEEDS_NODE).is_file()


def test_what_is_not_an_option_of_ours_is_left_to_pytest_in_its_order() -> None:
    ours, rest = suite_options().parse_known_args(
        ["tests/core", "--core", "-k", "nms", "-n", "0", "--co"]
    )

    assert (ours.core, ours.endurance) == (True, False)
    assert rest == ["tests/core", "-k", "nms", "-n", "0", "--co"]


# ---- the checks ----------------------------------------------------------------------------------


@pytest.fixture
def run_with_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], int]:
    """Run one test, which passes, beside ``ruff`` with an argument."""
    (tmp_path / "test_fine.py").write_text("def test_fine():\n    pass\n", encoding="utf-8")
    monkeypatch.setattr(suite, "SIDE_BY_SIDE", ("-p", "no:cacheprovider", "-c", os.devnull))

    def run(argument: str) -> int:
        monkeypatch.setattr(suite, "CHECKS", (("ruff", argument),))
        tests = [f"--rootdir={tmp_path}", str(tmp_path)]
        return suite.run_tests(tmp_path, Path(sys.executable), tests, {})

    return run


def test_checks_and_tests_that_pass_are_a_success(run_with_check: Callable[[str], int]) -> None:
    assert run_with_check("--version") == 0


def test_a_check_that_fails_fails_the_run(run_with_check: Callable[[str], int]) -> None:
    with pytest.raises(BuildError, match="ruff no-such-command found something"):
        run_with_check("no-such-command")


def test_workers_of_one_run_share_one_site(tmp_path: Path) -> None:
    """Two at once, as xdist has them: one builds, and the other waits for it."""
    tests = tmp_path / "tests"
    tests.mkdir()
    shutil.copy(TESTS / "conftest.py", tests)
    for name in ("one", "two"):
        (tests / f"test_{name}.py").write_text(
            "def test_site(dist):\n    assert (dist / 'index.html').is_file()\n", encoding="utf-8"
        )
    builder = tmp_path / "stand-in" / "builder"
    builder.mkdir(parents=True)
    (builder / "__init__.py").touch()
    (builder / "build.py").write_text(
        "def build(folder):\n"
        "    (folder.parent / 'builds.txt').open('a').write('built ')\n"
        "    folder.mkdir(exist_ok=True)\n"
        "    (folder / 'index.html').touch()\n",
        encoding="utf-8",
    )
    variables = {name: value for name, value in os.environ.items() if name != "OBSCURA_DIST"}
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "-c", os.devnull]
    command += ["-p", "no:cacheprovider", "--rootdir", tmp_path, tests]
    done = subprocess.run(
        command,
        env=variables | {"PYTHONPATH": str(builder.parent)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "2 passed" in done.stdout, done.stdout
    assert (tmp_path / "build" / "tests" / "builds.txt").read_text() == "built "
