"""Evaluation through the built page: the same figures as natively, on the same pictures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from builder.serve import SiteServer

from .pictures import PERSON, ROOT, sample


@pytest.fixture
def drawn(tmp_path: Path) -> list[str]:
    """The person in four surroundings, annotated by eye, and a file that is no picture."""
    images, boxes = tmp_path / "images", []
    images.mkdir()
    person = sample().crop((0, 0, 380, 512))
    for number, (x, y, scale) in enumerate(
        ((0, 0, 1.0), (300, 60, 0.8), (40, 200, 0.5), (400, 20, 0.4)), start=1
    ):
        picture = Image.new("RGB", (720, 512), (30, 90, 60))
        picture.paste(person.resize((round(380 * scale), round(512 * scale))), (x, y))
        picture.save(images / f"{number}.png")
        x1, y1, x2, y2 = (edge * scale for edge in PERSON)
        boxes.append([x + x1, y + y1, x2 - x1, y2 - y1])
    (images / "5.png").write_text("no picture")
    boxes.append([0, 0, 10, 10])
    table = {
        "images": [{"id": n, "file_name": f"{n}.png"} for n in range(1, 6)],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [
            {"image_id": n, "category_id": 1, "bbox": box} for n, box in enumerate(boxes, start=1)
        ],
    }
    annotations = tmp_path / "instances.json"
    annotations.write_text(json.dumps(table))
    return ["evaluate", "--images", str(images), "--annotations", str(annotations)]


def test_the_page_is_as_accurate_as_the_library(
    drawn: list[str], tmp_path: Path, site: SiteServer
) -> None:
    results = {}
    for backend in ("native", "browser"):
        file = tmp_path / f"{backend}.json"
        where = ["--model", "cocossd", "--backend", backend, "--site", site.url]
        # In a process of its own, for Playwright is at work in this one.
        done = subprocess.run(
            [sys.executable, "-m", "obscura", *drawn, *where, "--json", file],
            env={**os.environ, "PYTHONPATH": str(ROOT / "py")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr  # one picture is damaged
        assert "5.png" in done.stderr
        (results[backend],) = json.loads(file.read_text())["results"]

    native, browser = results["native"], results["browser"]
    assert (native["backend"], browser["backend"]) == ("native", "wasm")
    assert native["damaged"] == browser["damaged"]
    assert native["ap50"] > 50, "there is something to agree on"
    for figure in ("ap", "ap50", "ap75", "large"):
        assert browser[figure] == pytest.approx(native[figure], abs=0.5)
