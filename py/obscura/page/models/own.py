"""The models that a person brought: kept by this browser in IndexedDB, and nowhere else.

Two records for each: `NAME/card`, the card as JSON, and `NAME/file`, the network as a `Blob`. The
library that does it, idb-keyval, is fetched from this site when it is first needed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from js import Blob
from pyodide.ffi import to_js

from obscura.cards.card import ModelCard
from obscura.errors import ObscuraError
from obscura.page.browser.storage import persist

DATABASE, STORE = "obscura", "models"


class NotKept(ObscuraError):
    """The browser keeps no (more) data for this site."""

    code = "model-not-kept"
    remedy = "Remove models that you do not need, or free some space on the device."


class OwnModels:
    """Keeps models. What cannot be kept is held until the page is closed."""

    def __init__(self, load_module: Callable[[], Any]) -> None:
        """
        Args:
            load_module: `() -> Promise<module>` of idb-keyval.
        """
        self._load_module = load_module
        self._module: Any = None
        self._database: Any = None
        self._held: dict[str, Any] = {}

    async def cards(self) -> list[ModelCard]:
        """The cards of all that are kept, by title. Records that are damaged are passed over.

        Raises:
            NotKept: the browser forbids its database.
        """
        try:
            idb = await self._open()
            entries = [(str(entry[0]), entry[1]) for entry in await idb.entries(self._database)]
        except Exception as error:
            raise NotKept("The browser's database cannot be read", error) from error
        files = {key.removesuffix("/file") for key, _ in entries if key.endswith("/file")}
        cards = []
        for key, value in entries:
            if key.endswith("/card") and key.removesuffix("/card") in files:
                try:
                    card = ModelCard.from_dict(json.loads(str(value)))
                except (ObscuraError, ValueError, TypeError):
                    continue
                cards.append(card)
        return sorted(cards, key=lambda card: card.title.casefold())

    async def keep(self, name: str, table: dict[str, Any], network: Any) -> None:
        """Keep a model, in the place of one of the same name.

        Args:
            table: its card, as `ModelCard.from_dict` takes it.
            network: `ArrayBuffer` of the ONNX file, which stays whole.

        Raises:
            NotKept: there is no room or no database. It is held until the page is closed.
        """
        file = Blob.new(to_js([network]))
        self._held[name] = file
        try:
            idb = await self._open()
            records = [[f"{name}/card", json.dumps(table)], [f"{name}/file", file]]
            await idb.setMany(to_js(records), self._database)
        except Exception as error:
            raise NotKept(f"The model {table['title']} could not be kept", error) from error
        del self._held[name]
        await persist()

    async def network(self, name: str) -> Any:
        """The network as an `ArrayBuffer`; None if the browser has it no more."""
        file = self._held.get(name)
        if file is None:
            idb = await self._open()
            file = await idb.get(f"{name}/file", self._database)
        return await file.arrayBuffer() if hasattr(file, "arrayBuffer") else None

    async def remove(self, *names: str) -> None:
        """Remove models for good.

        Raises:
            NotKept: the browser forbids its database.
        """
        for name in names:
            self._held.pop(name, None)
        keys = [f"{name}/{part}" for name in names for part in ("card", "file")]
        try:
            idb = await self._open()
            await idb.delMany(to_js(keys), self._database)
        except Exception as error:
            raise NotKept("The browser's database cannot be changed", error) from error

    async def _open(self) -> Any:
        if self._module is None:
            self._module = await self._load_module()
            self._database = self._module.createStore(DATABASE, STORE)
        return self._module
