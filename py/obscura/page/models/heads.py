"""Heads of the page: which second networks are wanted, and in which sessions they are open.

Pure Python. A head is opened in a session before that runs its next frame, because crops are cut
from the frame that ran last. So another model, or another backend, has them as well.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from obscura.engine.session import NetworkForm
from obscura.errors import ObscuraError


class Head(NamedTuple):
    """A head that is wanted."""

    form: NetworkForm
    """How it takes crops: its card."""
    load: Callable[[], Awaitable[Any]]
    """Returns a new `ArrayBuffer` of its network, verified."""


class SessionHeads:
    """Opens the heads that are wanted in the sessions that run."""

    def __init__(self) -> None:
        self._wanted: dict[str, Head] = {}
        self._open: WeakKeyDictionary[Any, dict[str, Head]] = WeakKeyDictionary()
        self.failures: dict[str, ObscuraError] = {}
        """Why heads that are wanted could not be opened, by name."""

    def want(self, heads: Mapping[str, Head]) -> None:
        """Have these heads open, and no others, from the next frame on; those that failed are
        tried again."""
        self._wanted = dict(heads)
        self.failures.clear()

    def is_open(self, session: Any, name: str) -> bool:
        """Whether a head is open in a session. One that is wanted only since a frame began to run
        is not, and its crops would be cut from a frame that the session does not know."""
        return name in self._open.get(session, ())

    async def open_in(self, session: Any) -> None:
        """Open in a session what is wanted, and close what is not. What fails is noted, and does
        not keep the others from being opened.

        Args:
            session: an `engine.session.AsyncSession`.
        """
        if not self._wanted and not self._open:
            return
        opened = self._open.setdefault(session, {})
        for name in [each for each in opened if opened[each] is not self._wanted.get(each)]:
            del opened[name]
            await session.close_head(name)
        for name, head in list(self._wanted.items()):
            if name in opened or name in self.failures:
                continue
            try:
                await session.open_head(name, await head.load(), head.form)
            except ObscuraError as error:
                self.failures[name] = error
            else:
                opened[name] = head
