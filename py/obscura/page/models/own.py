"""The models that the user added: stored by this browser in IndexedDB, and nowhere else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from obscura.cards.card import ModelCard
from obscura.errors import ObscuraError

if TYPE_CHECKING:
    from obscura.page.state.protocols import ModelStore, Network, StoredNetwork


class NotKept(ObscuraError):
    """The browser stores no (more) data for this site."""

    code = "model-not-kept"
    remedy = "Remove models that you do not need, or free some space on the device."


class OwnModels:
    """Stores models. One that cannot be stored is available until the page is closed."""

    def __init__(self, store: ModelStore) -> None:
        self._store = store
        self._unstored: dict[str, StoredNetwork] = {}

    async def cards(self) -> list[ModelCard]:
        """Return the cards of all stored models, by title. Damaged records are passed over.

        Raises:
            NotKept: the browser forbids its database.
        """
        try:
            records = await self._store.texts()
        except Exception as error:
            raise NotKept("The browser's database cannot be read", error) from error
        cards = []
        for key, value in records.items():
            name, _, part = key.rpartition("/")
            if part == "card" and f"{name}/file" in records:
                try:
                    card = ModelCard.from_dict(json.loads(str(value)))
                except (ObscuraError, ValueError, TypeError):
                    continue
                cards.append(card)
        return sorted(cards, key=lambda card: card.title.casefold())

    async def add(self, name: str, table: dict[str, Any], network: Network) -> None:
        """Store a model, in place of one with the same name.

        Args:
            table: its card, as `ModelCard.from_dict` takes it.
            network: stays whole.

        Raises:
            NotKept: there is no space or no database. It is available until the page is closed.
        """
        file = self._store.set_aside(network)
        self._unstored[name] = file
        try:
            await self._store.put(name, json.dumps(table), file)
        except Exception as error:
            raise NotKept(f"The model {table['title']} could not be kept", error) from error
        del self._unstored[name]
        await self._store.persist()

    async def network(self, name: str) -> Network | None:
        """Return a network; None if the browser no longer has it."""
        file = self._unstored.get(name) or await self._store.network(name)
        return await file.read() if file is not None else None

    async def remove(self, *names: str) -> None:
        """Remove models for good.

        Raises:
            NotKept: the browser forbids its database.
        """
        for name in names:
            self._unstored.pop(name, None)
        try:
            await self._store.remove(names)
        except Exception as error:
            raise NotKept("The browser's database cannot be changed", error) from error
