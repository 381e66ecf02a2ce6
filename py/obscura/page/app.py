"""The app: what is going on, and what each event does about it.

State flows one way: events change the few fields below, `_render` and `_present` show them. What
the page is doing ("state") is derived from those fields, so it cannot disagree with them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from js import performance
from pyodide.ffi import create_proxy

from obscura.errors import ObscuraError
from obscura.live.pace import Pace
from obscura.page.browser import camera, power, shell
from obscura.page.browser.dom import by_id, run
from obscura.page.features.detect.controls import Controls
from obscura.page.features.offline.offline import Offline
from obscura.page.live import sources
from obscura.page.live.loop import Loop
from obscura.page.live.sources import LiveSource, Photo
from obscura.page.models.controller import Models
from obscura.page.models.sessions import Inference
from obscura.page.models.shelf import Shelf
from obscura.page.stage import scene_view as stage
from obscura.page.stage.meter import Meter
from obscura.page.stage.notice import NoticeCard
from obscura.page.stage.view import View
from obscura.page.state.settings import Preferences, Request, Settings
from obscura.page.words import text


class App:
    """Owns the scene ("welcome", "live" or "still") and the source."""

    def __init__(
        self,
        shelf: Shelf,
        inference: Inference,
        request: Request,
        preferences: Preferences,
        offline: Offline,
        say: Callable[[str], None],
        sample: Callable[[], Awaitable[Any]],
    ) -> None:
        """
        Args:
            offline: has what is in use kept on the device.
            sample: the canvas of the bundled picture.
            say: shows what the page is waiting for; "" for nothing.
        """
        self.inference, self._request = inference, request
        self._preferences, self._show_progress = preferences, say
        self._sample = sample
        self.offline = offline
        self._scene = "welcome"
        self._caption = text.SAMPLE_CAPTION
        self._opening = False
        self._lost = False
        self._epoch = 0  # counts changes of source: what was begun for a former one is dropped
        self._source: LiveSource | None = None
        self._cameras: list[camera.Camera] = []
        self.timings = inference.timings
        self._video, self._picture = by_id("video"), by_id("picture")
        self._photo: Any = None  # the file of the one in view
        self._grab = sources.Grabber()
        self.pace = Pace()
        self.pace.enabled = self.settings.pace
        self.loop = Loop(self._video, self._analyse, self.timings, self.pace)
        self.view = View(self.timings)
        self._meter = Meter()
        self.notice = NoticeCard(self._act, shelf.rest)
        self.controls = Controls(self.change, self.hide_classes)
        self.models = Models(
            shelf,
            inference,
            preferences,
            self.controls,
            opened=self._model_opened,
            failed=self.fail,
            hold=self.loop.hold,
            picture=self._in_view,
            say=self._say,
            mend=offline.mend,
        )
        self._ended = create_proxy(lambda _event: self._camera_lost())
        self._silent = create_proxy(lambda _event: self._camera_silent())

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._preferences.current

    # ---- what is going on ------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """One of the states of docs/automation.md."""
        if self.notice.code is not None:
            return "error"
        ready = self.inference.ready
        if self._opening or (self._scene != "welcome" and not ready):
            return "starting"
        if self._scene == "live":
            return "paused" if self.loop.paused else "running"
        if self._scene == "still":
            return "still" if self.view.answered else "starting"
        return "ready" if ready else "loading"

    @property
    def idle(self) -> bool:
        """Whether nothing is going on that loading the page again would lose."""
        return self.state == "ready" and not shell.dialog_open()

    def camera_name(self) -> str | None:
        """What the camera that runs is called, "" if the browser does not tell; None if none
        does."""
        if self._source is None or self._source.stream is None:
            return None
        return str(self._source.stream.getVideoTracks()[0].label)

    # ---- life ------------------------------------------------------------------------------------

    async def begin(self, wanted: str | None, files: Sequence[Any]) -> None:
        """Load the model, and do what the person or the address asked for meanwhile.

        Args:
            wanted: "start"; "files", for `files` given before Python ran; or None.
        """
        if self._request.ignored:
            print(text.IGNORED.format(parameters=", ".join(self._request.ignored)))
        run(power.watch(self.pace))
        run(self.models.begin())
        # Before anything is awaited, so that a press from now on finds this one under way.
        if wanted == "files":
            run(self.open_files(files))
        elif wanted == "start" or self._request.autostart:
            run(self.start())
        await self.cameras_changed()

    def start(self) -> Coroutine[Any, Any, None]:
        """Open what Start stands for: the camera, or the address's own source."""
        return self._open(self._request.source)

    def open_files(self, files: Sequence[Any]) -> Coroutine[Any, Any, None]:
        """Take what a person gave: a photo or a video, to show and read, or a model."""
        if any(map(sources.is_model, files)):
            self.notice.hide()
            return self.models.add(files)
        return self._open(files[0])

    def stop(self) -> None:
        """Give the camera back and return to the start page."""
        self._leave()
        self._opening = False
        self._lost = False
        self._scene, self._caption = "welcome", text.SAMPLE_CAPTION
        self._say("")
        self._show_sample()
        self._render()

    def toggle_pause(self) -> None:
        """Freeze the picture, or go on."""
        if self._scene != "live":
            return
        self.loop.paused = not self.loop.paused
        (self._video.pause if self.loop.paused else self._video.play)()
        self._render()
        self._present()

    # ---- sources ---------------------------------------------------------------------------------

    def _open(self, source: Any) -> Coroutine[Any, Any, None]:
        """Leave the former source at once; the coroutine opens another and shows it.

        Args:
            source: "camera", the address of a picture or video on this site, or a `File` of either.
        """
        self._leave()
        self.notice.hide()
        self._opening, self._lost = True, False
        self._render()
        return self._arrive(source, self._epoch)

    async def _arrive(self, source: Any, epoch: int) -> None:
        try:
            if source == "camera":
                opened: LiveSource | Photo = await self._open_camera(epoch)
            elif sources.is_video(source):
                opened = await sources.open_video(self._video, source)
            else:
                opened = await sources.open_photo(source)
        except ObscuraError as error:
            if epoch == self._epoch:
                self.stop()
                self.fail(error)
            return
        if epoch != self._epoch:
            opened.stop()
            return
        self._opening = False
        if isinstance(opened, LiveSource):
            await self._go_live(opened)
        else:
            opened.draw(self._picture)
            opened.stop()
            self._photo = opened.blob
            self._scene, self._caption = "still", opened.name
            self._render()
            if self.inference.ready:
                await self._read_still()

    async def _open_camera(self, epoch: int) -> LiveSource:
        self._say(text.ASKING)
        stream = await camera.open_camera(
            device_id=self.settings.camera,
            facing=self.settings.facing,
            resolution=self.settings.resolution,
        )
        if epoch != self._epoch:  # stopped while the browser was asking
            camera.stop_stream(stream)
            raise camera.CameraLost("The camera is no longer wanted")
        (track,) = stream.getVideoTracks()
        track.addEventListener("ended", self._ended)
        track.addEventListener("mute", self._silent)
        track.addEventListener("unmute", self._silent)
        return await sources.play_camera(self._video, stream)

    async def _go_live(self, source: LiveSource) -> None:
        self._source = source
        self._scene, self._caption = "live", ""
        self._say("")
        self.timings.clear()
        self.pace.forget_frames()
        self.loop.start()
        self._render()
        if source.stream is not None:
            # Only now, with permission, does the browser tell the cameras' names.
            self._cameras = await camera.list_cameras()
            self.controls.show_cameras(self._cameras, source.device_id)
            self._render()

    async def redraw_photo(self) -> None:
        """The browser has lost what was on the canvas, as it does if its graphics process ends."""
        if self._photo is None:
            return
        epoch = self._epoch
        photo = await sources.open_photo(self._photo)
        if epoch == self._epoch:
            photo.draw(self._picture)
        photo.stop()

    async def _read_still(self) -> None:
        """Detect on the photo."""
        card, epoch = self.inference.card, self._epoch
        if card is None:
            return
        self._say(text.READING_PICTURE)
        size = (self._picture.width, self._picture.height)
        self.timings.clear()
        try:
            outputs = await self.inference.run(lambda: sources.read_pixels(self._picture))
        except ObscuraError as error:
            if epoch == self._epoch and self.inference.card is card:
                await self.models.recover(error)
            return
        # The answer of a model that was exchanged meanwhile gives way to the other's.
        if outputs and epoch == self._epoch and self.inference.card is card:
            self.view.answer(outputs, card, size)
            self._say("")
            self._present()
            self._render()
            self.view.announce()

    def _leave(self) -> None:
        """Let go of the present source, whatever it is."""
        self._epoch += 1
        self._photo = None
        self.loop.stop()
        if self._source is not None:
            self._source.stop()
        self._source = None
        self.view.clear()

    def _camera_lost(self) -> None:
        if not self._camera_runs():
            return
        self.stop()
        self._lost = True
        self.fail(camera.CameraLost("The camera's picture ended"))

    def _camera_silent(self) -> None:
        """The camera sends nothing for now, or again: browsers and systems lend it elsewhere."""
        if self._source is None or self._source.stream is None:
            return
        silent = self._source.stream.getVideoTracks()[0].muted
        self._caption = text.SILENT if silent else ""
        self._say(self._caption)
        self._render()

    async def cameras_changed(self) -> None:
        """A camera was plugged in or out."""
        self._cameras = await camera.list_cameras()
        chosen = self._source.device_id if self._source else self.settings.camera
        self.controls.show_cameras(self._cameras, chosen)
        if self._lost and self._cameras:
            await self.start()

    def _facing(self) -> str:
        return (self._source.facing if self._source else "") or self.settings.facing

    # ---- analysis --------------------------------------------------------------------------------

    async def _analyse(self, only_new: bool) -> Callable[[], None] | None:
        """The newest frame of the live picture, from capture to what shows the answer."""
        source, card, epoch = self._source, self.inference.card, self._epoch
        if source is None or card is None or not source.size[0]:
            return None
        size = source.size
        try:
            outputs = await self.inference.run(
                lambda: self._grab(self._video, size, card.input, only_new=only_new)
            )
        except ObscuraError as error:
            # A model that was exchanged under a running frame is no failure.
            if epoch == self._epoch and self.inference.card is card:
                await self.models.recover(error)
            return None
        if outputs is None or epoch != self._epoch or self.inference.card is not card:
            return None

        def show() -> None:
            self.view.answer(outputs, card, size)
            self._present()

        return show

    def _present(self) -> None:
        """Show the last answer under the present settings."""
        moving = self._scene == "live" and not self.loop.paused
        self.view.present(self.settings, self._scene, moving=moving, mirrored=self._mirrored())

    async def _in_view(self) -> Any:
        """A canvas of what is in view, at its own size."""
        if self._scene == "still":
            return self._picture
        if self._source is not None and self._source.size[0]:
            return sources.still_of(self._video, self._source.size)
        return await self._sample()

    def _show_sample(self) -> None:
        """The bundled picture with its answer, which the self-check has computed anyway."""
        card, sample = self.inference.card, self.inference.sample
        if self._scene == "welcome" and card and card.check and sample:
            self.view.answer(sample, card, card.check.size)
            self._present()
            performance.mark("obscura:first-boxes")

    async def _model_opened(self) -> None:
        """A model is in use: go on with whatever waits for it."""
        self._say("")
        self.timings.clear()
        self.pace.forget_frames()
        self.view.clear()  # the boxes of the other model
        self._show_sample()
        self._render()
        if self.inference.card:
            run(self.offline.keep(self.inference.runtime, self.inference.card.name))
        if self._scene == "still":
            await self._read_still()

    # ---- wishes ----------------------------------------------------------------------------------

    def press_start(self) -> Any:
        """The main button: start, or stop what is under way."""
        if self._opening or self._scene == "live":
            return self.stop()
        return self.start()

    def change(self, **values: Any) -> Any:
        """A person changed settings: keep them, and do what they ask for."""
        if "model" in values:
            return self.choose_model(values["model"])
        self._preferences.set(**values)
        self.pace.enabled = self.settings.pace
        if self._camera_runs() and values.keys() & {"camera", "facing", "resolution"}:
            return self._open("camera")
        self._render()
        self._present()
        return None

    def choose_model(self, name: str) -> Any:
        """A person chose a model; the one in use goes on until the other is ready."""
        self.notice.hide()
        return self.models.choose(name)

    async def recheck(self) -> None:
        """From time to time while frames are analysed: does the GPU still compute aright?"""
        if self._scene == "live" and not self.loop.paused:
            await self.models.recheck()

    def hide_classes(self, labels: list[str]) -> None:
        """Show all of the model's classes but these."""
        self.change(hidden={**self.settings.hidden, self.models.chosen: labels})

    def flip(self) -> Any:
        """Front camera to back camera, and back."""
        facing = "environment" if self._facing() == "user" else "user"
        return self.change(camera="", facing=facing)

    def _act(self, action: str) -> Any:
        """The way on that an error card offers, a key of `notices.ACTIONS`."""
        actions: dict[str, Callable[[], Any]] = {
            "camera": self.start,
            "photo": by_id("photo").click,
            "model": self.models.retry,
            "smallest-model": self.models.choose_smallest,
            "own-model": by_id("own-files").click,
            "models": self.models.open,
            "reload": shell.reload,
        }
        return actions[action]()

    def fail(self, error: BaseException) -> None:
        """Show an error and go on."""
        shell.close_dialogs()  # the card is behind them
        self.notice.show(error)
        self._say("")
        self._render()

    # ---- rendering -------------------------------------------------------------------------------

    def _mirrored(self) -> bool:
        """Front cameras are mirrored, and laptops', which do not tell: people expect a mirror."""
        return self._camera_runs() and self.settings.mirror and self._facing() == "user"

    def _camera_runs(self) -> bool:
        return self._source is not None and self._source.stream is not None

    def _say(self, words: str) -> None:
        # A model that is still on its way stays in sight.
        self._show_progress(words or self.inference.stage)

    def _render(self) -> None:
        stage.render(
            state=self.state,
            scene=self._scene,
            kind=sources.kind(self._request.source),
            mirrored=self._mirrored(),
            can_flip=self._camera_runs() and len(self._cameras) > 1,
            caption=self._caption,
        )

    def render_meter(self) -> None:
        """Show the latest rates and times."""
        with self.loop.thread:
            now = performance.now() / 1000
            self._meter.render(
                live=self._scene == "live",
                shown=self.loop.shown.per_second(now),
                analysed=self.loop.analysed.per_second(now),
                timings=self.timings.medians() if self._scene != "welcome" else {},
                totals=self.timings.frame(),
                held=self.pace.limits,
                info=self.inference.info,
                why=self.inference.why,
            )
