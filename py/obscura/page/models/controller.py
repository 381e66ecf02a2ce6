"""Which model is in use, and what people do about it: choose another, compare, measure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from obscura.cards.card import ModelCard
from obscura.errors import ObscuraError
from obscura.page.browser.dom import by_id
from obscura.page.models.list import ModelList, Status
from obscura.page.models.measure import measure
from obscura.page.models.own import NotKept
from obscura.page.models.sessions import Inference
from obscura.page.models.shelf import Shelf
from obscura.page.state.preferences import Preferences
from obscura.page.words import text

if TYPE_CHECKING:
    from obscura.page.models.adding import Adding


class Models:
    """Carries out wishes about models, and shows the models page."""

    def __init__(
        self,
        shelf: Shelf,
        inference: Inference,
        preferences: Preferences,
        controls: Any,
        *,
        opened: Callable[[], Awaitable[None]],
        failed: Callable[[BaseException], None],
        hold: Callable[[bool], None],
        picture: Callable[[], Awaitable[Any]],
        say: Callable[[str], None],
        mend: Callable[[], Awaitable[None]],
    ) -> None:
        """
        Args:
            opened: called when another session is in use.
            failed: shows an error.
            hold: keeps frames from being analysed, while True, so that they do not compete.
            picture: the canvas of what is in view.
            say: shows what is happening now; "" for nothing.
            mend: drops what is damaged of the files that are kept for working offline.
        """
        self.shelf, self._inference = shelf, inference
        self._preferences, self._controls = preferences, controls
        self._when_opened, self._failed, self._hold = opened, failed, hold
        self.opening: str | None = None
        """The model that was asked for and is on its way."""
        self._asked = self.chosen
        self._measuring: str | None = None
        self._progress = 0.0
        self._list = ModelList(self.choose, self.measure, self.cancel_measuring, self.remove)
        self._say = say
        self._mend = mend
        self._picture = picture
        self._adding: Adding | None = None
        self._turn = asyncio.Lock()  # one model is added at a time
        self._words = ""
        controls.list_models(list(shelf.cards.values()))

    @property
    def chosen(self) -> str:
        """The name of the model that the settings ask for, or else of the default."""
        name = self._preferences.current.model
        return name if name in self.shelf.cards else self.shelf.default

    async def begin(self) -> None:
        """Load the model that the settings ask for. One that is gone gives way to the default."""
        own = self._preferences.current.own
        if own:
            await self._find_own()
            wanted = self._preferences.current.model
            if wanted in own and wanted not in self.shelf.cards:
                by_id("model-gone").textContent = text.MODEL_GONE.format(model=wanted)
                by_id("model-gone").hidden = False
        await self.load()

    def choose(self, name: str) -> Awaitable[None]:
        """A person chose a model: keep the choice, and open it."""
        self._preferences.set(model=name)
        by_id("model-gone").hidden = True
        return self.load()

    async def load(self, *, fresh: bool = False) -> None:
        """Open the chosen model and use it. If that fails, the one in use stays chosen."""
        self._measuring = None
        self.opening = self._asked = name = self.chosen
        settings = self._preferences.current
        self._controls.show(settings, self.shelf.cards[name])
        self._show()
        former = self._inference.card
        try:
            opened = await self._inference.load(
                name, backend=settings.backend, threads=settings.threads, fresh=fresh
            )
        except ObscuraError as error:
            self.opening = None
            in_use = self._inference.card
            if in_use is not None and in_use.name != name:
                self._preferences.set(model=in_use.name)
                self._controls.show(self._preferences.current, in_use)
            self._failed(error)
            self._show()
            return
        if opened:
            self.opening = None
            self._show()
            if fresh or self._inference.card is not former:
                await self._when_opened()
            else:
                self._say("")  # the one in use was chosen again
            await self._race()

    async def _race(self) -> None:
        """Find the fastest way to run the model in use, unless that is known."""
        try:
            await self._inference.race(self._hold)
        except ObscuraError:
            return  # the model in use goes on as it is; the next visit tries again
        finally:
            self._say("")
            self._show()

    async def recheck(self) -> None:
        """Hold the model in use to its recorded answer once more; if it fails, the next backend."""
        try:
            await self._inference.recheck()
        except ObscuraError as error:
            await self.recover(error)

    async def retry(self) -> None:
        """Once more the model that failed, fetched anew; so is the engine, if that is damaged."""
        self._preferences.set(model=self._asked)
        await self._mend()
        await self.load(fresh=True)

    def choose_smallest(self) -> Awaitable[None]:
        """The model that takes the least memory."""
        cards = self.shelf.cards.values()
        return self.choose(min(cards, key=lambda card: card.file.bytes).name)

    async def recover(self, error: ObscuraError) -> None:
        """After a failed run: the next backend, or the error."""
        card = self._inference.card
        if card is None:
            return
        try:
            await self._inference.recover(card, error)
        except ObscuraError:
            self._asked = card.name
            self._failed(error)
            return
        if self._inference.ready:
            self._show()
            await self._when_opened()

    # ---- the models page -------------------------------------------------------------------------

    def open(self) -> Awaitable[None]:
        """Show the models page."""
        self._list.open()
        self._relist()
        return self._find_own()

    async def add(self, files: Sequence[Any]) -> None:
        """Take in a model that a person gave, and use it."""
        async with self._turn:
            try:
                await self.shelf.rest.arrive()
                added = await self._adder().add(files)
            except ObscuraError as error:
                self._failed(error)
                return
            finally:
                self._tell("")
            if added is None:
                return
            self._relist()
            self._list.reveal(added.card.name)
            await self.choose(added.card.name)
            if added.trouble is not None:
                self._failed(added.trouble)

    def _adder(self) -> Adding:
        """Made when a model is first added: few visits need what it takes."""
        if self._adding is None:
            from obscura.page.models.adding import Adding
            from obscura.page.models.ask import Asker

            self._adding = Adding(
                self.shelf,
                self._inference,
                self._preferences,
                ask=Asker().ask,
                picture=self._picture,
                say=self._tell,
            )
        return self._adding

    async def remove(self, name: str) -> None:
        """Remove a model that a person brought, for good. If it is in use, the default is next."""
        if self.chosen == name:
            await self.choose(self.shelf.default)
        self._inference.forget(name)
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
        """Remove all models that a person brought."""
        await self._find_own()
        if self.shelf.own:
            await self.shelf.remove(*self.shelf.own)

    def own(self) -> list[ModelCard]:
        """The cards of the models that a person brought."""
        return list(self.shelf.own.values())

    async def _find_own(self) -> None:
        try:
            await self.shelf.find_own()
        except NotKept:
            return  # said when something is to be kept
        self._relist()

    def _relist(self) -> None:
        """There are other models than before."""
        self._preferences.set(own=list(self.shelf.own))
        cards = list(self.shelf.cards.values())
        self._controls.list_models(cards)
        self._list.list(cards, own=self.shelf.own)
        self._show()

    def _tell(self, words: str) -> None:
        self._words = words
        self._say(words)
        self._show()

    async def measure(self, name: str) -> None:
        """Time a model on the bundled picture, and keep the result.

        The model in use stays so; the measured one waits in the former one's place.
        """

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
            opened = await self._inference.borrow(name, settings.backend, settings.threads, wanted)
            if opened is None:
                return
            ms = await measure(lambda: self._inference.time_sample(opened), progress, wanted)
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
        """Stop after the present run."""
        self._measuring = None
        self._show()

    def _show(self) -> None:
        card = self._inference.card
        self._list.render(
            Status(
                in_use=card.name if card else None,
                opening=self.opening,
                measuring=self._measuring,
                progress=self._progress,
                speeds=self._preferences.current.speeds,
                words=self._words,
            )
        )

    def described(self) -> list[dict[str, Any]]:
        """The models for programs: names, titles, and the speeds measured here."""
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
