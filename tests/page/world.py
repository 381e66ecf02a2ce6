"""The page without a browser: the real app, sources, analysis and frame loop, on stand-ins.

Pictures have numbers, and an answer says which picture and which model it is of (see `answers`), so
what a sink receives can be compared with what is really in view at that moment.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import types
from collections.abc import Coroutine, Generator
from typing import Any

from obscura.cards.card import ModelCard
from obscura.errors import ObscuraError
from obscura.live.pace import Pace
from obscura.page.app import App
from obscura.page.features.context import Context
from obscura.page.features.detect import FEATURE as DETECT
from obscura.page.live.analysis import Analysis, DecodeOptions
from obscura.page.live.controller import SourceController
from obscura.page.live.loop import Loop
from obscura.page.live.protocols import Hooks
from obscura.page.platform import Platform
from obscura.page.stage.display import Display
from obscura.page.state.feature import Feature, Features, Part
from obscura.page.state.preferences import Preferences
from obscura.page.state.scene import Kind, Scene
from obscura.page.state.settings import CORE_SETTINGS, Request, SettingTable
from obscura.update import Update

from .answers import SAMPLE, Subject, model_number, size_of, subject
from .stand_ins import (
    Camera,
    File,
    Frames,
    Models,
    Notice,
    Opener,
    Opening,
    Run,
    Screen,
    Sessions,
    Shell,
    View,
)


async def settle() -> None:
    """Let everything happen that waits for nothing but its turn."""
    for _ in range(20):
        await asyncio.sleep(0)


class Witness:
    """A sink that compares what it receives with what is really in view at that moment."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.seen: list[Subject] = []
        self.updates: list[Update] = []

    def take(self, update: Update) -> None:
        """Hold an update to the truth."""
        world, about = self._world, subject(update)
        assert world.sessions.card is not None, "shown without a model"
        assert not (world.scene.opening and about.picture == SAMPLE), "a picture is coming"
        assert about.picture == world.picture_in_view, "shown for another picture"
        assert about.model == model_number(world.sessions.card), "shown for another model"
        assert (update.frame.width, update.frame.height) == size_of(about.picture)
        assert world.display.kind is world.scene.kind, "drawn as on another picture"
        self.seen.append(about)
        self.updates.append(update)

    def close(self) -> None:
        """Nothing is to be released."""


