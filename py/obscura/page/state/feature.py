"""Features: a folder and a row each. Pure Python.

A row says what a feature brings before any of its code is loaded: settings, commands.
Its code is fetched and started when it is first wanted, and brings stages, sinks, layers and keys
of `snapshot()`. The app knows none of them by name; py/main.py has the table.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from obscura.cards.card import ModelCard
from obscura.page.state.needs import Need
from obscura.page.state.settings import Setting, Settings
from obscura.pipeline import Sink, Stage


class When(Enum):
    """When a feature's code is started."""

    START = "start"  # with the page; it is part of what a first detection fetches
    OPENED = "opened"  # once a model is in use
    BROWSED = "browsed"  # once a video is in view
    SEVERAL = "several"  # once several files were given
    WANTED = "wanted"  # with its first command


@dataclass(frozen=True)
class Command:
    """Something that a person can do, by a key, a button, or both."""

    name: str
    run: Callable[[], Any] | None = None
    """What it does; None for a feature's command, which its part runs by name."""
    key: str = ""
    """As `KeyboardEvent.key` has it, in lower case; "" for none."""
    button: str = ""
    """The id of the element that is clicked; "" for none."""
    help: tuple[str, str] | None = None
    """The key's name and what it does, for the list of keys; None leaves it out."""


class Part:
    """Running feature. Subclasses override what they provide."""

    stages: Sequence[Stage] = ()
    sinks: Sequence[Sink] = ()
    layers: Sequence[Any] = ()
    """Of `page.stage.layers.Layer`, drawn over the boxes."""
    layers_below: Sequence[Any] = ()
    """The same, drawn under them, so that labels stay readable."""

    def run(self, command: str) -> Any:
        """Carry out a command of the feature's row; may return an awaitable.

        Raises:
            LookupError: the feature has no such command.
        """
        raise LookupError(command)

    def step(self, steps: int) -> Any:
        """Show the picture or frame so many further on, or back if negative, if what is in view is
        the feature's; may return an awaitable."""

    def models_listed(self, cards: Sequence[ModelCard]) -> None:
        """These models exist from now on."""

    def models_absent(self, names: Collection[str]) -> None:
        """These models are not on this device, and there is no connection to download them."""

    def model_chosen(self, settings: Settings, card: ModelCard) -> None:
        """A model was chosen, whose values the settings are now for; it may not be open yet."""

    def model_opened(self, card: ModelCard) -> None:
        """A model is in use: another one, or the same on another backend."""

    def settings_changed(self, settings: Settings) -> None:
        """These settings are in force: a person changed some, or a model is in use."""

    def cameras_listed(self, cameras: Sequence[Any], chosen: str) -> None:
        """These cameras (`state.camera.Camera`) exist; `chosen` is a device id, "" for any."""

    @property
    def collects(self) -> bool:
        """Whether pictures and videos that are given now are added to others: none of them is
        opened then, and what is in view stays."""
        return False

    def files_given(self, media: Sequence[Any], others: Sequence[Any]) -> None:
        """A person gave these pictures and videos, the first of which is being opened unless a part
        `collects`; and these other files, such as models, at the same time."""

    async def open_file(self, file: Any) -> None:
        """Use a file that the row claims.

        Raises:
            ObscuraError: it is not valid.
        """

    async def open_files(self, files: Sequence[Any]) -> None:
        """Use a file that the row claims, and others that were given with it.

        Raises:
            As `open_file`.
        """
        for file in files:
            await self.open_file(file)

    def scene_changed(self) -> None:
        """What is in view has changed, or whether it plays."""

    def snapshot(self) -> dict[str, Any]:
        """Return the values of the row's snapshot keys."""
        return {}

    async def forget(self) -> None:
        """Delete what the feature has stored on the device."""


@dataclass(frozen=True)
class Feature:
    """A feature's row."""

    name: str
    entry: str = ""
    """The module with `start(context) -> Part`; "" for a feature with a page of its own."""
    when: When = When.WANTED
    switch: str = ""
    """The setting that switches it on: then its code is started once a model is in use."""
    needs: Need | None = None
    """What the feature needs while it is on; None for nothing."""
    veils: bool = False
    """Whether the picture itself is hidden while the feature is on, also before its code is there:
    the feature shows it in its own way."""
    settings: tuple[Setting, ...] = ()
    commands: tuple[Command, ...] = ()
    snapshot: Mapping[str, Any] = field(default_factory=dict)
    """Keys of `snapshot()`, with their values while the feature does not run."""
    claims: Callable[[bytes], bool] | None = None
    """Whether a JSON or TOML file that begins with these bytes, or a zip archive that ends with
    them, is for this feature; None claims none."""


