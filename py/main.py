"""The page's composition root: the table of features, and which part is given what."""

from __future__ import annotations

import importlib
import traceback
from typing import Any

from obscura.live.pace import Pace
from obscura.page import automation, events
from obscura.page.app import App
from obscura.page.browser import about, boot, camera, canvas, clock, launch, power, shell, storage
from obscura.page.browser.clock import mark, now_ms
from obscura.page.browser.dom import by_id, on_failure, publish, run, run_now
from obscura.page.browser.frames import VideoFrames
from obscura.page.browser.idb import ModelDatabase
from obscura.page.browser.late import DeferredArchive
from obscura.page.browser.networks import BrowserFile, BufferNetwork
from obscura.page.browser.screen import Screen
from obscura.page.browser.service import Service
from obscura.page.browser.web_sessions import WebSessionFactory
from obscura.page.commands import actions
from obscura.page.features import bench, detect, offline, privacy
from obscura.page.features.context import Context
from obscura.page.live.analysis import Analysis
from obscura.page.live.controller import Hooks, SourceController
from obscura.page.live.loop import Loop
from obscura.page.live.sources import SourceOpener
from obscura.page.models.controller import Models
from obscura.page.models.list import ModelsDialog
from obscura.page.models.opening import Opener
from obscura.page.models.own import OwnModels
from obscura.page.models.sessions import Sessions
from obscura.page.models.shelf import Shelf
from obscura.page.models.winners import Winners
from obscura.page.platform import Platform
from obscura.page.stage import scene_view
from obscura.page.stage.display import Display
from obscura.page.stage.notice import NoticeCard
from obscura.page.stage.overlay import Overlay, OverlaySink
from obscura.page.stage.pointer import Pointer
from obscura.page.stage.results import Results
from obscura.page.state import build
from obscura.page.state.feature import Feature, Features, Part, When
from obscura.page.state.preferences import Preferences, stored
from obscura.page.state.scene import Scene
from obscura.page.state.settings import CORE_SETTINGS, SettingTable
from obscura.page.words import text

FEATURES = (detect.FEATURE, offline.FEATURE, privacy.FEATURE, bench.FEATURE)


def show_progress(words: str) -> None:
    """Show what the page is waiting for; "" for nothing."""
    by_id("progress").hidden = not words
    boot.boot.say(words)


