"""An account of what the page has asked for: how often, where, how large the answers were.

Pure Python: browsers report each request as an address, when it began, and the bytes of its answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

INSIDE = ("blob:", "data:", "about:")
"""What begins so never leaves the browser."""


class Asked(NamedTuple):
    """A request, as a `PerformanceResourceTiming` reports it."""

    address: str
    began: float
    """Milliseconds since its page or worker began; with the address, it identifies a request."""
    size: int
    """Bytes of the answer as they were sent, without headers; 0 where it is not reported."""


@dataclass(frozen=True)
class Row:
    """One address: how often it was asked for, and the largest answer in bytes."""

    name: str
    """Below the page's folder, for this site; the whole address for any other."""
    times: int
    size: int
    foreign: bool


class Account:
    """Adds up requests. One that is reported twice counts once."""

    def __init__(self, page: str) -> None:
        """
        Args:
            page: the page's own address, of any file or with any query.
        """
        scheme, _, rest = page.partition("://")
        self._origin = f"{scheme}://{rest.partition('/')[0]}/"
        self._folder = page.partition("?")[0].partition("#")[0].rpartition("/")[0] + "/"
        self._asked: dict[Asked, None] = {}

    def add(self, requests: Iterable[Asked]) -> None:
        """Take in requests, in the order in which they were made."""
        for each in requests:
            if not each.address.startswith(INSIDE):
                self._asked.setdefault(each)

    @property
    def here(self) -> int:
        """How many requests went to this site."""
        return len(self._asked) - self.foreign

    @property
    def foreign(self) -> int:
        """How many requests went to any other."""
        return sum(not each.address.startswith(self._origin) for each in self._asked)

    def rows(self) -> list[Row]:
        """Every address once: other sites first, then as they were first asked for."""
        by_address: dict[str, list[Asked]] = {}
        for each in self._asked:
            by_address.setdefault(each.address, []).append(each)
        rows = [
            Row(
                name=self._short(address),
                times=len(requests),
                size=max(each.size for each in requests),
                foreign=not address.startswith(self._origin),
            )
            for address, requests in by_address.items()
        ]
        return sorted(rows, key=lambda row: not row.foreign)

    def _short(self, address: str) -> str:
        if address.startswith(self._folder):
            return address.removeprefix(self._folder) or "./"
        here = address.startswith(self._origin)
        return "/" + address.removeprefix(self._origin) if here else address
