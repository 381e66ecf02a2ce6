"""Composition root of the benchmark page: creates the parts and connects them."""

from __future__ import annotations

import traceback
from typing import Any

from obscura import __version__
from obscura.page.browser import about, boot, canvas, storage
from obscura.page.browser.dom import by_id, on_failure, run, set_theme
from obscura.page.browser.files import download, fetch_blob
from obscura.page.browser.idb import ModelDatabase
from obscura.page.browser.late import DeferredArchive
from obscura.page.browser.networks import BufferNetwork
from obscura.page.browser.web_sessions import WebSessionFactory
from obscura.page.features.bench.device import Device, brand
from obscura.page.features.bench.measuring import Measuring
from obscura.page.features.bench.page import Bench
from obscura.page.features.closer.shelf import HeadShelf
from obscura.page.models.opening import Opener
from obscura.page.models.own import OwnModels
from obscura.page.models.shelf import Shelf
from obscura.page.models.winners import Winners
from obscura.page.stage.overlay import Overlay
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
    name, system = about.browser_and_system()
    adapter = about.renderer_name() or gpu_name
    device = Device(facts, adapter, brand(name), system, about.window_size())

    async def sample_image() -> Any:
        return canvas.read_pixels(sample)

    async def fetch_network(url: str, fresh: bool) -> BufferNetwork:
        return BufferNetwork(await download(url, fresh))

    async def text(url: str) -> str:
        blob, status = await fetch_blob(url)
        if blob is None:
            raise OSError(f"{url}: {status}")
        return str(await blob.text())

    own = OwnModels(ModelDatabase(lambda: boot.boot.load(parts.store_url)))
    deferred = DeferredArchive(lambda: download(parts.rest_url))
    shelf = Shelf(parts, fetch_network, own, deferred)
    nothing_stored = Winners(Preferences(table, None), "")
    factory = WebSessionFactory(parts, gpu_name, deferred)
    graphs = parts.litert.cores if parts.litert else None
    opener = Opener(facts, factory, sample_image, nothing_stored, graphs)
    heads = HeadShelf(parts.heads_url, text, fetch_network, lambda network: network.handle.slice(0))
    overlay = Overlay(by_id("overlay"))
    measuring = Measuring(shelf, opener, heads, sample, overlay)
    version = f"{__version__} ({parts.version})"
    bench = Bench(shelf, device, measuring, overlay, version)
    bench.begin(about.parameters())


boot.boot.arrive()
on_failure(lambda error: boot.boot.fail("".join(traceback.format_exception(error))))
run(main())
