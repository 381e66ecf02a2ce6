"""Firefox: `build.py browsers` from end to end, and what it has that Chromium's tests lack."""

from __future__ import annotations

from pathlib import Path

import pytest

from browsers.command import failed, visit
from browsers.drivers import NotInstalled, firefox
from builder.serve import serving

from .pictures import ROOT


def test_the_page_works_in_firefox(dist: Path) -> None:
    found = visit(ROOT, dist, "firefox")
    if "missing" in found:
        pytest.skip(found["missing"])
    assert not failed(found), found
    assert found["snapshot"] == "yes: PNG, JPEG, WebP"
    assert found["photo"] == found["turned"] == found["camera"] == found["offline"] == "yes"
    assert found["frames"] == "every one"
    assert (found["analysis"], found["data"]) == ("every frame", "yes")
    assert found["saved video"] == found["recording"] == "yes, MP4"
    assert "isolated" in found["engine"]


OPENED = """
while (!["ready", "error"].includes(globalThis.obscura?.snapshot().state)) {
  await new Promise((resolve) => setTimeout(resolve, 200));
}
return obscura.snapshot();
"""


def test_webgl_computes_in_firefox(dist: Path, tmp_path: Path) -> None:
    """Without a screen Firefox has no WebGL at all; what draws here is software."""
    try:
        with serving(dist) as site, firefox(tmp_path, screen=True) as browser:
            browser.open(f"{site.url}?backend=webgl")
            now = browser.evaluate(OPENED)
    except NotInstalled as missing:
        pytest.skip(f"{missing} is not installed")

    assert (now["backend"], now["error"]) == ("webgl", None)
    assert [row["label"] for row in now["detections"]] == ["person"]


def test_litert_computes_in_firefox(dist: Path, tmp_path: Path) -> None:
    """With threads; as Chromium does in tests/browser/test_litert_page.py."""
    try:
        with serving(dist) as site, firefox(tmp_path) as browser:
            browser.open(f"{site.url}?backend=litert")
            now = browser.evaluate(OPENED)
    except NotInstalled as missing:
        pytest.skip(f"{missing} is not installed")

    assert (now["backend"], now["error"]) == ("litert", None)
    assert now["threads"] > 1
    assert [row["label"] for row in now["detections"]] == ["person"]
