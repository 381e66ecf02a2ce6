"""The heads that come with the site: their cards, and their networks once they are wanted."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from obscura.cards.head_card import HeadCard
from obscura.errors import ModelCorrupt, ModelMissing
from obscura.page.models.heads import Head


class HeadShelf:
    """Fetches cards, once, and networks, verified."""

    def __init__(
        self,
        address: str,
        read_text: Callable[[str], Awaitable[str]],
        download: Callable[[str], Awaitable[Any]],
    ) -> None:
        """
        Args:
            address: of the file of cards.
            read_text: returns the text of a file of the site.
            download: returns the `Network` of a file of the site.
        """
        self._address, self._read_text, self._download = address, read_text, download
        self._cards: dict[str, HeadCard] = {}
        self._urls: dict[str, str] = {}

    async def cards(self) -> dict[str, HeadCard]:
        """Return the cards by name. What the browser throws if they cannot be fetched."""
        if not self._cards:
            for table in json.loads(await self._read_text(self._address)):
                url = table.pop("url")
                card = HeadCard.from_dict(table)
                self._cards[card.name], self._urls[card.name] = card, url
        return self._cards

    def head(self, card: HeadCard) -> Head:
        """Return what opens a head."""
        return Head(card, partial(self._load, card))

    async def _load(self, card: HeadCard) -> Any:
        """Return the bytes of a head's network.

        Raises:
            ModelMissing: the file could not be fetched. ModelCorrupt: it is another file.
        """
        try:
            network = await self._download(self._urls[card.name])
        except Exception as error:
            raise ModelMissing(f"{card.title} did not arrive", error) from error
        if await network.sha256() != card.file.sha256:
            raise ModelCorrupt(f"{card.title} arrived damaged", f"{network.size} bytes")
        return network.handle
