"""The library's wheel, beside the page: it installs in a Pyodide that is not the page's own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Route

import obscura

from .conftest import OpenRoom
from .pictures import ROOT

STOCK = "stock/"
INSTALL = """async ([stock, numpy, wheel]) => {
  const { loadPyodide } = await import(stock + "pyodide.mjs");
  globalThis.python = await loadPyodide({ indexURL: stock });
  await python.loadPackage(numpy);
  await python.loadPackage(wheel);
}"""
DECODE = """
import json
from importlib.metadata import files, version

import numpy as np

import obscura
from obscura.families.decode import decode, read

card = obscura.ModelCard.from_dict(json.loads(CARD))
outputs = {
    "boxes": np.array([[[0.25, 0.5, 0.5, 1.0], [0, 0, 0.1, 0.1]]], np.float32),
    "scores": np.array([[0.9, 0.1]], np.float32),
    "classes": np.array([[0, 1]], np.int32),
}
found = decode(read(outputs, card), card, (400, 200), threshold=0.5)
json.dumps({
    "file": obscura.__file__,
    "version": version("obscura"),
    "typed": any(path.name == "py.typed" for path in files("obscura")),
    "public": [name for name in obscura.__all__ if not name.startswith("_") and name not in NATIVE
               and getattr(obscura, name) is None],
    "records": found.to_records(card.labels, digits=2),
})
"""
NATIVE = ["Detector", "PipelineDetector"]
"""What needs onnxruntime, which Pyodide does not have."""


def test_it_installs_and_decodes_in_pyodide(new_room: OpenRoom, dist: Path) -> None:
    (numpy,) = (ROOT / "vendor").glob("numpy-*.whl")
    facts = re.search(r'id="obscura-build">(.*?)</script>', (dist / "index.html").read_text())
    assert facts
    card = json.loads(facts[1])["models"][0]
    card.pop("url")
    room = new_room(cold=True).leave()

    def stock(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        route.fulfill(path=numpy if name == numpy.name else ROOT / "node_modules/pyodide" / name)

    room.page.route(f"**/{STOCK}*", stock)
    wheel = f"{room.url}obscura-{obscura.__version__}-py3-none-any.whl"
    at = room.url + STOCK
    room.page.evaluate(INSTALL, [at, at + numpy.name, wheel])
    script = f"CARD = {json.dumps(card)!r}\nNATIVE = {NATIVE!r}\n{DECODE}"
    answer: dict[str, Any] = json.loads(room.page.evaluate("s => python.runPython(s)", script))

    assert "/site-packages/obscura/" in answer["file"]
    assert answer["version"] == obscura.__version__
    assert answer["typed"]
    assert answer["public"] == []
    assert answer["records"] == [
        {"label": "person", "score": 0.9, "box": [100, 100, 200, 200], "track_id": None}
    ]
