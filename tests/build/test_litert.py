"""LiteRT in the built site, and sites that are built without it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from builder import litert, models
from builder.build import ROOT, build
from builder.errors import BuildError

TRACES = re.compile(rb"litert", re.IGNORECASE)


def facts(folder: Path) -> dict[str, Any]:
    """What a page knows about its build."""
    page = (folder / "index.html").read_text(encoding="utf-8")
    found = re.search(r'id="obscura-build">(.*?)</script>', page)
    assert found
    known: dict[str, Any] = json.loads(found[1])
    return known


def test_the_page_knows_its_builds_and_its_graphs(dist: Path) -> None:
    known = facts(dist)["litert"]

    assert set(known["builds"]) == set(litert.BUILDS)
    assert set(known["cores"]) == {
        path.parent.name for path in (ROOT / "models").glob(f"*/{litert.CORE}")
    }
    files = [known["module"], *known["cores"].values()]
    files += [url for each in known["builds"].values() for url in each.values()]
    assert all((dist / url).is_file() for url in files)


def test_a_site_without_it_has_no_byte_of_it(tmp_path: Path) -> None:
    site = build(tmp_path / "site", fast_cpu=False)

    assert facts(site.folder)["litert"] is None
    files = [path for path in site.folder.rglob("*") if path.is_file()]
    assert not [path for path in files if TRACES.search(path.name.encode())]
    assert not [
        path for path in files if path.suffix == ".wasm" and TRACES.search(path.read_bytes())
    ]
    assert not TRACES.search((site.folder / "sbom.cdx.json").read_bytes())
    assert not [name for name in site.names if "litert" in name]


@pytest.mark.parametrize("damage", ["of another network", "cut off", "empty"])
def test_a_graph_that_does_not_fit_is_refused(tmp_path: Path, damage: str) -> None:
    model = next(m for m in models.collect(ROOT) if (m.path.parent / litert.CORE).is_file())
    data = (model.path.parent / litert.CORE).read_bytes()
    mark = str(model.card["file"]["sha256"]).encode()
    path = tmp_path / litert.CORE
    path.write_bytes(
        {
            "of another network": data.replace(mark, mark[::-1]),
            "cut off": data[:1000],
            "empty": b"",
        }[damage]
    )

    with pytest.raises(BuildError, match=r"cocossd/core\.litert does not belong"):
        litert.verified(path, model)
