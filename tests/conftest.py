"""What every part of the suite shares: the built site, and no passing without having tested."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def dist() -> Path:
    """The built site: the one that ``build.py test`` made just now, else built here."""
    made = os.environ.get("OBSCURA_DIST")
    if made:
        return Path(made)
    from builder.build import build

    return build(ROOT / "dist").folder


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run in which nothing passed, such as one that skipped everything."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if (
        exitstatus == 0
        and not session.config.option.collectonly
        and not reporter.stats.get("passed")
    ):
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
