"""A person's own networks in the page: added, listed, switched on and off, removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from obscura.errors import ObscuraError
from obscura.page.browser.boot import boot
from obscura.page.browser.dom import by_id, listen
from obscura.page.browser.idb import HEADS, ModelDatabase
from obscura.page.browser.networks import BrowserFile, empty_network
from obscura.page.features.closer import words
from obscura.page.features.closer.dialog import HeadDialog
from obscura.page.features.closer.own import PREFIX, OwnHead, OwnHeads, described
from obscura.page.features.closer.panel import CloserPanel
from obscura.page.features.closer.shelf import HeadShelf
from obscura.page.features.context import Context
from obscura.page.models.own import NotKept


class OwnNetworks:
    """Adds and removes networks of a person's own; they are looks like the others."""

    def __init__(
        self, context: Context, shelf: HeadShelf, copy: Callable[[Any], Any], panel: CloserPanel
    ) -> None:
        """
        Args:
            copy: returns a new `ArrayBuffer` of a `Network`.
        """
        assert context.page is not None
        self._page, self._preferences = context.page, context.preferences
        self._shelf, self._panel = shelf, panel
        store_url = context.build.store_url
        database = ModelDatabase(lambda: boot.load(store_url), HEADS)
        self.heads = OwnHeads(database, copy, empty_network)
        self._found = self._adding = False
        self._dialog: HeadDialog | None = None
        listen(by_id("closer-files"), "change", self._picked)
        listen(by_id("closer-own"), "click", self._clicked)

    async def ready(self) -> None:
        """Look up what is stored, if anything is, and what own networks need; once."""
        stored = self._preferences.current.closer_own
        if self._found or not stored:
            return
        try:
            await self.heads.find()
        except NotKept as error:
            self._panel.say_adding(str(error))
            return
        await self._page.models.shelf.deferred.load()  # what feeds networks that are not sealed
        self._found = True

    async def add(self, files: Sequence[Any]) -> None:
        """Add what is in files of the platform; what is wrong with them is said in the panel."""
        if self._adding:
            return
        self._adding = True
        self._panel.say_adding("")
        try:
            await self._page.models.shelf.deferred.load()
            await self.ready()
            added = await self._read([BrowserFile(file) for file in files])
        except ObscuraError as error:
            self._panel.say_adding(str(error))
            return
        finally:
            self._adding = False
        if added:
            await self._store(added)

    async def forget(self) -> None:
        """Delete all that is stored."""
        if self._preferences.current.closer_own:
            await self.heads.find()
            await self.heads.remove(*self.heads.known)

    async def _read(self, files: Sequence[Any]) -> Sequence[tuple[OwnHead, Any]]:
        """Return the heads in files, each with its network; none if the person cancelled."""
        from obscura.page.features.closer import adding

        card, shipped = self._page.sessions.card, await self._shelf.cards()
        labels = card.labels if card is not None else ()
        if adding.is_pipeline(files):
            models = self._page.models.shelf.cards
            pipeline = await adding.read_pipeline(files, shipped, models, labels)
            if pipeline.spec.detector is not None and (
                card is None or card.name != str(pipeline.spec.detector)
            ):
                await self._page.models.choose(str(pipeline.spec.detector))
            return pipeline.heads
        draft = await adding.read_classifier(files, self.heads.known, shipped)
        self._dialog = self._dialog or HeadDialog()
        terms = await self._dialog.ask(draft.card.title, draft.card.labels, labels)
        return [] if terms is None else [(draft.own(*terms), draft.network)]

    async def _store(self, added: Sequence[tuple[OwnHead, Any]]) -> None:
        for own, network in added:
            try:
                await self.heads.add(own, network)
            except NotKept as error:
                self._panel.say_adding(words.NOT_STORED.format(error=error))
        self._found = True
        looks = list(self._preferences.current.closer_looks)
        self._change([*looks, *(own.look for own, _ in added)])

    async def _remove(self, name: str) -> None:
        looks = [each for each in self._preferences.current.closer_looks if each != PREFIX + name]
        await self.ready()
        try:
            await self.heads.remove(name)
        except NotKept as error:
            self._panel.say_adding(str(error))
        self._change(looks)
        by_id("closer-files").focus()

    def _change(self, looks: Sequence[str]) -> None:
        """Change which looks are chosen, and what is listed."""
        own = described(list(self.heads.known.values()))
        self._page.change(closer_looks=list(dict.fromkeys(looks)), closer_own=own)

    def _picked(self, event: Any) -> Any:
        files = list(event.target.files)
        event.target.value = ""  # the same file can be chosen again
        return self.add(files)

    def _clicked(self, event: Any) -> Any:
        button = event.target.closest("[data-remove]")
        return self._remove(str(button.dataset.remove)) if button else None
