"""The models that there are: their cards, and the bytes of their networks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from js import Uint8Array, crypto

from obscura.card import ModelCard
from obscura.errors import ModelCorrupt, ModelMissing
from obscura.page.build import Build


class Shelf:
    """Knows every model by its card; fetches a network and verifies it."""

    def __init__(self, build: Build, take: Callable[[str, bool], Any]) -> None:
        """
        Args:
            take: `(url, fresh) -> Promise<ArrayBuffer>`, the page's downloader.
        """
        self._urls = build.model_urls
        self._take = take
        self.default = build.default_model
        self.cards = dict(build.cards)

    async def fetch(self, card: ModelCard, *, fresh: bool = False) -> Any:
        """The network as an `ArrayBuffer`: the very file that the card describes.

        Args:
            fresh: past the browser's cache.

        Raises:
            ModelMissing: the file did not come. ModelCorrupt: it is not the one of the card.
        """
        try:
            model = await self._take(self._urls[card.name], fresh)
        except Exception as error:
            raise ModelMissing(
                f"The model {card.title} did not arrive",
                error,
                remedy="Check the connection and try again.",
            ) from error
        found = await sha256(model)
        if found != card.file.sha256:
            raise ModelCorrupt(
                f"The model {card.title} arrived damaged",
                f"{model.byteLength} bytes, sha256 {found}; its card says {card.file.bytes} bytes, "
                f"sha256 {card.file.sha256}",
            )
        return model


async def sha256(buffer: Any) -> str:
    """Hex digest of an `ArrayBuffer`: the browser's where it has one (secure contexts), else
    Python's."""
    subtle = getattr(crypto, "subtle", None)
    if subtle is None:
        return hashlib.sha256(Uint8Array.new(buffer).to_bytes()).hexdigest()
    return bytes(Uint8Array.new(await subtle.digest("SHA-256", buffer)).to_bytes()).hex()
