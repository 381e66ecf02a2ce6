"""A model of one's own in a page of one's own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import add_model
import pytest

from builder.build import ROOT, build
from builder.errors import BuildError
from builder.own_page import read

New = Callable[..., Path]


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
