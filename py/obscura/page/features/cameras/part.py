"""Cameras: adds further cameras beside the first, analyses them in turn, and removes them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from obscura.errors import ObscuraError
from obscura.live.timing import Rate
from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import by_id, listen, make, page_data, page_hidden, show_note
from obscura.page.features.cameras import words
from obscura.page.features.cameras.view import CameraView
from obscura.page.features.cameras.watch import Watch
from obscura.page.features.context import Context
from obscura.page.state.camera import Camera, CameraError, CameraLost
from obscura.page.state.feature import Part

IDLE_S = 0.02
"""How long to wait for another frame, and no longer than a camera takes to send one."""
TROUBLE_S = 1.0
"""How long to wait where there is no model, or after it has failed: the page deals with that."""


def start(context: Context) -> Cameras:
    """Start the feature."""
    return Cameras(context)


@dataclass(eq=False)
class Further:
    """A further camera."""

    camera: Camera
    view: CameraView
    watch: Watch
    rate: Rate = field(default_factory=Rate)
    returning: bool = False
    """Whether it is being opened again, because it was lost."""


class Cameras(Part):
    """The further cameras; the first one is the page's own source."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._context = context.page, context
        self._sources = context.page.sources
        self._grid, self._button = by_id("cameras"), by_id("add-camera")
        self._dialog, self._choices = by_id("cameras-dialog"), by_id("cameras-choices")
        self._listed: Sequence[Camera] = ()
        self._further: list[Further] = []
        self._adding = False
        listen(self._choices, "click", self._chosen)

    def run(self, command: str) -> Any:
        """See `Part`."""
        assert command == "add"
        if self._adding or not self._can_add:
            return None
        if len(self._unused) == 1:
            return self._add(self._unused[0])
        self._offer()
        return self._dialog.showModal()

    def cameras_listed(self, cameras: Sequence[Camera], chosen: str) -> None:  # noqa: ARG002
        """See `Part`."""
        self._listed = cameras
        connected = {camera.device_id for camera in cameras}
        for each in self._further:
            if each.view.lost and each.camera.device_id in connected:
                self._context.spawn(self._return_by_itself(each))
        self._show()

    def scene_changed(self) -> None:
        """See `Part`."""
        scene = self._sources.scene
        for each in list(self._further):
            # A first camera that is lost starts again by itself; the others go on meanwhile.
            stays = self._sources.camera_runs or scene.camera_lost
            # Another one may have been made the first.
            same = self._sources.camera_runs and each.camera.device_id == self._sources.camera_id
            if same or not stays:
                self._remove(each)
        self._show()

    def snapshot(self) -> dict[str, Any]:
        """See `Part`."""
        now_s = now_ms() / 1000
        return {
            "cameras": [
                {
                    "name": each.view.name,
                    "lost": each.view.lost,
                    "fps": round(each.rate.per_second(now_s), 1),
                    "seen": dict(each.watch.counts),
                }
                for each in self._further
            ]
        }

    @property
    def _unused(self) -> list[Camera]:
        """The cameras that are not in view yet."""
        used = {each.camera.device_id for each in self._further} | {self._sources.camera_id}
        return [camera for camera in self._listed if camera.device_id not in used]

    @property
    def _can_add(self) -> bool:
        return bool(self._sources.camera_runs and self._sources.further.possible and self._unused)

    def _show(self) -> None:
        """Show the grid if there are further cameras, and the button if there is another one."""
        self._grid.hidden = not self._further
        by_id("cameras-note").textContent = words.NOT_KEPT if self._further else ""
        self._button.hidden = not self._can_add
        if self._dialog.open:
            self._offer()
        self._sources.further.take_turns(bool(self._further))
        paused = self._sources.camera_runs and self._sources.scene.paused
        for each in self._further:
            each.view.pause(paused)

    # ---- adding and removing ---------------------------------------------------------------------

    def _offer(self) -> None:
        """List the cameras that can be added; close the list if there are none any more."""
        unused = self._unused if self._sources.camera_runs else []
        offered = [str(each.value) for each in self._choices.children]
        if offered != [camera.device_id for camera in unused]:
            self._choices.replaceChildren(
                *(
                    make(
                        "button",
                        type="button",
                        cls="button",
                        text=self._name(camera),
                        value=camera.device_id,
                    )
                    for camera in unused
                )
            )
        if not unused:
            self._dialog.close()

    def _chosen(self, event: Any) -> Any:
        wanted = str(getattr(event.target, "value", ""))
        for camera in self._unused:
            if camera.device_id == wanted and not self._adding:
                self._dialog.close()
                return self._add(camera)
        return None

    def _name(self, camera: Camera) -> str:
        """Return what a camera is called; by its number in the list where it has no name."""
        places = [each.device_id for each in self._listed]
        number = places.index(camera.device_id) + 1 if camera.device_id in places else len(places)
        return camera.label or words.NUMBERED.format(number=number)

    async def _add(self, camera: Camera) -> None:
        """Open a camera beside the others."""
        self._adding = True
        self._button.setAttribute("aria-busy", "true")
        show_note("source-note", words.OPENING)
        try:
            source = await self._opened(camera)
        finally:
            self._adding = False
            self._button.setAttribute("aria-busy", "false")
            show_note("source-note", "")
        if source is None:
            return
        view = CameraView(
            source,
            self._name(camera),
            remove=lambda: self._remove(further),
            again=lambda: self._return(further),
        )
        further = Further(camera, view, Watch(self._context.analysis.options))
        self._further.append(further)
        self._grid.append(view.element)
        self._show()
        self._context.spawn(self._analyse(further))

    async def _opened(self, camera: Camera) -> Any:
        """Open a camera; None if it is not wanted any more, because the first one was stopped.

        Raises:
            CameraError: it cannot be opened.
        """
        source = await self._sources.further.open(camera.device_id)
        if not (self._sources.camera_runs or self._sources.scene.camera_lost):
            source.stop()
            return None
        if source.device_id != camera.device_id:  # browsers give another one if it is gone
            source.stop()
            raise CameraLost("The other camera is not there", camera.label)
        return source

    async def _return(self, each: Further) -> None:
        """Open a camera again that was lost. Errors as of `_opened`."""
        if each.returning or not each.view.lost:
            return
        each.returning = True
        each.view.say("", words.STARTING)
        try:
            source = await self._opened(each.camera)
        except CameraError:
            each.view.lose()
            raise
        finally:
            each.returning = False
        if source is None or each not in self._further:
            if source is not None:
                source.stop()
            return
        each.view.take(source)
        self._show()
        self._context.spawn(self._analyse(each))

    async def _return_by_itself(self, each: Further) -> None:
        with suppress(CameraError):  # nobody has asked for it, and the view says that it is gone
            await self._return(each)

    def _remove(self, each: Further) -> None:
        """Remove a camera; the others go on."""
        if each in self._further:
            self._further.remove(each)
            each.view.close()
            self._show()
            if not self._button.hidden:
                self._button.focus()

    # ---- analysis --------------------------------------------------------------------------------

    async def _analyse(self, each: Further) -> None:
        """Analyse a camera's frames, the newest at each turn, until it is removed or lost."""
        view = each.view
        source = view.source
        while each in self._further and view.source is source:
            if view.lost:
                view.lose()
                return
            if self._page.sessions.card is None or self._sources.loop.suspended or page_hidden():
                await asyncio.sleep(TROUBLE_S)
                continue
            begun = now_ms()
            try:
                analysed = await self._analyse_one(each)
            except ObscuraError:
                await asyncio.sleep(TROUBLE_S)
                continue
            now_s = now_ms() / 1000
            if analysed:
                each.rate.tick(now_s)
            if each in self._further and not view.lost:
                view.say(self._rate(each, now_s), self._line(each.watch.counts))
            limits = self._page.pace.limits.values()
            least_s = 1 / min(limits) if limits else 0.0
            await asyncio.sleep(max(least_s - (now_ms() - begun) / 1000, IDLE_S))

    def _rate(self, each: Further, now_s: float) -> str:
        return words.PAUSED if each.view.paused else words.rate(each.rate.per_second(now_s))

    def _line(self, counts: Counter[str]) -> str:
        return words.VEILED if page_data().veiled == "yes" else words.things(counts)

    async def _analyse_one(self, each: Further) -> bool:
        """Analyse the newest frame when it is the camera's turn; return whether there was one."""
        view, source = each.view, each.view.source

        def in_view() -> bool:
            return each in self._further and view.source is source

        def capture() -> Any:
            card = self._page.sessions.card
            return view.grab(card.input) if in_view() and card is not None else None

        size = source.size
        answered = await self._sources.further.beside(capture)
        if answered is None or not in_view():
            return False
        update = each.watch.update(answered.card, answered.outputs, view.time_s, size)
        settings = self._context.preferences.current
        if not settings.track:  # followed all the same, to be counted
            update = replace(update, detections=update.detections.replace(track_id=None))
        display = self._context.display
        view.show(update, answered.card.labels, display, mirror=bool(settings.mirror))
        return True
