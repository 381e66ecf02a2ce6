"""Composition root of the benchmark page: creates the parts and connects them."""

from __future__ import annotations

import traceback
from typing import Any

from obscura.page.browser import about, boot, canvas, storage
from obscura.page.browser.dom import by_id, on_failure, run, set_theme
from obscura.page.browser.files import download
from obscura.page.browser.idb import ModelDatabase
from obscura.page.browser.late import DeferredArchive
from obscura.page.browser.networks import BufferNetwork
from obscura.page.browser.web_sessions import WebSessionFactory
from obscura.page.features.bench.device import Device
from obscura.page.features.bench.page import Bench
from obscura.page.models.opening import Opener
from obscura.page.models.own import OwnModels
from obscura.page.models.shelf import Shelf
from obscura.page.models.winners import Winners
from obscura.page.state import build
from obscura.page.state.preferences import Preferences, stored
from obscura.page.state.settings import CORE_SETTINGS, SettingTable


async def main() -> None:
    """Make the page ready, and start at once if the address says so."""
    table = SettingTable(CORE_SETTINGS)
    set_theme(stored(table, storage.settings_storage()).theme)
    parts = build.read(by_id("obscura-build").textContent)
    # The sample picture stands in for a camera.
    sample = canvas.canvas_of(await boot.sample_pixels())
    facts, gpu_name = await boot.device()
    device = Device(facts, gpu_name, about.browser_name())

    async def sample_image() -> Any:
        return canvas.read_pixels(sample)

    async def fetch_network(url: str, fresh: bool) -> BufferNetwork:
        return BufferNetwork(await download(url, fresh))

    own = OwnModels(ModelDatabase(lambda: boot.boot.load(parts.store_url)))
    deferred = DeferredArchive(lambda: download(parts.rest_url))
    shelf = Shelf(parts, fetch_network, own, deferred)
    nothing_stored = Winners(Preferences(table, None), "")
    opener = Opener(
        facts, WebSessionFactory(parts, gpu_name, deferred), sample_image, nothing_stored
    )
    bench = Bench(shelf, opener, device, sample)
    bench.begin(about.parameters())


boot.boot.arrive()
on_failure(lambda error: boot.boot.fail("".join(traceback.format_exception(error))))
run(main())
