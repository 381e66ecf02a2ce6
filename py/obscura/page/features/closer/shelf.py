"""The heads that come with the site: their cards, and their networks once they are wanted."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection
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
        download: Callable[[str, bool], Awaitable[Any]],
        copy: Callable[[Any], Any],
    ) -> None:
        """
        Args:
            address: of the file of cards.
            read_text: returns the text of a file of the site.
            download: returns the `Network` of a file of the site; True bypasses the browser's
                cache.
            copy: returns a new `ArrayBuffer` of a `Network`.
        """
        self._copy = copy
        self._address, self._read_text, self._download = address, read_text, download
        self._cards: dict[str, HeadCard] = {}
        self._urls: dict[str, str] = {}
        self._networks: dict[str, Any] = {}  # those that are here, by name
        self._heads: dict[str, Head] = {}
        self._damaged: set[str] = set()

    async def cards(self) -> dict[str, HeadCard]:
        """Return the cards by name.

        Raises:
            ModelMissing: they could not be fetched.
        """
        if not self._cards:
            try:
                tables = json.loads(await self._read_text(self._address))
            except Exception as error:
                raise ModelMissing("The list of heads did not arrive", error) from error
            for table in tables:
                url = table.pop("url")
                card = HeadCard.from_dict(table)
                self._cards[card.name], self._urls[card.name] = card, url
        return self._cards

    async def head(self, card: HeadCard) -> Head:
        """Return what opens a head, once its network is here.

        Raises:
            ModelMissing: the file could not be fetched. ModelCorrupt: it is another file.
        """
        if card.name not in self._networks:
            self._networks[card.name] = await self._fetch(card)
            load = partial(self._buffer, card.name)
            self._heads[card.name] = Head(card, load, card.name, card.title)
        return self._heads[card.name]

    def keep(self, names: Collection[str]) -> None:
        """Free the memory of all networks but these."""
        for name in [each for each in self._networks if each not in names]:
            del self._networks[name], self._heads[name]

    async def _buffer(self, name: str) -> Any:
        return self._copy(self._networks[name])

    async def _fetch(self, card: HeadCard) -> Any:
        fresh = card.name in self._damaged  # the browser would keep it for long
        try:
            network = await self._download(self._urls[card.name], fresh)
        except Exception as error:
            raise ModelMissing(f"{card.title} did not arrive", error) from error
        if await network.sha256() != card.file.sha256:
            self._damaged.add(card.name)
            raise ModelCorrupt(f"{card.title} arrived damaged", f"{network.size} bytes")
        self._damaged.discard(card.name)
        return network
