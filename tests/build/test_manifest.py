"""The web app manifest: every file that it names is there, and sharing is a choice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from builder.build import ROOT
from builder.errors import BuildError
from builder.manifest import NAME, add
from builder.site import Site

SOURCE = (ROOT / NAME).read_bytes()


def built(folder: Path, base: str, *, share_target: bool = False) -> dict[str, Any]:
    """The manifest as it is shipped in a site of nothing else."""
    site = Site(folder, base)
    for path in sorted((ROOT / "assets").rglob("*")):
        if path.is_file():
            site.add(path.relative_to(ROOT).as_posix(), path.read_bytes())
    add(site, SOURCE, share_target=share_target)
    found: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
    return found


def test_every_picture_is_there_and_as_large_as_it_says(dist: Path) -> None:
    manifest = json.loads((dist / NAME).read_text(encoding="utf-8"))
    shown = manifest["icons"] + manifest["screenshots"]
    shown += [icon for shortcut in manifest["shortcuts"] for icon in shortcut["icons"]]
    assert len(shown) >= 8
    for entry in shown:
        path = dist / entry["src"]
        assert path.is_file()
        if entry["sizes"] != "any":
            with Image.open(path) as image:
                assert entry["sizes"] == f"{image.width}x{image.height}"
                assert entry["type"] == Image.MIME[str(image.format)]
    assert "maskable" in [icon.get("purpose") for icon in manifest["icons"]]


def test_addresses_follow_the_base(tmp_path: Path) -> None:
    manifest = built(tmp_path, "/cameras/")
    assert manifest["start_url"] == manifest["scope"] == "/cameras/"
    assert manifest["icons"][0]["src"].startswith("/cameras/assets/favicon.")
    assert manifest["shortcuts"][0]["url"] == "/cameras/?autostart=1"
    assert manifest["file_handlers"][0]["action"] == "/cameras/"


def test_sharing_is_left_out_unless_it_is_asked_for(tmp_path: Path) -> None:
    """Without a service worker a shared photo would be sent to the host: docs/offline.md."""
    assert "share_target" not in built(tmp_path, "./")
    assert built(tmp_path, "./", share_target=True)["share_target"]["action"] == "./share"


def test_a_damaged_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=NAME):
        add(Site(tmp_path, "./"), b"{", share_target=False)


def test_a_manifest_that_names_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="does not exist"):
        add(Site(tmp_path, "./"), b'{"icons":[{"src":"./gone.png"}]}', share_target=False)