class Features:
    """Starts features when they are wanted."""

    def __init__(
        self,
        rows: Sequence[Feature],
        load: Callable[[Feature], Awaitable[Any]],
        context: Any,
        started: Callable[[Part], None],
    ) -> None:
        """
        Args:
            load: fetches a feature's code and returns its entry module.
            context: what features are given (`page.features.context.Context`).
            started: adds a part's stages, sinks and layers of both kinds.
        """
        self._rows = {row.name: row for row in rows}
        self._load, self._context, self._started = load, context, started
        self._latest: dict[str, tuple[Any, ...]] = {}  # of each notification, for later parts
        self.parts: dict[str, Part] = {}

    def __iter__(self) -> Iterator[Feature]:
        return iter(self._rows.values())

    async def part(self, name: str) -> Part:
        """Return a feature's part, started if need be.

        Raises:
            PartMissing: its code did not come; the next call tries again.
        """
        if name not in self.parts:
            module = await self._load(self._rows[name])
            if name not in self.parts:  # another call was quicker
                part = self.parts[name] = module.start(self._context)
                self._started(part)
                for notification, values in self._latest.items():
                    getattr(part, notification)(*values)
        return self.parts[name]

    def run(self, name: str, command: str) -> Any:
        """Carry out a feature's command: at once if the feature runs, else once it has started.
        May return an awaitable. Errors as in `part`, and the command's own."""
        if name in self.parts:
            return self.parts[name].run(command)
        return self._start_and_run(name, command)

    async def _start_and_run(self, name: str, command: str) -> None:
        done = (await self.part(name)).run(command)
        if isinstance(done, Awaitable):
            await done

    async def step(self, steps: int) -> None:
        """Show the picture or frame so many further on, or back, see `Part.step`."""
        for part in list(self.parts.values()):
            done = part.step(steps)
            if isinstance(done, Awaitable):
                await done

    async def start(self, *when: When) -> None:
        """Start the features of these kinds. Errors as in `part`."""
        for row in self:
            if row.entry and row.when in when:
                await self.part(row.name)

    async def model_opened(self, card: ModelCard) -> None:
        """Notify all parts that a model is in use, and start those that wait for one. Errors as in
        `part`."""
        self._notify("model_opened", card)
        await self.start(When.OPENED)

    async def follow(self, settings: Settings) -> None:
        """Start the features that are switched on, and notify all parts of the settings. Errors as
        in `part`."""
        self._notify("settings_changed", settings)
        for row in self:
            if row.switch and getattr(settings, row.switch):
                await self.part(row.name)

    def veil(self, settings: Settings) -> bool:
        """Whether the picture itself is to be hidden, see `Feature.veils`."""
        return any(row.veils and getattr(settings, row.switch) for row in self)

    def list_models(self, cards: Sequence[ModelCard]) -> None:
        """Notify all parts that these models exist."""
        self._notify("models_listed", cards)

    def mark_models(self, absent: Collection[str]) -> None:
        """Notify all parts which models are not on this device, see `Part.models_absent`."""
        self._notify("models_absent", absent)

    def show(self, settings: Settings, card: ModelCard) -> None:
        """Notify all parts that a model was chosen, or that settings changed."""
        self._notify("model_chosen", settings, card)

    def list_cameras(self, cameras: Sequence[Any], chosen: str) -> None:
        """Notify all parts that these cameras exist."""
        self._notify("cameras_listed", cameras, chosen)

    def give_files(self, media: Sequence[Any], others: Sequence[Any]) -> None:
        """Notify all parts that a person gave these files, see `Part.files_given`."""
        self._notify("files_given", media, others)

    @property
    def collect(self) -> bool:
        """Whether one of the parts adds what is given to what it has, see `Part.collects`."""
        return any(part.collects for part in self.parts.values())

    def claimant(self, head: bytes) -> str | None:
        """Return the name of the feature that a file is for; None if there is none.

        Args:
            head: how a JSON or TOML file begins, or how a zip archive ends.
        """
        rows = (row.name for row in self if row.claims is not None and row.claims(head))
        return next(rows, None)

    def change_scene(self) -> None:
        """Notify all parts that what is in view has changed."""
        self._notify("scene_changed")

    def _notify(self, notification: str, *values: Any) -> None:
        """Notify all parts, and those that start later."""
        self._latest[notification] = values
        for part in self.parts.values():
            getattr(part, notification)(*values)

    def snapshot(self) -> dict[str, Any]:
        """Return what features add to `snapshot()`."""
        values: dict[str, Any] = {}
        for name in self._rows:
            values |= self.snapshot_of(name)
        return values

    def snapshot_of(self, name: str) -> dict[str, Any]:
        """Return what one feature adds to `snapshot()`."""
        part = self.parts.get(name)
        return {**self._rows[name].snapshot, **(part.snapshot() if part else {})}

    async def forget(self) -> None:
        """Delete what features have stored. Those that do not run are started, because an earlier
        visit may have stored something.

        Raises:
            As `part`, and what features raise: the first failure, once all others have deleted
            theirs.
        """
        failures: list[Exception] = []
        for row in self:
            try:
                if row.entry:
                    await (await self.part(row.name)).forget()
            except Exception as error:  # noqa: BLE001  (the others must not depend on it)
                failures.append(error)
        if failures:
            raise failures[0]
