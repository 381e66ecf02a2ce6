"""Which event asks the app for what: buttons, keys, files, devices, the clock."""

from __future__ import annotations

from js import navigator, setInterval
from pyodide.ffi import create_proxy

from obscura.page.app import App
from obscura.page.browser import shell
from obscura.page.browser.dom import by_id, listen, on_failure, run
from obscura.page.browser.storage import keep_nothing
from obscura.page.features.privacy.dialog import Promise
from obscura.page.state.settings import Preferences

METER_EVERY_MS = 500
LOOK_EVERY_MS = 1000
RECHECK_EVERY_MS = 600_000


def connect(app: App, preferences: Preferences) -> None:
    """Set every listener that lives as long as the page."""
    on_failure(app.fail)
    listen(by_id("start"), "click", lambda _event: app.press_start())
    listen(by_id("pause"), "click", lambda _event: app.toggle_pause())
    listen(by_id("flip"), "click", lambda _event: app.flip())
    listen(by_id("models"), "click", lambda _event: app.models.open())
    listen(by_id("picture"), "contextrestored", lambda _event: app.redraw_photo())
    if hasattr(navigator, "mediaDevices"):
        listen(navigator.mediaDevices, "devicechange", lambda _event: app.cameras_changed())
    setInterval(create_proxy(app.render_meter), METER_EVERY_MS)
    # The device may sleep, and clocks jump: what counts is how often this is called.
    setInterval(create_proxy(lambda: app.inference.look(LOOK_EVERY_MS / 1000)), LOOK_EVERY_MS)
    setInterval(create_proxy(lambda: run(app.recheck())), RECHECK_EVERY_MS)
    shell.set_up_theme(app.settings.theme, lambda theme: app.change(theme=theme))

    async def forget() -> None:
        keep_nothing()
        await app.models.forget_own()
        await app.offline.forget()
        preferences.forget()

    shell.set_up_help()
    Promise(app.camera_name, preferences.size, app.models.own, forget, shell.reload)
    shell.set_up_panel()
    shell.set_up_files(app.open_files)
    shell.set_up_keys(
        {
            " ": app.press_start,
            "k": app.toggle_pause,
            "p": by_id("photo").click,
            "arrowleft": lambda: app.controls.nudge("threshold", -1),
            "arrowright": lambda: app.controls.nudge("threshold", 1),
            "m": app.models.open,
            "c": app.controls.open_classes,
            "f": shell.toggle_full_screen,
            "?": by_id("help").click,
        }
    )
