"""A model of one's own in a page of one's own."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import add_model
import httpx
import pytest
from PIL import Image, ImageDraw

from builder.build import ROOT, build
from builder.errors import BuildError
from builder.own_page import read
from obscura.cli import exits

New = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[str]]
MOST_TRIES = 600


def test_a_model_that_is_added_to_a_page_is_what_it_offers(
    new: New, dist: Path, tmp_path: Path
) -> None:
    assert dist.is_dir()  # the caches are there
    folder = new("page")
    shapes = str(ROOT / "examples" / "custom" / "shapes.onnx")
    where = ["--models", str(folder / "models")]
    assert add_model.main([shapes, "--name", "shapes", "--license", "Apache-2.0", *where]) == 0
    assert not (ROOT / "models" / "shapes").exists()
    toml = folder / "page.toml"
    toml.write_text(toml.read_text("utf-8").replace('["cocossd"]', '["shapes", "cocossd"]'))

    build(tmp_path / "site", own=toml)

    found = re.search(
        r'id="obscura-build">(.*?)</script>', (tmp_path / "site/index.html").read_text()
    )
    assert found
    facts = json.loads(found[1])
    assert facts["default_model"] == "shapes"
    assert [model["name"] for model in facts["models"]] == ["shapes", "cocossd"]
    assert (tmp_path / "site" / facts["models"][0]["url"]).is_file()
    parts = json.loads((tmp_path / "site/sbom.cdx.json").read_text("utf-8"))["components"]
    assert {"shapes", "cocossd"} <= {part["name"] for part in parts}


def test_a_model_that_was_changed_is_refused(new: New) -> None:
    folder = new("page")
    model = folder / "models" / "mine"
    model.mkdir(parents=True)
    card = (ROOT / "models" / "cocossd" / "model.toml").read_text("utf-8")
    (model / "model.toml").write_text(card.replace('name = "cocossd"', 'name = "mine"'), "utf-8")
    (model / "model.onnx").write_bytes(b"changed")
    toml = folder / "page.toml"
    toml.write_text(toml.read_text("utf-8").replace('["cocossd"]', '["mine"]'))

    with pytest.raises(BuildError, match="is not the file that its card describes"):
        read(toml, "0.1.0").collect(ROOT)


def answer(url: str, body: bytes) -> object:
    """Return what a service answers, once its model is loaded."""
    for _ in range(MOST_TRIES):
        reply = httpx.post(url, content=body, timeout=60, trust_env=False)
        if reply.status_code != 503:
            assert reply.status_code == 200, reply.text
            return reply.json()
        time.sleep(0.1)
    raise AssertionError("the model is not loaded")


def test_a_service_has_a_model_a_pipeline_a_zone_and_a_page_of_its_own(
    new: New, dist: Path
) -> None:
    folder = new("service")
    shutil.copy(ROOT / "examples" / "custom" / "shapes.onnx", folder / "mine.onnx")
    head = '[[pipeline.head]]\nname = "faces"\nnetwork = "faces"\non = "frame"\n'
    (folder / "pipeline.toml").write_text(f"[pipeline]\n{head}")
    toml = folder / "service.toml"
    toml.write_text(
        toml.read_text("utf-8")
        .replace('model = "cocossd"', f'model = "mine.onnx"\npage = {json.dumps(str(dist))}')
        .replace('# pipeline = "pipeline.toml"', 'pipeline = "pipeline.toml"\njobs = 1')
    )
    zone = {"name": "left", "corners": [[0, 0], [0.5, 0], [0.5, 1], [0, 1]], "anchor": "centre"}
    (folder / "zones.json").write_text(json.dumps({"format": 1, "lines": [], "zones": [zone]}))
    picture = io.BytesIO()
    scene = Image.new("RGB", (320, 240), (200, 200, 190))
    pen = ImageDraw.Draw(scene)
    pen.rectangle((40, 80, 120, 160), fill=(30, 60, 160))
    pen.ellipse((200, 80, 280, 160), fill=(170, 30, 30))
    scene.save(picture, "png")

    service = subprocess.Popen(
        [sys.executable, "build.py", "serve", "--port", "0"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "py")},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert service.stdout is not None
        url = service.stdout.readline().removeprefix("Serving on ").strip()
        zones = answer(url + "/v1/zones", picture.getvalue())
        record = answer(url + "/v1/detect", picture.getvalue())
        page = httpx.get(url, timeout=60, trust_env=False).text
    finally:
        service.send_signal(signal.SIGINT)
        service.communicate(timeout=60)

    assert "<title>Obscura</title>" in page
    assert zones == [{"name": "left", "inside": {"square": 1}}]
    assert isinstance(record, dict)
    assert {row["label"] for row in record["detections"]} == {"square", "circle"}
    assert service.returncode == exits.STOPPED


@pytest.mark.parametrize(
    ("old", "changed", "code", "said"),
    [
        ("[serve]", "[serve", 2, "service.toml cannot be used"),
        ("[serve]", "serve = 1", 2, "service.toml cannot be used"),
        ('zones = "zones.json"', 'zones = "gone.json"', 2, "gone.json"),
        ('zones = "zones.json"', "", 2, "service.toml lacks 'zones'"),
        ('model = "cocossd"', 'model = "gone.onnx"', 3, "gone.onnx"),
        ("threshold = 0.5", 'host = "0.0.0.0"', 2, "without a token"),
        ("threshold = 0.5", "treshold = 0.5", 2, "--treshold"),
    ],
)
def test_a_service_that_cannot_start_says_why(
    new: New, run: Run, old: str, changed: str, code: int, said: str
) -> None:
    folder = new("service")
    toml = folder / "service.toml"
    toml.write_text(toml.read_text("utf-8").replace(old, changed))

    done = run(folder, "build.py", "serve", "--port", "0")

    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
