"""The page's composition root: the table of features, and which part is given what."""

from __future__ import annotations

import importlib
import traceback
from typing import Any

from obscura.engine.plans import Facts
from obscura.live.pace import Pace
from obscura.page import automation
from obscura.page.app import App
from obscura.page.browser import (
    about,
    boot,
    camera,
    canvas,
    clock,
    files,
    folders,
    launch,
    power,
    shell,
    storage,
)
from obscura.page.browser.clock import mark, now_ms
from obscura.page.browser.dom import by_id, on_failure, publish, run, run_now, show_note
from obscura.page.browser.frames import VideoFrames
from obscura.page.browser.idb import ModelDatabase
from obscura.page.browser.late import DeferredArchive
from obscura.page.browser.networks import BrowserFile, BufferNetwork
from obscura.page.browser.screen import Screen
from obscura.page.browser.service import Service
from obscura.page.browser.web_sessions import WebSessionFactory
from obscura.page.commands import actions
from obscura.page.events import connect
from obscura.page.features import (
    analyse,
    bench,
    browse,
    cameras,
    closer,
    count,
    crop,
    detect,
    events,
    export,
    keep,
    offline,
    photos,
    privacy,
    record,
    redact,
    sample,
    track,
)
from obscura.page.features.context import Context
from obscura.page.live.analysis import Analysis
from obscura.page.live.controller import SourceController
from obscura.page.live.loop import Loop
from obscura.page.live.protocols import Hooks
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
from obscura.page.stage.chips import Chips
from obscura.page.stage.display import Display
from obscura.page.stage.notice import NoticeCard
from obscura.page.stage.overlay import Overlay, OverlaySink
from obscura.page.stage.pointer import Pointer
from obscura.page.stage.results import Results
from obscura.page.stage.view import PictureView
from obscura.page.state import build
from obscura.page.state.feature import Feature, Features, Part, When
from obscura.page.state.preferences import Preferences, stored
from obscura.page.state.scene import Scene
from obscura.page.state.settings import CORE_SETTINGS, SettingTable
from obscura.page.words import text

FEATURES = (
    detect.FEATURE,
    keep.FEATURE,
    record.FEATURE,
    browse.FEATURE,
    photos.FEATURE,
    crop.FEATURE,
    cameras.FEATURE,
    track.FEATURE,
    count.FEATURE,
    events.FEATURE,
    closer.FEATURE,
    redact.FEATURE,
    export.FEATURE,
    analyse.FEATURE,
    offline.FEATURE,
    sample.FEATURE,
    privacy.FEATURE,
    bench.FEATURE,
)


def show_progress(words: str) -> None:
    """Show what the page is waiting for; "" for nothing."""
    by_id("progress").hidden = not words
    boot.boot.say(words)


