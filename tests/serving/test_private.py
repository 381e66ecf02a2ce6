"""Privacy: of a picture nothing reaches a file, a folder or the log."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .conftest import ROOT, SAMPLE, Served, Start

HOSTILE = ("", "hello", "%PDF-1.7", "\x89PNG\r\n\x1a\nsecret", "GIF89asecret", "RIFF\0\0\0\0WEBP")


def files(folder: Path) -> set[Path]:
    return {*folder.rglob("*")}


def sources() -> set[Path]:
    """Return the files of the library, without those that other tests have Python write."""
    return {path for path in files(ROOT / "py") if "__pycache__" not in path.parts}


def encoded(kind: str, **options: object) -> bytes:
    noise = np.random.default_rng(7).integers(0, 255, (900, 1100, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, kind, **options)  # type: ignore[arg-type]
    return file.getvalue()


@pytest.fixture
def fresh(start: Start) -> Served:
    """A server that has answered nothing, whose log is empty."""
    return start("--head", "emotion")


def test_pictures_good_and_bad_leave_no_trace(fresh: Served) -> None:
    bodies = [
        SAMPLE.read_bytes(),
        *(encoded(kind) for kind in ("JPEG", "PNG", "WebP", "GIF", "BMP", "AVIF")),
        encoded("PNG")[:-1000],
        *(body.encode("latin-1") for body in HOSTILE),
        bytes(40 << 20),
    ]
    with fresh.client() as client:
        client.post("/v1/detect", content=SAMPLE.read_bytes())  # what Python imports, it has now
        before = files(fresh.folder) | sources()
        written = fresh.trace.read_text()

        for body in bodies:
            client.post("/v1/detect?classes=secret", content=body)
            client.post("/v1/detect", content=body)
            client.post("/v2/models/cocossd/infer", content=body)
            client.post("/v1/nothing?secret", content=body)

        assert client.get("/v2/health/live").is_success
        assert fresh.trace.read_text() == written
        assert files(fresh.folder) | sources() == before
    assert fresh.log.read_text() == ""


def test_the_watch_sees_a_file_that_is_written(fresh: Served) -> None:
    assert "open /dev/null\n" in fresh.trace.read_text()