class Assembly:
    """Makes the parts, and gives them to each other."""

    def __init__(self, parts: build.Build, facts: Any, gpu_name: str, service: Service) -> None:
        self.service = service
        self.late = DeferredArchive(lambda: boot.boot.take(parts.rest_url))
        self.table = SettingTable(CORE_SETTINGS, *(row.settings for row in FEATURES))
        self.storage = storage.settings_storage()
        own = stored(self.table, self.storage).own
        self.request = self.table.read_address(about.parameters(), [*parts.cards, *own])
        self.parts, self.facts, self.gpu_name = parts, facts, gpu_name

    def app(self) -> App:
        """Return the app, which has not begun."""
        preferences = Preferences(self.table, self.storage, self.request)
        shelf = Shelf(
            self.parts,
            download,
            OwnModels(ModelDatabase(lambda: boot.boot.load(self.parts.store_url))),
            self.late,
        )
        winners = Winners(
            preferences,
            about.device_mark(self.facts, self.gpu_name),
            remember=not storage.keeps_nothing(),
        )
        factory = WebSessionFactory(self.parts, self.gpu_name, boot.boot.takeEngine)
        opener = Opener(self.facts, factory, sample_image, winners)
        sessions = Sessions(shelf, opener, show_progress, clock)
        scene, display = Scene(text.SAMPLE_CAPTION), Display()
        analysis = Analysis(
            sessions.timings, now_ms, in_view=lambda answer: app.sources.in_view(answer)
        )
        overlay, results = self._stage(display, analysis, sessions)
        context = Context(self.parts, preferences, analysis, run)
        screen = Screen(sample_canvas)
        pace = Pace()

        def clear() -> None:
            overlay.clear()
            results.clear()

        def started(part: Part) -> None:
            analysis.pipeline.stages += part.stages
            analysis.add(part.sinks)
            overlay.layers += part.layers

        def make_sources(hooks: Hooks) -> SourceController:
            return SourceController(
                scene,
                sessions,
                analysis,
                screen,
                SourceOpener(screen.video),
                sessions.timings,
                lambda: preferences.current,
                list_cameras=camera.list_cameras,
                make_loop=lambda analyse: Loop(
                    VideoFrames(screen.video),
                    analyse,
                    sessions.timings,
                    pace,
                    now_ms=now_ms,
                    start=run_now,
                ),
                hooks=hooks,
            )

        def make_models(app: App) -> Models:
            return Models(
                shelf,
                sessions,
                preferences,
                app.features,
                view=ModelsDialog(),
                opened=app.model_opened,
                failed=app.fail,
                hold=app.sources.loop.suspend,
                picture=app.sources.picture,
                read_pixels=canvas.read_pixels,
                pick=BrowserFile,
                say=app.say,
                mend=self.service.repair,
            )

        app = App(
            platform=Platform(
                spawn=run,
                mark=mark,
                render=scene_view.render,
                clear=clear,
                announce=results.announce,
                show_progress=show_progress,
                notice=NoticeCard(lambda action: actions(app, shell)[action](), self.late.load),
                shell=shell,
            ),
            scene=scene,
            sessions=sessions,
            analysis=analysis,
            display=display,
            preferences=preferences,
            request=self.request,
            pace=pace,
            features=Features(FEATURES, self._load, context, started),
            make_sources=make_sources,
            make_models=make_models,
        )
        context.page = app
        return app

    def _stage(
        self, display: Display, analysis: Analysis, sessions: Sessions
    ) -> tuple[Overlay, Results]:
        overlay = Overlay(by_id("overlay"))
        pointer = Pointer(by_id("view"), overlay)
        shell.watch_size(by_id("view"), by_id("overlay"), overlay.resize)
        labels = lambda: analysis.labels  # noqa: E731
        results = Results(display, labels, now_ms, pointer.select)
        analysis.add([OverlaySink(overlay, display, labels, sessions.timings, now_ms), results])
        return overlay, results

    async def _load(self, feature: Feature) -> Any:
        url = self.parts.feature_urls.get(feature.name)
        if url is not None:  # else it came with the start
            await DeferredArchive(lambda: boot.boot.take(url)).load()
        return importlib.import_module(feature.entry)


async def download(url: str, fresh: bool) -> BufferNetwork:
    """Fetch the file of a network; JavaScript may have begun to."""
    return BufferNetwork(await boot.boot.take(url, fresh))


async def sample_image() -> Any:
    """Return a new `ImageData` of the bundled picture."""
    return canvas.copy_of(await boot.sample_pixels())


async def sample_canvas() -> Any:
    """Return a new canvas with the bundled picture."""
    return canvas.canvas_of(await boot.sample_pixels())


async def main() -> None:
    """Start the app. JavaScript's start-up (assets/boot) hands over here."""
    parts = build.read(by_id("obscura-build").textContent)
    facts, gpu_name = await boot.device()
    service = Service()
    assembly = Assembly(parts, facts, gpu_name, service)
    safe = await boot.boot.safeMode
    if safe is not None:
        assembly.request = assembly.request.in_safe_mode(getattr(safe, "model", None))
        launch.say_safe_mode(service)
    app = assembly.app()
    await app.features.start(When.START)
    # Before anything listens, so that a press meanwhile is remembered by boot alone.
    shared = await launch.shared_files(service) if launch.SHARED in about.parameters() else []
    events.connect(app)
    publish("snapshot", lambda: automation.snapshot(app, now_ms() / 1000))
    publish("recheck", lambda: run(app.models.recheck()))
    launch.set_up_install(service)
    run(power.watch(app.pace))
    wanted, files = boot.adopt(), boot.files()
    if shared and not wanted:
        wanted, files = "files", shared
    launch.set_up_launches(app.open_files, app.start)
    await app.begin(wanted, files)
    service.booted()


mark("imported")
boot.boot.arrive()
on_failure(lambda error: boot.boot.fail("".join(traceback.format_exception(error))))
run(main())
