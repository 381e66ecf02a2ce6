"""The browser's database for models that the user added, by the library idb-keyval.

Boundary: keys and cards are strings, networks are `Blob`s; lists of them are copied for each call.
The library is fetched from this site when it is first needed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from js import Blob
from pyodide.ffi import to_js

from obscura.page.browser import storage
from obscura.page.browser.boot import boot
from obscura.page.browser.networks import BlobNetwork

if TYPE_CHECKING:
    from obscura.page.state.protocols import Network, StoredNetwork

DATABASE, STORE = "obscura", "models"
HEADS = "obscura-heads"
"""The database of networks that look closer."""


class ModelDatabase:
    """Implements `ModelStore` of `page.state.protocols`."""

    def __init__(self, load_module: Callable[[], Awaitable[Any]], name: str = DATABASE) -> None:
        """
        Args:
            load_module: returns the module idb-keyval.
            name: of the database.
        """
        self._name = name
        self._load_module = load_module
        self._module: Any = None
        self._database: Any = None

    async def texts(self) -> dict[str, str | None]:
        """Return all records by key: the text, or None if the record is something else."""
        idb = await self._open()
        entries = [(str(entry[0]), entry[1]) for entry in await idb.entries(self._database)]
        return {key: value if isinstance(value, str) else None for key, value in entries}

    def set_aside(self, network: Network) -> BlobNetwork:
        """Copy a network out of the page's memory, without the database."""
        return BlobNetwork(Blob.new(to_js([network.handle])))

    async def put(self, name: str, card: str, network: StoredNetwork) -> None:
        """Write both records or neither."""
        idb = await self._open()
        records = [[f"{name}/card", card], [f"{name}/file", network.handle]]
        await idb.setMany(to_js(records), self._database)

    async def network(self, name: str) -> BlobNetwork | None:
        """Return a network; None if there is none."""
        idb = await self._open()
        blob = await idb.get(f"{name}/file", self._database)
        return BlobNetwork(blob) if hasattr(blob, "arrayBuffer") else None

    async def remove(self, names: Sequence[str]) -> None:
        """Remove the records of these models."""
        idb = await self._open()
        keys = [f"{name}/{part}" for name in names for part in ("card", "file")]
        await idb.delMany(to_js(keys), self._database)

    async def persist(self) -> bool:
        """Ask the browser not to delete the records when storage runs short."""
        return await storage.persist()

    async def _open(self) -> Any:
        if not await boot.databaseWorks:
            raise OSError("This browser stores nothing for this site")
        if self._module is None:
            self._module = await self._load_module()
            self._database = self._module.createStore(self._name, STORE)
        return self._module
