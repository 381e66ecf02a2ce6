"""`build.py browsers` in Firefox, from end to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from browsers.command import failed, visit

from .pictures import ROOT


def test_the_page_works_in_firefox(dist: Path) -> None:
    told = visit(ROOT, dist, "firefox")
    if "missing" in told:
        pytest.skip(told["missing"])
    assert not failed(told), told
    assert told["snapshot"] == "yes"
    assert told["photo"] == told["turned"] == told["camera"] == told["offline"] == "yes"
    assert "isolated" in told["engine"]
