"""The models that can be chosen, shipped with the page or added by the user: cards and networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from obscura.cards.card import ModelCard
from obscura.errors import ModelCorrupt, ModelMissing
from obscura.page.models.own import OwnModels
from obscura.page.state.build import Build

if TYPE_CHECKING:
    from obscura.page.state.protocols import DeferredModules, Downloader, Network


class OwnModelGone(ModelMissing):
    """A model that the user added is no longer on this device."""

    code = "own-model-gone"
    remedy = "Add its file again."


class Shelf:
    """Knows the card of every model; fetches and verifies networks."""

    def __init__(
        self, build: Build, download: Downloader, own: OwnModels, deferred: DeferredModules
    ) -> None:
        """
        Args:
            deferred: the modules that open models need.
        """
        self._shipped, self._urls = build.cards, build.model_urls
        self._download, self._store = download, own
        self.deferred = deferred
        self.default = build.default_model
        self.own: dict[str, ModelCard] = {}
        """The models that the user added, by name."""
        self._listed = False

    @property
    def cards(self) -> dict[str, ModelCard]:
        """All models by name, the shipped ones first. Names are unique."""
        return {**self._shipped, **self.own}

    async def find_own(self) -> None:
        """Look up which models the browser stores, once. Raises `NotKept`."""
        if not self._listed:
            stored = {card.name: card for card in await self._store.cards()}
            self.own = {n: card for n, card in stored.items() if n not in self._shipped} | self.own
            self._listed = True

    async def add(self, card: ModelCard, table: dict[str, Any], network: Network) -> None:
        """Add a model, in place of one with the same name.

        Args:
            table: the card as plain values, as `ModelCard.from_dict` takes it.
            network: stays whole.

        Raises:
            NotKept: the browser does not store it; it is available until the page is closed.
        """
        self.own[card.name] = card
        await self._store.add(card.name, table, network)

    async def remove(self, *names: str) -> None:
        """Remove models that the user added, for good. Raises `NotKept`."""
        for name in names:
            self.own.pop(name, None)
        await self._store.remove(*names)

    async def fetch(self, card: ModelCard, *, fresh: bool = False) -> Network:
        """Return the network, verified to be the file that the card describes.

        The modules that feed and read an open model are loaded with it.

        Args:
            fresh: bypass the browser's cache.

        Raises:
            ModelMissing: the file could not be fetched. ModelCorrupt: it is another file.
            PartMissing: the modules could not be fetched.
        """
        if card.open is not None:
            await self.deferred.load()
        own = card.name in self.own
        network = await (self._read_own(card) if own else self._fetch(card, fresh))
        found = await network.sha256()
        if found != card.file.sha256:
            raise ModelCorrupt(
                f"The model {card.title} arrived damaged",
                f"{network.size} bytes, sha256 {found}; its card says {card.file.bytes} "
                f"bytes, sha256 {card.file.sha256}",
            )
        return network

    async def _fetch(self, card: ModelCard, fresh: bool) -> Network:
        try:
            return await self._download(self._urls[card.name], fresh)
        except Exception as error:
            raise ModelMissing(
                f"The model {card.title} did not arrive",
                error,
                remedy="Check the connection and try again.",
            ) from error

    async def _read_own(self, card: ModelCard) -> Network:
        try:
            network = await self._store.network(card.name)
        except Exception as error:
            raise OwnModelGone(f"The file of {card.title} cannot be read", error) from error
        if network is None:
            raise OwnModelGone("The browser no longer has the file", card.title)
        return network
