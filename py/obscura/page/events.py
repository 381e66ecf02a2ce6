"""Event listeners of the page, other than its commands: files, devices, lost canvases, timers."""

from __future__ import annotations

from obscura.page.app import App
from obscura.page.browser import camera, shell
from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import by_id, every, listen, on_failure
from obscura.page.commands import commands
from obscura.page.stage.meter import Meter
from obscura.page.state.scene import Kind

METER_EVERY_MS = 500
CHECK_EVERY_MS = 1000
RECHECK_EVERY_MS = 600_000


def connect(app: App) -> None:
    """Set every listener that lives as long as the page."""
    on_failure(app.fail)
    shell.bind(commands(app, shell))
    listen(by_id("picture"), "contextrestored", lambda _event: app.sources.redraw_photo())
    camera.watch(app.sources.cameras_changed)
    meter = Meter()
    every(METER_EVERY_MS, lambda: render_meter(app, meter))
    # The device may sleep, and clocks jump: what counts is how often this is called.
    every(CHECK_EVERY_MS, lambda: app.sessions.check_progress(CHECK_EVERY_MS / 1000))
    every(RECHECK_EVERY_MS, app.recheck)
    shell.set_up_theme(app.settings.theme, lambda theme: app.change(theme=theme))
    shell.set_up_panel()
    shell.set_up_files(app.open_files)


def render_meter(app: App, meter: Meter) -> None:
    """Show the latest rates and times."""
    loop, kind = app.sources.loop, app.sources.scene.kind
    with loop.blocked:
        now = now_ms() / 1000
        meter.render(
            live=kind is Kind.LIVE,
            paused=app.sources.scene.paused,
            shown=loop.shown.per_second(now),
            analysed=loop.analysed.per_second(now),
            timings=_timings(app) if kind is not Kind.WELCOME else {},
            totals=app.sessions.timings.frame(),
            held=app.pace.limits,
            delay_ms=app.sources.redactor.delay_ms if app.sources.redactor else None,
            info=app.sessions.info,
            why=app.sessions.why,
        )


def _timings(app: App) -> dict[str, float]:
    """Return the milliseconds of each stage of a frame, and the share of each second network."""
    return {**app.sessions.timings.medians(), **app.analysis.shares()}
