"""A database of texts in the browser, by the library idb-keyval.

Boundary: keys are arrays of strings and numbers, values strings; both are copied for each call. The
library is fetched from this site when it is first needed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from js import IDBKeyRange, Promise, indexedDB
from pyodide.ffi import create_once_callable, to_js

from obscura.page.browser.boot import boot

COUNTS = "obscura-counts"
"""Name of the database of counts."""
RESULTS = "obscura-results"
"""Name of the database of what was found in cameras and videos, frame by frame."""
PHOTOS = "obscura-photos"
"""Name of the database of what was found in photos."""
TOTALS = "totals"
"""Where the keys of counts begin of which each camera or video has one."""
STORE = "records"


class RecordDatabase:
    """Implements `Store` of `page.features.count.history` and of `page.live.results`."""

    def __init__(self, name: str, load_module: Callable[[], Awaitable[Any]]) -> None:
        """
        Args:
            name: of the database, which is made with the first record.
            load_module: returns the module idb-keyval.
        """
        self._name, self._load_module = name, load_module
        self._module: Any = None
        self._database: Any = None

    async def read(self, *prefix: str | float) -> list[tuple[tuple[str | float, ...], str | None]]:
        """Return the records whose keys begin so, in order; None for a value that is not text."""
        if not await self._exists():
            return []
        await self._open()
        # Arrays sort after strings and numbers, so [*prefix, []] follows all that begin so.
        span = IDBKeyRange.bound(to_js(list(prefix)), to_js([*prefix, []]))
        ask = self._module.promisifyRequest

        def both(store: Any) -> Any:
            return Promise.all(to_js([ask(store.getAllKeys(span)), ask(store.getAll(span))]))

        keys, values = await self._database("readonly", create_once_callable(both))
        return [
            (tuple(key.to_py()), value if isinstance(value, str) else None)
            for key, value in zip(keys, values, strict=True)
        ]

    async def count(self) -> int:
        """Return how many records there are."""
        if not await self._exists():
            return 0
        await self._open()
        ask = self._module.promisifyRequest
        counted = create_once_callable(lambda store: ask(store.count()))
        return int(await self._database("readonly", counted))

    async def write(self, records: Mapping[tuple[str | float, ...], str | None]) -> None:
        """Write all records or none; None deletes one."""
        await self._open()

        def change(store: Any) -> Any:
            for key, value in records.items():
                if value is None:
                    store.delete(to_js(list(key)))
                else:
                    store.put(value, to_js(list(key)))
            done = self._module.promisifyRequest(store.transaction)
            # At once, not after the last request's answer, which a page that closes never gets.
            store.transaction.commit()
            return done

        await self._database("readwrite", create_once_callable(change))

    async def clear(self) -> None:
        """Delete all records."""
        if await self._exists():
            await self._open()
            await self._module.clear(self._database)

    async def _exists(self) -> bool:
        """Return False only if the browser can tell that there is no such database, so that looking
        for records makes none."""
        if self._module is not None or not await boot.databaseWorks:
            return self._module is not None
        if not hasattr(indexedDB, "databases"):
            return True
        return any(each.name == self._name for each in await indexedDB.databases())

    async def _open(self) -> None:
        if self._module is not None:  # without waiting: the page may be about to close
            return
        if not await boot.databaseWorks:
            raise OSError("This browser stores nothing for this site")
        module = await self._load_module()
        self._database = module.createStore(self._name, STORE)
        self._module = module
