"""Thumbnails: small copies of the pictures in sight, of which a limited number is kept.

Pure Python. The address of a copy is freed once it is dropped, so memory does not grow with the
number of pictures.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from obscura.errors import PictureError

SIDE = 200
"""Pixels across."""
MOST = 400
"""Copies that are kept: more than any screen shows at once."""


class Thumbnails:
    """Addresses of small copies, by the number of the picture. The one shown last goes last."""

    def __init__(
        self,
        make: Callable[[int], Awaitable[Any]],
        address: Callable[[Any], str],
        revoke: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        """
        Args:
            make: returns a small copy of a picture as a `Blob`; None if there can be none.
            address: returns a `blob:` address of it.
            revoke: frees an address.
            changed: called when there is one more.
        """
        self._make, self._address, self._revoke, self._changed = make, address, revoke, changed
        self._urls: OrderedDict[int, str] = OrderedDict()
        self._wanted: Sequence[int] = ()
        self._running = False
        self._era = 0  # of the pictures that have these numbers

    def __len__(self) -> int:
        return len(self._urls)

    def url(self, number: int) -> str:
        """Return the address of a copy; "" while there is none."""
        if number in self._urls:
            self._urls.move_to_end(number)
        return self._urls.get(number, "")

    def keep(self, number: int, blob: Any) -> None:
        """Keep a copy that was made on another occasion; None notes that there can be none."""
        if number in self._urls:
            return
        self._urls[number] = self._address(blob) if blob is not None else ""
        while len(self._urls) > MOST:
            _, dropped = self._urls.popitem(last=False)
            if dropped:
                self._revoke(dropped)
        self._changed()

    def want(self, numbers: Sequence[int]) -> bool:
        """Make copies of these pictures, and of no others that were wanted before; return whether
        `run` is to be called."""
        self._wanted = [number for number in numbers if number not in self._urls]
        return bool(self._wanted) and not self._running

    async def run(self) -> None:
        """Make the copies that are wanted, one at a time."""
        self._running = True
        try:
            while self._wanted:
                number, *self._wanted = self._wanted
                era, blob = self._era, None
                with suppress(PictureError):  # the analysis says why
                    blob = await self._make(number)
                if era == self._era:
                    self.keep(number, blob)
        finally:
            self._running = False

    def clear(self) -> None:
        """Drop all copies: from now on the numbers are those of other pictures."""
        self._wanted = ()
        self._era += 1
        for url in self._urls.values():
            if url:
                self._revoke(url)
        self._urls.clear()
