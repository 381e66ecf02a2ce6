"""Sources and their pictures: opened, shown, analysed, closed. Pure Python.

What is in view goes on until the source that was requested has opened, and stays if that fails or
is no longer wanted. A source that opens after yet another was requested is closed again. Every
answer is compared with what is in view when it arrives (`Answer`, `Scene.epoch`), so nothing is
shown for another picture or model than its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from typing import Any

from obscura.errors import ObscuraError
from obscura.live.timing import Timings
from obscura.page.live.analysis import Analysis, Answer
from obscura.page.live.further import FurtherCameras
from obscura.page.live.in_view import InView
from obscura.page.live.loop import Loop, Show
from obscura.page.live.playback import Playback
from obscura.page.live.protocols import (
    Hooks,
    Inference,
    Kept,
    Screen,
)
from obscura.page.live.reading import PictureReader
from obscura.page.state.camera import CameraBusy, CameraError, CameraLost
from obscura.page.state.scene import Kind, Scene
from obscura.page.state.settings import Settings
from obscura.page.words import text
from obscura.pipeline import Steps
from obscura.update import FrameInfo, Update


class SourceController(InView):
    """Owns the scene and the source."""

    def __init__(
        self,
        scene: Scene,
        inference: Inference,
        analysis: Analysis,
        screen: Screen,
        opener: Any,
        timings: Timings,
        settings: Callable[[], Settings],
        *,
        now_ms: Callable[[], float],
        list_cameras: Callable[[], Coroutine[Any, Any, list[Any]]],
        make_loop: Callable[[Callable[[bool], Any]], Loop],
        hooks: Hooks,
    ) -> None:
        """
        Args:
            opener: opens cameras, videos and photos: `live.sources.SourceOpener`.
            make_loop: `(analyse)`: the frame loop that calls it.
        """
        self.scene, self._inference, self._analysis = scene, inference, analysis
        self._screen, self._opener, self._timings = screen, opener, timings
        self._settings, self._list_cameras, self._hooks = settings, list_cameras, hooks
        self._now_ms = now_ms
        self._reader = PictureReader(scene, inference, analysis, screen, timings, hooks)
        self.further = FurtherCameras(opener, self._reader, settings)
        """Cameras beside the one in view."""
        self._source: Any = None
        self._photo: Any = None  # the file of the photo in view
        self._before: Any = None  # what was given of what was in view before a screen was shared
        self.veiled = False
        """Whether they are to be hidden."""
        self.given: Any = None
        """What `open` was called with for what is in view; None for the sample."""
        self.cameras: list[Any] = []
        self.loop = make_loop(self.analyse)
        self.playback = Playback(lambda: self._source, scene, self.loop, analysis, hooks, now_ms)
        """Pauses, seeks and steps the camera or video in view."""
        opener.on_ended = self._ended
        opener.on_silent = self._silent
        opener.on_sought = self.playback.arrived
        opener.on_played = self.playback.ended

    # ---- what is in view -------------------------------------------------------------------------

    @property
    def kept(self) -> Kept | None:
        """What was found in the video in view at another time; see `PictureReader.kept`."""
        return self._reader.kept

    @kept.setter
    def kept(self, kept: Kept | None) -> None:
        former, self._reader.kept = self._reader.kept, kept
        if any(each is not None and each.card is not None for each in (former, kept)):
            self._new_picture()  # another model's classes are shown from now on
        self.loop.analyse_shown()

    # ---- opening and closing ---------------------------------------------------------------------

    def open(self, source: Any) -> Coroutine[Any, Any, None]:
        """The coroutine opens another source, closes what is in view and shows it.

        Args:
            source: "camera"; "screen", while a press is handled; the address of a picture or video
                on this site, or a `File` of either.
        """
        ticket = self.scene.ask()
        asked = self._opener.ask_for_screen() if source == "screen" else None
        if self.scene.kind is Kind.WELCOME:  # nobody's picture: what it shows is out of date
            self._analysis.clear()
            self._hooks.picture_changed()
        self._hooks.opening()
        self._hooks.changed()
        return self._arrive(source, ticket, asked)

    def stop(self) -> None:
        """Return to what is in view if another source is being opened, else close it."""
        released = self.camera_runs and self._source.ended
        if self.scene.opening and self.scene.kind is not Kind.WELCOME and not released:
            self._stay()
        else:
            self.close()

    def camera_changed(self, settings: Collection[str]) -> Coroutine[Any, Any, None] | None:
        """Have the camera in view follow settings that changed, by a coroutine if it must."""
        if self.camera_runs and {"camera", "facing"} & set(settings):
            return self.open("camera")
        return self._resize() if self.camera_runs and "resolution" in settings else None

    async def _resize(self) -> None:
        source = self._source
        if not await source.set_resolution(self._settings().resolution) and source is self._source:
            await self.open("camera")

    async def cameras_changed(self) -> None:
        """List the cameras again, because one was plugged in or unplugged; restart a lost one."""
        await self._list()
        if self.scene.camera_lost and self.cameras and not self.scene.opening:
            await self.open("camera")

    async def redraw_photo(self) -> None:
        """Draw the photo again: the browser has lost what was on the canvas, as it does when its
        graphics process ends."""
        if self._photo is None:
            return
        epoch = self.scene.epoch
        try:
            photo = await self._opener.photo(self._photo)
        except ObscuraError as error:
            if epoch == self.scene.epoch:
                self._hooks.fail(error)
            return
        if epoch == self.scene.epoch:
            self._screen.draw_photo(photo)
        photo.stop()

    async def _arrive(self, source: Any, ticket: int, asked: Any) -> None:
        before = self.given
        try:
            opened = await self._opened(source, ticket, asked)
        except Exception as error:  # noqa: BLE001  (also what browsers throw: the page goes on)
            if self.scene.holds(ticket):
                await self._failed(error, ticket)
            return
        if not self.scene.holds(ticket):
            opened.stop()
        elif opened.is_live:
            self._go_live(opened, source)
            self._before = self._before if before == "screen" else before
            if self.camera_runs:  # only now, with permission, does the browser name the cameras
                await self._list()
        else:
            self._close()
            self._screen.draw_photo(opened)
            opened.stop()
            self._photo, self.given = opened.blob, source
            self.scene.go_still(opened.name)
            self._new_picture()
            await self.read_photo()

    async def _opened(self, source: Any, ticket: int, asked: Any) -> Any:
        self._hooks.say(text.ASKING if source == "camera" else "")
        if source == "screen":
            self._hooks.say(text.ASKING_SCREEN)
            return await self._opener.screen(asked)
        if source != "camera":
            if await self._opener.is_video(source):
                return await self._opener.video(source)
            return await self._opener.photo(source)
        try:
            return await self._open_camera(self._settings().camera, ticket)
        except CameraBusy:
            if not (self.camera_runs and self.scene.holds(ticket)):
                raise
        # Many phones run one camera at a time: release the one in view, and try again.
        self._source.stop()
        return await self._open_camera(self._settings().camera, ticket)

    async def _open_camera(self, device_id: str, ticket: int) -> Any:
        settings = self._settings()
        return await self._opener.camera(
            device_id=device_id,
            facing=settings.facing,
            resolution=settings.resolution,
            wanted=lambda: self.scene.holds(ticket),
        )

    async def _failed(self, error: Exception, ticket: int) -> None:
        """Return to what is in view, and say why another source did not open."""
        back = None
        if self.camera_runs and self._source.ended:  # it was released for the other camera
            with suppress(CameraError):
                back = await self._open_camera(self._source.device_id, ticket)
            if not self.scene.holds(ticket):
                return
            self.close() if back is None else self._go_live(back)
        else:
            self._stay()
        self._hooks.cameras(self.cameras)
        self._hooks.fail(error)

    def _stay(self) -> None:
        """What was asked for does not come: what is in view stays."""
        self.scene.abandon()
        self._hooks.say("")
        self._hooks.changed()
        self.show_sample()

    def _go_live(self, source: Any, given: Any = None) -> None:
        self._close()
        self._source, self.given = source, given
        self._screen.show_video(source)
        self.scene.go_live()
        self._hooks.say("")
        self._timings.clear()
        self._reader.clock.reset()
        self._new_picture()
        self.loop.start()
        # A screen on which nothing changes sends no frame but the one that is showing.
        self.loop.analyse_shown(still=self.shared is not None)

    def close(self, *, camera_lost: bool = False) -> None:
        """Close what is in view and what is being opened; return to the sample picture."""
        self._close()
        self.scene.go_home(camera_lost=camera_lost)
        self._hooks.say("")
        self._new_picture()
        self.show_sample()

    def _new_picture(self) -> None:
        """What is in view has no answer yet: it is another picture, or another model's."""
        self._analysis.clear()
        self._hooks.picture_changed()
        self._hooks.changed()

    def _close(self) -> None:
        """Close the source, whatever it is."""
        self._photo = self.given = self._reader.kept = None
        self.loop.stop()
        if self._source is not None:
            self._source.stop()
        self._source = None

    async def show_part(self, stream: Any) -> bool:
        """Show a part of the shared screen, or all of it again; return False if that is no longer
        wanted, because another source is in view or coming.

        Args:
            stream: what is to be shown.

        Raises:
            ScreenError: it sends no picture.
        """
        shared = self.shared
        if shared is None or self.scene.opening:
            return False
        part = await self._opener.part_of(shared, stream)
        if shared is not self._source or self.scene.opening:
            part.let_go()
            return False
        self._source = None  # so that sharing goes on
        shared.let_go()
        self._go_live(part)
        self.given = "screen"
        return True

    def _ended(self) -> None:
        if self.shared is not None:
            if self.shared.ended and not self.scene.opening:
                self._sharing_ended()
            return
        # While another one opens, browsers may end the camera in view.
        if self.camera_runs and self._source.ended and not self.scene.opening:
            self.close(camera_lost=True)
            self._hooks.fail(CameraLost("The camera's picture ended"))

    def _sharing_ended(self) -> None:
        """The person, or the browser, has ended sharing: show what was in view before."""
        before, self._before = self._before, None
        self.close()
        if before is not None:
            self._hooks.spawn(self.open(before))
        self._hooks.note(text.SHARING_ENDED)

    def _silent(self) -> None:
        if self.camera_runs or self.shared is not None:
            silent = text.SILENT if self.camera_runs else text.SCREEN_SILENT
            self.scene.caption = silent if self._source.silent else ""
            self._hooks.say(self.scene.caption)
            self._hooks.changed()

    async def _list(self) -> None:
        self.cameras = await self._list_cameras()
        self._hooks.cameras(self.cameras)
        self._hooks.changed()

    # ---- analysis --------------------------------------------------------------------------------

    async def analyse(self, only_new: bool) -> Show | None:
        """Run the model on the newest frame; return what shows its answer. For the frame loop."""
        if self._source is None:
            return None
        return await self._reader.frame(self._source, self.playback, only_new=only_new)

    def look_again(self) -> None:
        """Analyse the frame of a shared screen that is showing, also if it was analysed: where
        nothing changes no other comes."""
        if self.shared is not None and not self.scene.paused:
            self.loop.analyse_shown(still=True)

    def analyse_again(self) -> Coroutine[Any, Any, None] | None:
        """Analyse what stands still in view once more, by a coroutine if it must."""
        if self.scene.kind is Kind.STILL:
            return self.read_photo()
        self.loop.analyse_shown()
        return self._reader.sample() if self.scene.kind is Kind.WELCOME else None

    async def read_photo(self) -> None:
        """Run the model in use, if there is one, on the photo in view, if there is one."""
        if self._photo is not None:
            await self._reader.photo()

    async def find_in(
        self,
        capture: Callable[[], Any],
        frame: FrameInfo,
        steps: Callable[[Answer], Steps] | None = None,
    ) -> tuple[Answer, Update] | None:
        """Return what is found in a picture that is not shown; see `PictureReader.aside`."""
        return await self._reader.aside(capture, frame, steps)

    async def decoded(self, file: Any) -> Any:
        """Return a photo (`live.sources.Photo`) that is not shown; the caller stops it. Errors as
        of `SourceOpener.photo`."""
        return await self._opener.photo(file)

    def show_sample(self) -> bool:
        """Show the bundled picture's answer, if that picture is in view; return whether it is."""
        return self._reader.show_sample()

    def model_opened(self) -> bool:
        """Another model is in use: forget the other one's answer; return whether the sample picture
        is in view and shows the new one's."""
        self._timings.clear()
        self._new_picture()
        shown = self.show_sample()
        self.loop.analyse_shown(still=self.shared is not None)
        self._hooks.changed()
        return shown
