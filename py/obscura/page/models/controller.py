"""Handles model commands: choose, measure, add, remove, try again; and keeps the views current."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from obscura.cards.card import ModelCard
from obscura.errors import ObscuraError
from obscura.page.models.measure import measure
from obscura.page.models.own import NotKept
from obscura.page.models.sessions import Sessions
from obscura.page.models.shelf import Shelf
from obscura.page.models.status import Status
from obscura.page.models.suggest import suggest

if TYPE_CHECKING:
    from obscura.engine.plans import Facts
    from obscura.page.models.adding import ModelAdder
    from obscura.page.models.views import ModelMenu, ModelsView
    from obscura.page.state.protocols import Canvas, Frame, PickedFile, Preferences


class Models:
    """Which model is chosen, which is on its way, and what is being measured or added."""

    def __init__(
        self,
        shelf: Shelf,
        inference: Sessions,
        preferences: Preferences,
        controls: ModelMenu,
        *,
        facts: Facts,
        view: ModelsView,
        opened: Callable[[], Awaitable[None]],
        failed: Callable[[BaseException], None],
        hold: Callable[[bool], None],
        picture: Callable[[], Awaitable[Canvas]],
        read_pixels: Callable[[Canvas], Frame],
        pick: Callable[[Any], PickedFile],
        say: Callable[[str], None],
        mend: Callable[[], Awaitable[None]],
    ) -> None:
        """
        Args:
            facts: the device, for which a model is suggested.
            opened: called when another session is in use.
            failed: shows an error.
            hold: called with True to keep frames from being analysed, so that they do not compete.
            picture: the canvas of what is in view.
            read_pixels: makes pixels of such a canvas.
            pick: makes a `PickedFile` of a file of the platform.
            say: shows what is going on; "" for nothing.
            mend: drops damaged files from those that are stored for working offline.
        """
        self.shelf, self._sessions = shelf, inference
        self._preferences, self._controls, self._view = preferences, controls, view
        self._facts = facts
        self._when_opened, self._failed, self._hold = opened, failed, hold
        self._picture, self._read_pixels, self._pick = picture, read_pixels, pick
        self._say, self._mend = say, mend
        self.opening: str | None = None
        """The model that was asked for and is on its way."""
        self._asked = self.chosen
        self._measuring: str | None = None
        self._progress = 0.0
        self._adder: ModelAdder | None = None
        self._adding = asyncio.Lock()  # one model is added at a time
        self._words = ""
        self._absent: frozenset[str] = frozenset()
        view.connect(
            use=self.choose,
            measure=self.measure,
            cancel=self.cancel_measuring,
            remove=self.remove,
        )
        controls.list_models(list(shelf.cards.values()))

    def mark_absent(self, names: Collection[str]) -> None:
        """Show which models are not on this device while there is no connection."""
        self._absent = frozenset(names)
        self._controls.mark_models(self._absent)
        self._show()

    # ---- the model in use ------------------------------------------------------------------------

    @property
    def chosen(self) -> str:
        """The name of the model that the settings ask for, or else of the default."""
        name = self._preferences.current.model
        return name if name in self.shelf.cards else self.shelf.default

    async def begin(self) -> None:
        """Load the model that the settings ask for, or the default if that is gone."""
        own = self._preferences.current.own
        if own:
            await self._find_own()
            wanted = self._preferences.current.model
            if wanted in own and wanted not in self.shelf.cards:
                self._view.show_missing(wanted)
        await self.load()

    def choose(self, name: str) -> Awaitable[None]:
        """Store the user's choice of a model, and open it."""
        self._preferences.set(model=name)
        self._view.show_missing(None)
        return self.load()

    def choose_smallest(self) -> Awaitable[None]:
        """Choose the model with the smallest file."""
        cards = self.shelf.cards.values()
        return self.choose(min(cards, key=lambda card: card.file.bytes).name)

    def choose_automatic(self) -> Awaitable[None]:
        """Leave the backend to the page, and open the model that was asked for last."""
        self._preferences.set(backend="auto", model=self._asked)
        return self.load()

    async def load(self, *, fresh: bool = False) -> None:
        """Open the chosen model and use it. If that fails, the one in use becomes the chosen one.

        Args:
            fresh: fetch and open it again even if it is there.
        """
        self._measuring = None
        self.opening = self._asked = name = self.chosen
        settings = self._preferences.current
        self._controls.show(settings, self.shelf.cards[name])
        self._show()
        previous = self._sessions.card
        try:
            opened = await self._sessions.load(
                name, backend=settings.backend, threads=settings.threads, fresh=fresh
            )
        except ObscuraError as error:
            self.opening = None
            in_use = self._sessions.card
            if in_use is not None and in_use.name != name:
                self._preferences.set(model=in_use.name)
                self._controls.show(self._preferences.current, in_use)
            self._failed(error)
            self._show()
            return
        if opened:
            self.opening = None
            self._show()
            if fresh or self._sessions.card is not previous:
                await self._when_opened()
            else:
                self._say("")  # the one in use was chosen again
            await self._race()

    async def _race(self) -> None:
        """Find the fastest way to run the model in use, unless that is known."""
        try:
            await self._sessions.race(self._hold)
        except ObscuraError:
            return  # the model in use goes on as it is; the next visit tries again
        finally:
            self._say("")
            self._show()

    async def retry(self) -> None:
        """Fetch the model that failed again, and the engine too if that is damaged."""
        self._preferences.set(model=self._asked)
        await self._mend()
        await self.load(fresh=True)

    async def recheck(self) -> None:
        """Repeat the self-check of the model in use; if it fails, use the next backend."""
        try:
            await self._sessions.recheck()
        except ObscuraError as error:
            await self.recover(error)

    async def recover(self, error: ObscuraError) -> None:
        """After a failed run, use the next backend; show the last error if there is none."""
        card = self._sessions.card
        if card is None:
            return
        try:
            await self._sessions.recover(card, error)
        except ObscuraError:
            self._asked = card.name
            self._failed(error)
            return
        if self._sessions.ready:
            self._show()
            await self._when_opened()

    # ---- the models page -------------------------------------------------------------------------

    def open(self) -> Awaitable[None]:
        """Show the models page."""
        self._view.open()
        self._relist()
        return self._find_own()

    async def add(self, files: Sequence[Any]) -> None:
        """Add the model in the platform's files that the user picked, and use it."""
        async with self._adding:
            try:
                await self.shelf.deferred.load()
                added = await self._model_adder().add([self._pick(file) for file in files])
            except ObscuraError as error:
                self._failed(error)
                return
            finally:
                self._say_adding("")
            if added is None:
                return
            self._relist()
            self._view.reveal(added.card.name)
            await self.choose(added.card.name)
            if added.not_kept is not None:
                self._failed(added.not_kept)

    def _model_adder(self) -> ModelAdder:
        """Return what adds models, imported when it is first needed: few visits need it."""
        if self._adder is None:
            from obscura.page.models.adding import ModelAdder

            self._adder = ModelAdder(
                self.shelf,
                self._sessions,
                self._preferences,
                ask=self._view.ask,
                picture=self._picture,
                read_pixels=self._read_pixels,
                say=self._say_adding,
            )
        return self._adder

    async def remove(self, name: str) -> None:
        """Remove a model that the user added, for good. If it is in use, the default is next."""
        if self.chosen == name:
            await self.choose(self.shelf.default)
        self._sessions.forget(name)
        current = self._preferences.current
        self._preferences.set(
            hidden={n: labels for n, labels in current.hidden.items() if n != name},
            speeds={n: speeds for n, speeds in current.speeds.items() if n != name},
        )
        try:
            await self.shelf.remove(name)
        except NotKept as error:
            self._failed(error)
        self._relist()

    async def forget_own(self) -> None:
        """Remove all models that the user added."""
        await self._find_own()
        if self.shelf.own:
            await self.shelf.remove(*self.shelf.own)

    def own(self) -> list[ModelCard]:
        """Return the cards of the models that the user added."""
        return list(self.shelf.own.values())

    async def measure(self, name: str) -> None:
        """Time a model on the bundled picture, and store the result. The model in use stays so."""

        def wanted() -> bool:
            return self._measuring == name

        def progress(share: float) -> None:
            self._progress = share
            self._show()

        settings = self._preferences.current
        self._measuring, self._progress = name, 0.0
        self._hold(True)
        self._show()
        try:
            opened = await self._sessions.borrow(name, settings.backend, settings.threads, wanted)
            if opened is None:
                return
            ms = await measure(lambda: self._sessions.time_sample(opened), progress, wanted)
            if ms is not None:
                known = self._preferences.current.speeds
                of_model = {**known.get(name, {}), opened.plan.backend: round(ms, 1)}
                self._preferences.set(speeds={**known, name: of_model})
        except ObscuraError as error:
            if wanted():
                self._failed(error)
        finally:
            if self._measuring in (name, None):
                self._measuring = None
                self._hold(False)
            self._show()

    def cancel_measuring(self) -> None:
        """Stop measuring after the present run."""
        self._measuring = None
        self._show()

    def described(self) -> list[dict[str, Any]]:
        """Return the models for programs: names, titles, and the speeds measured here."""
        speeds = self._preferences.current.speeds
        return [
            {
                "name": card.name,
                "title": card.title,
                "own": card.name in self.shelf.own,
                "ms": speeds.get(card.name, {}),
            }
            for card in self.shelf.cards.values()
        ]

    # ---- views -----------------------------------------------------------------------------------

    async def _find_own(self) -> None:
        try:
            await self.shelf.find_own()
        except NotKept:
            return  # reported when something is to be stored
        self._relist()

    def _relist(self) -> None:
        """Show the models that there are now."""
        self._preferences.set(own=list(self.shelf.own))
        cards = list(self.shelf.cards.values())
        self._controls.list_models(cards)
        self._view.list(cards, own=self.shelf.own)
        self._show()

    def _say_adding(self, words: str) -> None:
        self._words = words
        self._say(words)
        self._show()

    def _show(self) -> None:
        card = self._sessions.card
        speeds = self._preferences.current.speeds
        self._view.render(
            Status(
                in_use=card.name if card else None,
                opening=self.opening,
                measuring=self._measuring,
                progress=self._progress,
                speeds=speeds,
                words=self._words,
                suggested=suggest(self.shelf.cards.values(), self._facts, speeds),
                absent=self._absent,
            )
        )
