"""The rest of the page's Python, fetched when it is first needed.

What a first detection takes comes at the start, as bytecode alone. What reads models that people
bring can wait, and so can all sources, which tracebacks show; tools/builder/runtime.py divides.
"""

from __future__ import annotations

import asyncio
import importlib
import io
import linecache
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from js import Uint8Array

import obscura
from obscura.errors import ObscuraError


class PartMissing(ObscuraError):
    """A part of the page did not arrive."""

    code = "part-missing"
    remedy = "Check the connection and try again."


class Rest:
    """Knows whether the rest is here."""

    def __init__(self, fetch: Callable[[], Any]) -> None:
        """
        Args:
            fetch: `() -> Promise<ArrayBuffer>` of the archive.
        """
        self._fetch = fetch
        self._here = False
        self._turn = asyncio.Lock()

    async def arrive(self) -> None:
        """Have the rest: modules not imported at the start can be imported from now on.

        Raises:
            PartMissing: it did not come, or damaged; the next call tries again.
        """
        async with self._turn:
            if self._here:
                return
            try:
                data = bytes(Uint8Array.new(await self._fetch()).to_bytes())
                with zipfile.ZipFile(io.BytesIO(data)) as archive:
                    archive.extractall(Path(obscura.__file__).parents[1])
            except Exception as error:
                raise PartMissing(
                    "The part that reads your own models did not arrive", error
                ) from error
            importlib.invalidate_caches()
            linecache.clearcache()
            self._here = True
