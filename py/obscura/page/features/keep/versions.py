"""Versions of a snapshot: with and without boxes, in the types that pictures are saved in.

Pure Python.

Both are kept as PNG, which loses nothing and takes a tenth of the memory of pixels; other types are
made from these.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

PNG = "image/png"


class Versions:
    """The two versions of one snapshot."""

    def __init__(
        self,
        marked: Any,
        plain: Awaitable[Any],
        encoded_again: Callable[[Any, str], Awaitable[Any]],
    ) -> None:
        """
        Args:
            marked: PNG with boxes.
            plain: returns the PNG without, which may take a while; None if it cannot be made.
            encoded_again: returns a PNG as a blob of another media type; None if it cannot.
        """
        self._made = {True: marked}
        self._plain, self._encoded_again = plain, encoded_again

    async def png(self, *, boxes: bool) -> Any:
        """Return a version as PNG; None if the browser cannot make it."""
        if boxes not in self._made:
            self._made[boxes] = await self._plain
        return self._made[boxes]

    async def picture(self, media_type: str, *, boxes: bool) -> tuple[Any, Any]:
        """Return a version as a blob of a media type, and as PNG; None for what cannot be made."""
        png = await self.png(boxes=boxes)
        if png is None or media_type == PNG:
            return png, png
        return await self._encoded_again(png, media_type), png
