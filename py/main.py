"""The page's composition root: makes the parts and hands them to each other."""

from __future__ import annotations

import traceback
from typing import Any

from js import ImageData, URLSearchParams, location, navigator, obscuraOffline, performance, window
from js import obscura as before

from obscura.engine.plans import Facts
from obscura.page import automation, events
from obscura.page.app import App
from obscura.page.browser import launch
from obscura.page.browser.dom import by_id, on_failure, run
from obscura.page.browser.late import Rest
from obscura.page.browser.storage import keeps_nothing
from obscura.page.features.offline.offline import Offline
from obscura.page.live import sources
from obscura.page.models.opening import Opener
from obscura.page.models.own import OwnModels
from obscura.page.models.sessions import Inference
from obscura.page.models.shelf import Shelf
from obscura.page.models.winners import Winners
from obscura.page.state import build
from obscura.page.state.settings import Preferences, load, read_request


def say(words: str) -> None:
    """Show what the page is waiting for; "" for nothing."""
    by_id("progress").hidden = not words
    before.boot.say(words)


def storage() -> Any:
    """The browser's store; None where it is forbidden, which the settings take in their stride."""
    try:
        return window.localStorage
    except Exception:  # noqa: BLE001  (browsers that forbid it throw what they like)
        return None


async def main() -> None:
    """Start the app. Only here does JavaScript's start-up (assets/boot.js) hand over."""
    parts = build.read(by_id("obscura-build").textContent)
    facts = await before.boot.facts

    async def sample_image() -> Any:
        pixels = await before.boot.sample
        return ImageData.new(pixels.data.slice(), pixels.width, pixels.height)

    async def sample_canvas() -> Any:
        return sources.canvas_of(await before.boot.sample)

    own = OwnModels(lambda: before.boot.load(parts.store_url))
    rest = Rest(lambda: before.boot.take(parts.rest_url))
    shelf = Shelf(parts, before.boot.take, own, rest)
    known = Facts(**{name: getattr(facts, name) for name in Facts._fields})
    # By entries: Pyodide takes the object itself for a mapping, whose iteration gives the keys.
    pairs = URLSearchParams.new(location.search).entries()
    parameters = {str(pair[0]): str(pair[1]) for pair in pairs}
    kept = storage()
    request = read_request(parameters, [*parts.cards, *load(kept).own])
    careful = await before.boot.safeMode
    if careful is not None:
        request = request.sparing(getattr(careful, "model", None))
        launch.say_careful(obscuraOffline)
    preferences = Preferences(kept, request)
    device = f"{navigator.userAgent} {facts.gpu_name} {known}"
    winners = Winners(preferences, device, remember=not keeps_nothing())
    begun = before.boot.takeEngine
    opener = Opener(parts, known, facts.gpu_name, sample_image, winners, begun)
    inference = Inference(shelf, opener, say)
    offline = Offline(obscuraOffline, parts.version, list(parts.cards), lambda: app.idle)
    app = App(shelf, inference, request, preferences, offline, say, sample_canvas)
    # Before anything listens, so that a press meanwhile is remembered by boot.js alone.
    shared = await launch.shared_files(obscuraOffline) if launch.SHARED in parameters else []
    events.connect(app, preferences)
    automation.publish(app)
    launch.set_up_install(obscuraOffline)
    wanted, files = before.boot.adopt(), list(before.boot.files)
    if shared and not wanted:
        wanted, files = "files", shared
    launch.set_up_launches(app.open_files, app.start)
    await app.begin(wanted, files)
    obscuraOffline.booted()


performance.mark("obscura:imported")
before.boot.arrive()
on_failure(lambda error: before.boot.fail("".join(traceback.format_exception(error))))
run(main())
