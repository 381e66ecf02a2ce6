"""The app: what the page is doing, and what each event changes. Pure Python.

State flows one way: events change the scene, the settings or the model in use; `_render` shows
them. What the page is doing is derived from these, so it cannot disagree with them. The app knows
no feature by name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from obscura.errors import BackendUnusable, PictureError
from obscura.live.pace import Pace
from obscura.page.live import kinds
from obscura.page.live.analysis import Analysis
from obscura.page.live.controller import SourceController
from obscura.page.live.protocols import Hooks
from obscura.page.platform import Platform
from obscura.page.stage.display import Display
from obscura.page.state.feature import Features, When
from obscura.page.state.preferences import Preferences
from obscura.page.state.scene import Kind, Scene, State
from obscura.page.state.settings import Request, Settings
from obscura.page.words import text
from obscura.page.words.names import natural


class FolderEmpty(PictureError):
    """A folder has nothing that can be shown."""

    code = "folder-empty"
    remedy = "Choose another folder."


class App:
    """Carries out commands, and keeps what the page shows up to date."""

    def __init__(
        self,
        *,
        platform: Platform,
        scene: Scene,
        sessions: Any,
        analysis: Analysis,
        display: Display,
        preferences: Preferences,
        request: Request,
        pace: Pace,
        features: Features,
        make_sources: Callable[[Hooks], SourceController],
        make_models: Callable[[App], Any],
    ) -> None:
        self._platform, self._scene, self._display = platform, scene, display
        self.sessions, self.analysis, self.features = sessions, analysis, features
        self._preferences, self._request = preferences, request
        self.pace, self.notice, self.view = pace, platform.notice, platform.view
        self.pace.enabled = self.settings.pace
        self.sources = make_sources(
            Hooks(
                changed=self._render,
                picture_changed=self._picture_changed,
                opening=self._opening,
                say=self.say,
                fail=self.fail,
                recover=lambda error: self.models.recover(error),
                photo_read=platform.announce,
                cameras=lambda cameras: features.list_cameras(cameras, self.sources.camera_id),
                note=lambda words: platform.note("source-note", words),
                spawn=platform.spawn,
            )
        )
        self._noted: set[str] = set()  # where something is said of what features need
        self.models = make_models(self)
        self.notice.on_dismissed = self._render

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._preferences.current

    @property
    def state(self) -> State:
        """What the page is doing (docs/automation.md)."""
        code = self.notice.code
        # Without the backend that was insisted on, a model in use goes on as it was.
        unharmed = code == BackendUnusable.code and self.sessions.ready
        return self._scene.state(
            error=code is not None and not unharmed,
            ready=self.sessions.ready,
            answered=self.sources.answered,
        )

    @property
    def idle(self) -> bool:
        """Whether loading the page again would lose nothing."""
        at_rest = self.state is State.READY and not self.sources.cameras_on
        return at_rest and not self._platform.shell.dialog_open()

    # ---- what a person does ----------------------------------------------------------------------

    async def begin(self, wanted: str | None, files: Sequence[Any]) -> None:
        """Load the model, and do what the person or the address asked for meanwhile.

        Args:
            wanted: "start"; "files", for `files` given before Python ran; or None.
        """
        if self._request.ignored:
            print(text.IGNORED.format(parameters=", ".join(self._request.ignored)))
        self._platform.spawn(self.models.begin())
        # Before anything is awaited, so that a press from now on finds this one under way.
        if wanted == "files":
            self._platform.spawn(self.open_files(files))
        elif wanted == "start" or (self._request.autostart and self._request.source != "screen"):
            self._platform.spawn(self.start())
        await self.sources.cameras_changed()

    def press_start(self) -> Any:
        """The main button: start, or stop what is under way."""
        runs = self._scene.opening or self._scene.kind is Kind.LIVE
        return self.sources.stop() if runs or self.state is State.STARTING else self.start()

    def start(self) -> Any:
        """Open the source that Start stands for: the camera, or the one in the address."""
        return self.sources.open(self._request.source)

    def open_files(self, files: Sequence[Any]) -> Any:
        """Open what a person gave: photos or videos, to show one by one; a model to add; data and
        archives that a feature claims."""
        if any(map(self._platform.is_folder, files)):
            return self._open_folders(files)
        data = any(kinds.is_data(file) or kinds.is_archive(file) for file in files)
        if data and not any(map(kinds.is_model, files)):
            return self._open_claimed(files)
        if any(map(kinds.is_table, files)):
            return self._open_described(files)
        return self._open_unclaimed(files)

    async def _open_folders(self, given: Sequence[Any]) -> None:
        """Open the pictures and videos that are in folders, by the order of their paths."""
        platform = self._platform

        def say(count: int) -> None:
            platform.show_progress(text.READING_FOLDER.format(count=count))

        try:
            found = await platform.read_folders(given, say)
        finally:
            self.say("")
        media = [file for file in found if kinds.is_media_of_folder(file)]
        if not media:
            raise FolderEmpty("There are no pictures or videos in this folder")
        media.sort(key=lambda file: natural(platform.path_of(file)))
        opened = self._open_unclaimed(media)
        if opened is not None:
            await opened

    async def _open_claimed(self, files: Sequence[Any]) -> None:
        """Open files, and hand those that features claim to these once the others are in view."""
        claims: list[tuple[str, Any]] = []
        rest = []
        for file in files:
            name = None
            if kinds.is_data(file) or kinds.is_archive(file):
                part = await self._platform.read_part(file, *kinds.telling_part(file))
                name = self.features.claimant(part)
            claims += [(name, file)] if name else []
            rest += [] if name else [file]
        if rest:
            opened = self._open_unclaimed(rest)
            if opened is not None:
                await opened
        else:
            self.notice.hide()
        for name, file in claims:
            await (await self.features.part(name)).open_file(file)

    async def _open_described(self, files: Sequence[Any]) -> None:
        """Open files among which there is TOML: of a feature, with all that is not a picture, or a
        model's card."""
        for file in filter(kinds.is_table, files):
            head = await self._platform.read_part(file, 0, kinds.DATA_HEAD_BYTES)
            name = self.features.claimant(head)
            if name:
                self.notice.hide()
                part = await self.features.part(name)
                await part.open_files([each for each in files if not kinds.is_media(each)])
                return
        opened = self._open_unclaimed(files)
        if opened is not None:
            await opened

    def _open_unclaimed(self, files: Sequence[Any]) -> Any:
        """Open photos or videos, to show one by one, or a model to add."""
        media, others = kinds.sorted_out(files)
        opens = bool(media) and not self.features.collect
        self.features.give_files(media, others)
        if len(files) > 1 and media:
            self._platform.spawn(self.features.start(When.SEVERAL))
        if opens and not others:
            return self.sources.open(media[0])
        self.notice.hide()
        if opens:
            self._platform.spawn(self.sources.open(media[0]))
        return self.models.add(others) if others else None

    def change(self, **values: Any) -> Any:
        """Store settings that a person changed, and apply them."""
        if "model" in values:
            self.notice.hide()
            return self.models.choose(values["model"])
        said = self._preferences.set(**values)
        self._note(said, values)
        self._apply()
        return self.sources.camera_changed(values.keys())

    def _note(self, said: dict[str, str], changed: Collection[str]) -> None:
        """Show what is said of what features need: beside their switches, and, where something
        stays as it was, beside what a person wanted to change."""
        needs = self._preferences.needs
        notes = dict.fromkeys([*self._noted, *needs], "") | said
        stays = [words for switch, words in said.items() if needs[switch].insists]
        if stays:
            notes |= dict.fromkeys(changed, stays[0])
        self._noted = set(notes)
        for name, words in notes.items():
            self._platform.note(f"{name}-needs", words)

    def try_out(self, **values: Any) -> None:
        """Apply features' settings until the page is closed, without storing them."""
        self._preferences.try_out(**values)
        self._apply()

    def _apply(self) -> None:
        self.pace.enabled = self.settings.pace
        self._render()
        self.analysis.refresh()
        if self.sessions.ready:
            self._platform.spawn(self._follow())

    async def _follow(self) -> None:
        """Notify features of the settings in force now, not of those when this was spawned: on
        settings that have passed one would switch back on what another has switched off."""
        await self.features.follow(self.settings)

    def hide_classes(self, labels: list[str]) -> None:
        """Show all of the chosen model's classes but these."""
        self.change(hidden={**self.settings.hidden, self.models.chosen: labels})

    def share(self) -> Any:
        """Ask which screen, window or tab to look at. Call it while a press is handled."""
        return self.sources.open("screen")

    def flip(self) -> Any:
        """Front camera to back camera, and back."""
        facing = "environment" if self.sources.facing == "user" else "user"
        return self.change(camera="", facing=facing)

    async def recheck(self) -> None:
        """Re-run the self-check on a GPU backend, from time to time while frames are analysed."""
        if self.state is State.RUNNING:
            await self.models.recheck()

    async def model_opened(self) -> None:
        """Continue with what waits for a model, because one is in use now."""
        self.say("")
        if self.sources.model_opened():
            self._platform.mark("first-boxes")
        self._platform.fetch_rest()
        card = self.sessions.card
        if card is not None:
            self._platform.spawn(self.features.model_opened(card))
            self._platform.spawn(self._follow())
        await self.sources.read_photo()

    async def forget(self) -> None:
        """Delete everything that is stored on this device."""
        self._preferences.forget()
        try:
            await self.models.forget_own()
        finally:
            await self.features.forget()

    # ---- errors ----------------------------------------------------------------------------------

    def fail(self, error: BaseException) -> None:
        """Show an error and go on."""
        self._platform.shell.close_dialogs()  # they would cover the card
        self.notice.show(error)
        self.say("")
        self._render()

    # ---- rendering -------------------------------------------------------------------------------

    def say(self, words: str) -> None:
        """Show what the page is waiting for; a model that is still loading stays in sight."""
        self._platform.show_progress(words or self.sessions.status)

    def _opening(self) -> None:
        """Another source was requested: what was said of the one before is out of date."""
        self.notice.hide()
        self._platform.note("source-note", "")

    def _picture_changed(self) -> None:
        self.pace.forget_frames()
        self._platform.clear()
        self.view.reset()
        if self.sources.is_video:
            self._platform.spawn(self.features.start(When.BROWSED))

    def _render(self) -> None:
        scene, display = self._scene, self._display
        display.follow(scene, self.settings, self.sessions.card, mirrored=self.sources.mirrored)
        self.sources.veiled = self.features.veil(self.settings)
        self._platform.render(
            state=self.state,
            scene=scene.kind,
            kind=kinds.kind(self._request.source),
            mirrored=display.mirrored,
            paused=scene.paused,
            can_flip=self.sources.camera_runs and len(self.sources.cameras) > 1,
            can_add=self.sources.further.possible,
            can_share=self.sources.can_share and self._request.source != "screen",
            shares=self.sources.shared is not None,
            caption=scene.caption,
            veiled=self.sources.veiled,
        )
        self.view.show(scene.kind, moving=display.moving, fit=self.settings.fit)
        self.features.change_scene()
