"""The page's deferred Python modules, fetched when they are first needed.

The start fetches what a first detection takes, as bytecode alone. Features can wait, so can the
modules that read the users' own models, and all sources, which tracebacks show;
tools/builder/runtime.py divides them into archives.
"""

from __future__ import annotations

import asyncio
import importlib
import io
import linecache
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from js import Uint8Array

import obscura
from obscura.errors import ObscuraError


class PartMissing(ObscuraError):
    """A part of the page could not be fetched."""

    code = "part-missing"
    remedy = "Check the connection and try again."


class DeferredArchive:
    """Loads one archive of deferred modules, once; implements `state.protocols.DeferredModules`."""

    def __init__(self, fetch: Callable[[], Awaitable[Any]]) -> None:
        """
        Args:
            fetch: returns the archive as an `ArrayBuffer`.
        """
        self._fetch = fetch
        self._loaded = False
        self._loading = asyncio.Lock()

    async def load(self) -> None:
        """Fetch and unpack the modules, which can be imported from then on.

        Raises:
            PartMissing: the archive could not be fetched or is damaged; the next call tries again.
        """
        async with self._loading:
            if self._loaded:
                return
            try:
                data = bytes(Uint8Array.new(await self._fetch()).to_bytes())
                with zipfile.ZipFile(io.BytesIO(data)) as archive:
                    archive.extractall(Path(obscura.__file__).parents[1])
            except Exception as error:
                raise PartMissing("A part of the page could not be loaded", error) from error
            importlib.invalidate_caches()
            linecache.clearcache()
            self._loaded = True
