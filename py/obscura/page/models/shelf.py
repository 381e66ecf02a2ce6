"""The models that there are, shipped with the page or brought by a person: cards and networks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from js import Uint8Array, crypto

from obscura.cards.card import ModelCard
from obscura.errors import ModelCorrupt, ModelMissing
from obscura.page.browser.late import Rest
from obscura.page.models.own import OwnModels
from obscura.page.state.build import Build


class OwnModelGone(ModelMissing):
    """A model that a person brought is not on this device any more."""

    code = "own-model-gone"
    remedy = "Add its file again."


class Shelf:
    """Knows every model by its card; fetches a network and verifies it."""

    def __init__(
        self, build: Build, take: Callable[[str, bool], Any], own: OwnModels, rest: Rest
    ) -> None:
        """
        Args:
            take: `(url, fresh) -> Promise<ArrayBuffer>`, the page's downloader.
            rest: the part of Python that open models need.
        """
        self._shipped, self._urls = build.cards, build.model_urls
        self._take, self._store = take, own
        self.rest = rest
        self.default = build.default_model
        self.own: dict[str, ModelCard] = {}
        """The models that a person brought, by name."""
        self._looked = False

    @property
    def cards(self) -> dict[str, ModelCard]:
        """All models by name, the shipped ones first. Names are unique."""
        return {**self._shipped, **self.own}

    async def find_own(self) -> None:
        """Look up which models the browser keeps, once. Raises `NotKept`."""
        if not self._looked:
            kept = {card.name: card for card in await self._store.cards()}
            self.own = {n: card for n, card in kept.items() if n not in self._shipped} | self.own
            self._looked = True

    async def add(self, card: ModelCard, table: dict[str, Any], network: Any) -> None:
        """Take in a model that a person brought, in the place of one of the same name.

        Args:
            table: the card as plain values, as `ModelCard.from_dict` takes it.
            network: `ArrayBuffer` of the ONNX file, which stays whole.

        Raises:
            NotKept: the browser does not keep it; it is there until the page is closed.
        """
        self.own[card.name] = card
        await self._store.keep(card.name, table, network)

    async def remove(self, *names: str) -> None:
        """Remove models that a person brought, for good. Raises `NotKept`."""
        for name in names:
            self.own.pop(name, None)
        await self._store.remove(*names)

    async def fetch(self, card: ModelCard, *, fresh: bool = False) -> Any:
        """The network as an `ArrayBuffer`: the very file that the card describes.

        With an open model comes the part of Python that feeds and reads it.

        Args:
            fresh: past the browser's cache.

        Raises:
            ModelMissing: the file did not come. ModelCorrupt: it is not the one of the card.
            PartMissing: the part of Python did not come.
        """
        if card.open is not None:
            await self.rest.arrive()
        own = card.name in self.own
        network = await (self._own(card) if own else self._fetch(card, fresh))
        found = await sha256(network)
        if found != card.file.sha256:
            raise ModelCorrupt(
                f"The model {card.title} arrived damaged",
                f"{network.byteLength} bytes, sha256 {found}; its card says {card.file.bytes} "
                f"bytes, sha256 {card.file.sha256}",
            )
        return network

    async def _fetch(self, card: ModelCard, fresh: bool) -> Any:
        try:
            return await self._take(self._urls[card.name], fresh)
        except Exception as error:
            raise ModelMissing(
                f"The model {card.title} did not arrive",
                error,
                remedy="Check the connection and try again.",
            ) from error

    async def _own(self, card: ModelCard) -> Any:
        try:
            network = await self._store.network(card.name)
        except Exception as error:
            raise OwnModelGone(f"The file of {card.title} cannot be read", error) from error
        if network is None:
            raise OwnModelGone("The browser has the file no more", card.title)
        return network


async def sha256(buffer: Any) -> str:
    """Hex digest of an `ArrayBuffer`: the browser's where it has one (secure contexts), else
    Python's."""
    subtle = getattr(crypto, "subtle", None)
    if subtle is None:
        return hashlib.sha256(Uint8Array.new(buffer).to_bytes()).hexdigest()
    return bytes(Uint8Array.new(await subtle.digest("SHA-256", buffer)).to_bytes()).hex()
