"""A page of one's own (docs/starter.md) in a browser: its name, model, zones and start."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from builder.build import ROOT, build
from obscura.cli import main

from .conftest import OpenRoom, Serve
from .room import PATIENCE


@pytest.fixture
def address(serve: Serve, tmp_path: Path) -> str:
    """Where a page as `obscura new` makes it is served."""
    folder = tmp_path / "doors"
    options = ["--name", "Doors", "--model", "centernet-320", "--colour", "#123456"]
    assert main(["new", str(folder), *options, "--checkout", str(ROOT)]) == 0
    build(tmp_path / "site", own=folder / "page.toml")
    return serve(tmp_path / "site").url


def test_it_opens_with_its_own_name_model_and_zones(new_room: OpenRoom, address: str) -> None:
    room = new_room(url=address).open()

    now = room.until_state("ready")

    assert room.page.title() == "Doors"
    assert room.page.locator(".brand").inner_text() == "Doors"
    assert [model["name"] for model in now["models"]] == ["centernet-320"]
    assert room.page.locator("#count").is_checked()
    button = room.page.locator("#start")
    assert button.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(18, 52, 86)"
    room.start()
    expect(room.page.locator(".shape-row")).to_contain_text(["middle"], timeout=PATIENCE)


def test_the_address_goes_before_what_the_page_opens_with(new_room: OpenRoom, address: str) -> None:
    room = new_room(url=address).open("?threshold=0.7")
    room.until_state("ready")
    assert room.page.locator("#threshold").input_value() == "0.7"

    room.open()
    room.until_state("ready")
    assert room.page.locator("#threshold").input_value() == "0.5"
