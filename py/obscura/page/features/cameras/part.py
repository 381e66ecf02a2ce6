"""Cameras: adds further cameras beside the first, analyses them in turn, and removes them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from obscura.errors import ObscuraError
from obscura.live.timing import Rate
from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import by_id, page_data, page_hidden, show_note
from obscura.page.features.cameras import words
from obscura.page.features.cameras.view import CameraView
from obscura.page.features.cameras.watch import Watch
from obscura.page.features.context import Context
from obscura.page.state.camera import Camera, CameraLost
from obscura.page.state.feature import Part

IDLE_S = 0.02
"""How long to wait for another frame, and no longer than a camera takes to send one."""
TROUBLE_S = 1.0
"""How long to wait where there is no model, or after it has failed: the page deals with that."""


def start(context: Context) -> Cameras:
    """Start the feature."""
    return Cameras(context)


class Cameras(Part):
    """The further cameras; the first one is the page's own source."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._context = context.page, context
        self._sources = context.page.sources
        self._grid, self._button = by_id("cameras"), by_id("add-camera")
        self._listed: Sequence[Camera] = ()
        self._views: list[CameraView] = []
        self._adding = False

    def run(self, command: str) -> Any:
        """See `Part`."""
        assert command == "add"
        return self._add()

    def cameras_listed(self, cameras: Sequence[Camera], chosen: str) -> None:  # noqa: ARG002
        """See `Part`."""
        self._listed = cameras
        self._show()

    def scene_changed(self) -> None:
        """See `Part`."""
        scene = self._sources.scene
        # A first camera that is lost starts again by itself; the others go on meanwhile.
        if not (self._sources.camera_runs or scene.camera_lost):
            for view in list(self._views):
                self._remove(view)
        self._show()

    @property
    def _unused(self) -> list[Camera]:
        """The cameras that are not in view yet."""
        used = {view.source.device_id for view in self._views} | {self._sources.camera_id}
        return [camera for camera in self._listed if camera.device_id not in used]

    def _show(self) -> None:
        """Show the grid if it has views, and the button if there is another camera."""
        self._grid.hidden = not self._views
        by_id("cameras-note").textContent = words.NOT_KEPT if self._views else ""
        self._button.hidden = not (self._sources.camera_runs and self._unused)
        self._sources.further.take_turns(bool(self._views))

    async def _add(self) -> None:
        """Open a camera that is not in view yet, beside the others."""
        if self._adding or not self._unused:
            return
        self._adding = True
        self._button.setAttribute("aria-busy", "true")
        show_note("source-note", words.OPENING)
        camera = self._unused[0]
        try:
            source = await self._sources.further.open(camera.device_id)
            if not self._sources.camera_runs or source.device_id != camera.device_id:
                source.stop()  # the first one was stopped meanwhile, or another came instead
                raise CameraLost("The other camera is not there", camera.label)
        finally:
            self._adding = False
            self._button.setAttribute("aria-busy", "false")
            show_note("source-note", "")
        number = len(self._views) + 2
        name = str(source.name) or words.NUMBERED.format(number=number)
        view = CameraView(source, name, lambda: self._remove(view))
        self._views.append(view)
        self._grid.append(view.element)
        self._show()
        self._context.spawn(self._analyse(view))

    def _remove(self, view: CameraView) -> None:
        """Remove a camera; the others go on."""
        if view in self._views:
            self._views.remove(view)
            view.close()
            self._show()
            if not self._button.hidden:
                self._button.focus()

    async def _analyse(self, view: CameraView) -> None:
        """Analyse a camera's frames, the newest at each turn, until it is removed or lost."""
        watch = Watch(self._context.analysis.options)
        rate = Rate()
        while view in self._views:
            if view.source.ended:
                view.lose()
                return
            veiled = page_data().veiled == "yes"
            if self._page.sessions.card is None or self._sources.loop.suspended or page_hidden():
                await asyncio.sleep(TROUBLE_S)
                continue
            begun = now_ms()
            try:
                analysed = await self._analyse_one(view, watch)
            except ObscuraError:
                await asyncio.sleep(TROUBLE_S)
                continue
            now_s = now_ms() / 1000
            if analysed:
                rate.tick(now_s)
            if view in self._views:
                line = words.VEILED if veiled else words.things(watch.counts)
                view.say(words.rate(rate.per_second(now_s)), line)
            limits = self._page.pace.limits.values()
            least_s = 1 / min(limits) if limits else 0.0
            await asyncio.sleep(max(least_s - (now_ms() - begun) / 1000, IDLE_S))

    async def _analyse_one(self, view: CameraView, watch: Watch) -> bool:
        """Analyse the newest frame when it is the camera's turn; return whether there was one."""

        def capture() -> Any:
            card = self._page.sessions.card
            return view.grab(card.input) if view in self._views and card is not None else None

        size = view.source.size
        answered = await self._sources.further.beside(capture)
        if answered is None or view not in self._views:
            return False
        update = watch.update(answered.card, answered.outputs, view.time_s, size)
        settings = self._context.preferences.current
        display = self._context.display
        view.show(update, answered.card.labels, display, mirror=bool(settings.mirror))
        return True