class Assembly:
    """Makes the parts, and gives them to each other."""

    def __init__(
        self, parts: build.Build, device: tuple[Facts, str], service: Service, safe: Any
    ) -> None:
        """
        Args:
            device: what the browser and its device can do, and the name of the GPU.
            safe: what safe mode asks for (assets/boot/wishes.js); None in the normal mode.
        """
        self._parts, self._service, self._facts = parts, service, device[0]
        self._late = archive(parts.rest_url)
        self._archives = {name: archive(url) for name, url in parts.feature_urls.items()}
        added = (importlib.import_module(name).FEATURE for name in parts.added)
        self._rows = (*FEATURES, *added)
        table = SettingTable(CORE_SETTINGS, *(row.settings for row in self._rows))
        store = storage.settings_storage()
        models = [*parts.cards, *stored(table, store).own]
        self._request = table.read_address(parts.wishes | about.parameters(), models)
        if safe is not None:
            self._request = self._request.in_safe_mode(getattr(safe, "model", None))
        needs = {row.switch: row.needs for row in self._rows if row.needs}
        self._preferences = Preferences(table, store, self._request, needs)
        own = OwnModels(ModelDatabase(lambda: boot.boot.load(parts.store_url)))
        self._shelf = Shelf(parts, download, own, self._late)
        self._sessions = self._make_sessions(*device)
        self._scene, self._display, self._pace = Scene(text.SAMPLE_CAPTION), Display(), Pace()
        self._analysis = Analysis(
            self._sessions.timings, now_ms, in_view=lambda answer: self._app.sources.in_view(answer)
        )
        self._overlay, self._results = self._make_stage()
        self._app = self._make_app()

    def app(self) -> App:
        """Return the app, which has not begun."""
        return self._app

    def _make_sessions(self, facts: Facts, gpu_name: str) -> Sessions:
        winners = Winners(
            self._preferences,
            about.device_mark(facts, gpu_name, self._parts),
            remember=not storage.keeps_nothing(),
        )
        factory = WebSessionFactory(self._parts, gpu_name, self._late, boot.boot.takeEngine)
        graphs = self._parts.litert.cores if self._parts.litert else None
        opener = Opener(facts, factory, sample_image, winners, graphs)
        return Sessions(self._shelf, opener, show_progress, clock)

    def _make_stage(self) -> tuple[Overlay, Results]:
        analysis, display = self._analysis, self._display
        overlay = Overlay(by_id("overlay"))
        self._view = PictureView(overlay, lambda: self._app.sources.size)
        pointer = Pointer(by_id("view"), overlay, self._view)
        shell.watch_size(by_id("view"), by_id("overlay"), self._resized)
        labels = lambda: analysis.labels  # noqa: E731
        results = Results(display, labels, now_ms, pointer.select)
        sink = OverlaySink(overlay, display, labels, self._sessions.timings, now_ms)
        self._chips = Chips(display, labels, now_ms)
        analysis.add([sink, results, self._chips])
        return overlay, results

    def _resized(self) -> None:
        """The view has another size."""
        self._overlay.resize()
        self._view.refresh()

    def _make_app(self) -> App:
        context = Context(
            self._parts,
            self._preferences,
            self._analysis,
            run,
            display=self._display,
            layers=self._overlay.layers,
            overlay=self._overlay,
        )
        app = App(
            platform=Platform(
                spawn=run,
                mark=mark,
                fetch_rest=boot.boot.keepFetchingRest,
                view=self._view,
                render=scene_view.render,
                clear=self._clear,
                announce=self._results.announce,
                show_progress=show_progress,
                note=show_note,
                notice=NoticeCard(
                    lambda action: actions(self._app, shell)[action](), self._late.load
                ),
                read_part=files.read_part,
                is_folder=folders.is_folder,
                read_folders=folders.read,
                path_of=files.path_of,
                shell=shell,
            ),
            scene=self._scene,
            sessions=self._sessions,
            analysis=self._analysis,
            display=self._display,
            preferences=self._preferences,
            request=self._request,
            pace=self._pace,
            features=Features(self._rows, self._load, context, self._started),
            make_sources=self._make_sources,
            make_models=self._make_models,
        )
        context.page = app
        return app

    def _make_sources(self, hooks: Hooks) -> SourceController:
        timings = self._sessions.timings
        screen = Screen(sample_canvas)
        return SourceController(
            self._scene,
            self._sessions,
            self._analysis,
            screen,
            SourceOpener(screen.make_video),
            timings,
            lambda: self._preferences.current,
            now_ms=now_ms,
            list_cameras=camera.list_cameras,
            make_loop=lambda analyse: Loop(
                VideoFrames(screen),
                analyse,
                timings,
                self._pace,
                now_ms=now_ms,
                start=run_now,
            ),
            hooks=hooks,
        )

    def _make_models(self, app: App) -> Models:
        return Models(
            self._shelf,
            self._sessions,
            self._preferences,
            app.features,
            facts=self._facts,
            view=ModelsDialog(),
            opened=app.model_opened,
            failed=app.fail,
            hold=app.sources.loop.suspend,
            picture=app.sources.picture,
            read_pixels=canvas.read_pixels,
            pick=BrowserFile,
            say=app.say,
            mend=self._service.repair,
        )

    def _clear(self) -> None:
        """Another picture is in view."""
        self._overlay.clear()
        self._results.clear()
        self._chips.clear()

    def _started(self, part: Part) -> None:
        """Add what a feature brings."""
        self._analysis.add_stages(part.stages)
        self._analysis.add(part.sinks)
        self._overlay.layers[:0] = part.layers_below
        self._overlay.layers += part.layers

    async def _load(self, feature: Feature) -> Any:
        """Return a feature's entry module, fetched if it did not come with the start."""
        archive = self._archives.get(feature.name)
        if archive is not None:
            await archive.load()
        return importlib.import_module(feature.entry)


def archive(url: str) -> DeferredArchive:
    """Return an archive of Python modules that is fetched when it is first needed."""
    return DeferredArchive(lambda: boot.boot.take(url))


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
    service, safe = Service(), await boot.boot.safeMode
    app = Assembly(parts, await boot.device(), service, safe).app()
    if safe is not None:
        launch.say_safe_mode(service, smallest=hasattr(safe, "model"))
    launch.say_conditions(stores=storage.settings_storage() is not None)
    await app.features.start(When.START)
    # Before anything listens, so that a press meanwhile is remembered by boot alone.
    shared = await launch.shared_files(service) if launch.SHARED in about.parameters() else []
    connect(app)
    publish("snapshot", lambda: automation.snapshot(app, now_ms() / 1000))
    publish("recheck", lambda: run(app.models.recheck()))
    launch.set_up_install(service)
    run(power.watch(app.pace))
    wanted, given = boot.adopt(), boot.files()
    if shared and not wanted:
        wanted, given = "files", shared
    launch.set_up_launches(app.open_files, app.start)
    await app.begin(wanted, given)
    service.booted()


mark("imported")
boot.boot.arrive()
on_failure(lambda error: boot.boot.fail("".join(traceback.format_exception(error))))
run(main())
