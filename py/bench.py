"""The composition root of the benchmark's page: makes the parts and hands them to each other."""

from __future__ import annotations

import traceback
from typing import Any

from js import URLSearchParams, document, fetch, location
from js import obscura as before

from obscura.page.browser import canvas, storage
from obscura.page.browser.dom import by_id, on_failure, run
from obscura.page.browser.late import Rest
from obscura.page.features.bench import device as bench_device
from obscura.page.features.bench.page import Bench
from obscura.page.models.opening import Opener
from obscura.page.models.own import OwnModels
from obscura.page.models.shelf import Shelf
from obscura.page.models.winners import Winners
from obscura.page.state import build
from obscura.page.state.preferences import Preferences, stored
from obscura.page.state.settings import CORE_SETTINGS, SettingTable


async def take(url: str, fresh: bool) -> Any:
    """A file of this site as an `ArrayBuffer`."""
    response = await fetch(url, cache="reload" if fresh else "default")
    if not response.ok:
        raise OSError(f"{response.status} {response.statusText}".strip())
    return await response.arrayBuffer()


async def draw_sample(url: str) -> Any:
    """Return a canvas with the bundled picture, which stands in for a camera."""
    sample = canvas.new_canvas(1, 1)
    canvas.draw_whole(sample, await canvas.decode_image(await (await fetch(url)).blob()))
    return sample


async def main() -> None:
    """Make the page ready, and start at once if the address says so."""
    table = SettingTable(CORE_SETTINGS)
    theme = stored(table, storage.settings_storage()).theme
    document.documentElement.dataset.theme = theme
    parts = build.read(by_id("obscura-build").textContent)
    sample = await draw_sample(parts.sample_url)
    device = await bench_device.look_around()

    async def sample_image() -> Any:
        return canvas.read_pixels(sample)

    own = OwnModels(lambda: before.boot.load(parts.store_url))
    shelf = Shelf(parts, take, own, Rest(lambda: take(parts.rest_url, fresh=False)))
    nothing_kept = Winners(Preferences(table, None), "")
    opener = Opener(
        parts, device.facts, device.gpu_name, sample_image, nothing_kept, lambda *_begun: None
    )
    bench = Bench(shelf, opener, device, sample)
    # By entries: Pyodide takes the object itself for a mapping, whose iteration gives the keys.
    pairs = URLSearchParams.new(location.search).entries()
    bench.begin({str(pair[0]): str(pair[1]) for pair in pairs})


before.boot.arrive()
on_failure(lambda error: before.boot.fail("".join(traceback.format_exception(error))))
run(main())