class World:
    """A visit to the page. Made within a running event loop."""

    def __init__(self, request: Request | None = None, rows: tuple[Feature, ...] = ()) -> None:
        self.now_ms = 1000.0
        declared = {row.name: row for row in (DETECT, *rows)}.values()
        self.table = SettingTable(CORE_SETTINGS, *(row.settings for row in declared))
        self.request = request or Request()
        self.preferences = Preferences(
            self.table, None, self.request, {row.switch: row.needs for row in rows if row.needs}
        )
        self.scene, self.display = Scene("Sample picture"), Display()
        self.screen, self.sessions = Screen(), Sessions()
        self.opener, self.frames = Opener(self.screen), Frames(self.screen)
        self.notice, self.shell, self.pace = Notice(), Shell(), Pace()
        self.view = View()
        self.cameras = [Camera("camera-1", "Camera 1")]
        self.said: list[str] = []
        self.notes: dict[str, str] = {}
        self.marks: list[str] = []
        self.rests: list[bool] = []  # one for each time the second half of Python was asked for
        self.rendered: list[dict[str, Any]] = []
        self.announced = self.cleared = 0
        self.tasks: list[asyncio.Task[Any]] = []
        self.analysis = Analysis(
            self.sessions.timings, self._clock, in_view=lambda a: self.app.sources.in_view(a)
        )
        self.analysis.options = self._options
        self.witness = Witness(self)
        self.analysis.add([self.witness])
        context = Context(None, self.preferences, self.analysis, self.spawn)  # type: ignore[arg-type]
        self.modules: dict[str, Any] = {}  # features' code, by the feature's name
        self.app = App(
            platform=Platform(
                spawn=self.spawn,
                mark=self.marks.append,
                fetch_rest=lambda: self.rests.append(True),
                view=self.view,
                render=lambda **values: self.rendered.append(values),
                clear=self._clear,
                announce=self._announce,
                show_progress=self.said.append,
                note=self.notes.__setitem__,
                notice=self.notice,
                read_part=self._read_part,
                is_folder=lambda given: isinstance(given, list),
                read_folders=self._read_folders,
                path_of=lambda file: str(file.name),
                shell=self.shell,
            ),
            scene=self.scene,
            sessions=self.sessions,
            analysis=self.analysis,
            display=self.display,
            preferences=self.preferences,
            request=self.request,
            pace=self.pace,
            features=Features(rows, self._load, context, self._started),
            make_sources=self._make_sources,
            make_models=lambda app: Models(app, self.sessions),
        )
        context.page = self.app

    async def _read_part(self, file: Any, start: int, stop: int) -> bytes:
        return bytes(file.content[start:stop])

    async def _read_folders(self, given: Any, say: Any) -> list[Any]:
        say(1)
        return [file for each in given for file in (each if isinstance(each, list) else [each])]

    # ---- the truth -------------------------------------------------------------------------------

    @property
    def picture_in_view(self) -> int | None:
        """The number of the picture that the page really shows."""
        if self.scene.kind is Kind.WELCOME:
            return SAMPLE
        if self.scene.kind is Kind.STILL:
            return self.screen.canvas
        return self.screen.video.picture if self.screen.video is not None else None

    def check(self) -> None:
        """Hold what the page says now to the truth."""
        app, update = self.app, self.analysis.update
        if update is not None:
            assert subject(update).picture == self.picture_in_view
            if self.sessions.card is not None:
                assert subject(update).model == model_number(self.sessions.card)
        if app.state == "still":
            assert update is not None, "a photo is still once it has its answer"
        if app.state in ("still", "running", "paused"):
            assert self.picture_in_view not in (SAMPLE, None)
            assert self.sessions.ready
        if self.scene.opening and self.scene.kind is Kind.WELCOME:
            assert update is None
        if app.state == "paused":
            assert update is not None
            assert update.frame.time_s == self.screen.frame / 30, "it is the very frame shown"
        for task in self.tasks:
            if task.done() and not task.cancelled():
                task.result()

    # ---- what happens ----------------------------------------------------------------------------

    def spawn(self, coroutine: Any) -> asyncio.Task[Any]:
        """Start a coroutine."""
        task = asyncio.ensure_future(coroutine)
        self.tasks.append(task)
        return task

    async def do(self, outcome: Any = None) -> None:
        """Do what a person does: commands return nothing, or a coroutine to be run."""
        if asyncio.iscoroutine(outcome):
            self.spawn(outcome)
        await settle()
        self.check()

    async def use(self, card: ModelCard) -> None:
        """A model is in use from now on."""
        await self.do(self.app.models.use(card))

    async def open(self, source: Any) -> Opening:
        """A person opens "camera", an address or a file; return it while it is being opened."""
        await self.do(self.app.sources.open(source))
        return self.opener.pending[-1]

    async def open_photo(self) -> Opening:
        """A person opens another photo."""
        return await self.open(File("photo.jpg", "image/jpeg", self.opener.number()))

    async def open_video(self) -> Opening:
        """A person opens another video."""
        return await self.open(File("clip.mp4", "video/mp4", self.opener.number()))

    async def arrive(self, opening: Opening) -> int:
        """A source has opened; return its picture's number."""
        opening.arrive()
        await self.do()
        return opening.picture

    async def fail(self, opening: Opening, error: ObscuraError) -> None:
        """A source could not be opened."""
        opening.fail(error)
        await self.do()

    async def play(self, frames: int = 1) -> None:
        """The video element shows further frames."""
        for _ in range(frames):
            self.now_ms += 1000 / 30
            self.frames.play()
        await self.do()

    async def answer(self, run: Run | None = None) -> None:
        """The engine answers what it was given, the earliest first."""
        (run or self.sessions.pending[0]).answer()
        await self.do()

    async def find(self) -> None:
        """The video shows the frame that was sought."""
        video = self.screen.video
        if video is not None and video.seeking:
            self.screen.frame += 1
            video.seeking = False
            self.opener.on_sought()
        await self.do()

    async def end_camera(self) -> None:
        """The camera in view, if there is one, is unplugged."""
        if self.screen.video is not None:
            self.screen.video.unplugged = True
        self.opener.on_ended()
        await self.do()

    async def end(self) -> None:
        """Leave the page: what is under way ends."""
        for task in self.tasks:
            task.cancel()
        await settle()

    # ---- the page's parts ------------------------------------------------------------------------

    def _make_sources(self, hooks: Hooks) -> SourceController:
        async def list_cameras() -> list[Camera]:
            return list(self.cameras)

        return SourceController(
            self.scene,
            self.sessions,
            self.analysis,
            self.screen,
            self.opener,
            self.sessions.timings,
            lambda: self.preferences.current,
            now_ms=self._clock,
            list_cameras=list_cameras,
            make_loop=lambda analyse: Loop(
                self.frames,
                analyse,
                self.sessions.timings,
                self.pace,
                now_ms=self._clock,
                start=self._run_now,
            ),
            hooks=hooks,
        )

    def _clock(self) -> float:
        return self.now_ms

    def _options(self, card: ModelCard) -> DecodeOptions:
        settings = self.preferences.current
        hidden = settings.hidden.get(card.name, ())
        shown = [i for i, label in enumerate(card.labels) if label not in hidden]
        return DecodeOptions(settings.threshold, settings.iou, shown)

    def _clear(self) -> None:
        self.cleared += 1

    def _announce(self) -> None:
        self.announced += 1

    def _started(self, part: Part) -> None:
        self.analysis.pipeline.stages += part.stages
        self.analysis.add(part.sinks)

    async def _load(self, feature: Feature) -> Any:
        return self.modules[feature.name]

    def _run_now(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine up to its first wait, the rest in turn."""
        try:
            waiting = coroutine.send(None)
        except StopIteration:
            return
        self.spawn(_rest(coroutine, waiting))


async def _rest(coroutine: Coroutine[Any, Any, None], waiting: Any) -> None:
    await _resumed(coroutine, waiting)


@types.coroutine
def _resumed(coroutine: Coroutine[Any, Any, None], waiting: Any) -> Generator[Any, Any, None]:
    while True:
        try:
            value = yield waiting
        except BaseException as failure:  # noqa: BLE001  (a cancellation, too, is passed on)
            resume: Any = (coroutine.throw, failure)
        else:
            resume = (coroutine.send, value)
        try:
            waiting = resume[0](resume[1])
        except StopIteration:
            return


OPENERS = {
    "camera": lambda world: world.open("camera"),
    "video": World.open_video,
    "photo": World.open_photo,
}
LIVE = ("camera", "video")


async def show(world: World, kind: str) -> int:
    """Open a source of this kind and let it arrive; return its picture's number."""
    return await world.arrive(await OPENERS[kind](world))


async def read(world: World, kind: str) -> None:
    """Let the model answer what is in view."""
    if kind in LIVE:
        await world.play()
    await world.answer()


def visit(scenario: Any = None, **options: Any) -> Any:
    """Make a test of a coroutine: its first argument is a fresh `World(**options)`."""
    if scenario is None:
        return functools.partial(visit, **options)

    @functools.wraps(scenario)
    def test(*args: Any, **kwargs: Any) -> None:
        async def run() -> None:
            world = World(**options)
            await scenario(world, *args, **kwargs)
            world.check()
            await world.end()

        asyncio.run(run())

    parameters = list(inspect.signature(scenario).parameters.values())[1:]
    test.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    del test.__wrapped__  # type: ignore[attr-defined]  # else pytest looks for a fixture "world"
    return test
