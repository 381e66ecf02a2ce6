"""Heads of the page: which second networks are wanted, and in which sessions they are open.

Pure Python. A head is opened in a session before that runs its next frame, because crops are cut
from the frame that ran last. So another model, or another backend, has them as well.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, WeakSet

from obscura.engine.session import NetworkForm
from obscura.errors import BackendError, ObscuraError


class Head(NamedTuple):
    """A head that is wanted."""

    form: NetworkForm
    """How it takes crops: its card."""
    load: Callable[[], Awaitable[Any]]
    """Returns a new `ArrayBuffer` of its network, verified; at once, because frames wait for it."""
    name: str = ""
    """Of a shipped network; "" for one of the person's own."""
    title: str = ""
    """Its name for people."""


class SessionHeads:
    """Opens the heads that are wanted in the sessions that run."""

    def __init__(self) -> None:
        self._wanted: dict[str, Head] = {}
        self._open: WeakKeyDictionary[Any, dict[str, Head]] = WeakKeyDictionary()
        self._lost: set[str] = set()
        self._took: WeakSet[Any] = WeakSet()
        self.failures: dict[str, ObscuraError] = {}
        """Why heads that are wanted could not be opened, or are not opened again, by name."""
        self.used: dict[str, str] = {}
        """Titles of the shipped networks that were open in this visit, by name."""
        self.on_use: Callable[[], object] = lambda: None
        """Called when another one is."""

    def want(self, heads: Mapping[str, Head], *, again: bool = False) -> None:
        """Have these heads open, and no others, from the next frame on; those that could not be
        opened are tried again.

        Args:
            again: try those again, too, with which the engine was lost.
        """
        self._wanted = dict(heads)
        if again:
            self._lost.clear()
        self.failures = {name: e for name, e in self.failures.items() if name in self._lost}

    def took(self, session: Any) -> bool:
        """Return whether a session's engine was lost with a head, and not by its own fault."""
        return session in self._took

    def engine_lost(self, session: Any, name: str, error: ObscuraError) -> None:
        """Take note that a session's engine was lost while a head ran or was being opened. It stays
        off until a person tries again, so that it does not take one engine after the other along.
        """
        self._took.add(session)
        self._lost.add(name)
        self.failures[name] = error

    def is_open(self, session: Any, name: str) -> bool:
        """Whether a head is open in a session. One that is wanted only since a frame began to run
        is not, and its crops would be cut from a frame that the session does not know."""
        return name in self._open.get(session, ())

    async def open_in(self, session: Any) -> None:
        """Open in a session what is wanted, and close what is not. What fails is noted, and keeps
        neither the others from being opened nor the model from running.

        Args:
            session: an `engine.session.AsyncSession`.
        """
        if not self._wanted and not self._open:
            return
        opened = self._open.setdefault(session, {})
        for name in [each for each in opened if opened[each] is not self._wanted.get(each)]:
            del opened[name]
            try:
                await session.close_head(name)
            except ObscuraError:
                return  # the engine is lost, as its next run will find
        for name, head in list(self._wanted.items()):
            if name in opened or name in self.failures:
                continue
            try:
                await session.open_head(name, await head.load(), head.form)
            except ObscuraError as error:
                self.failures[name] = error
                if session.lost:
                    self.engine_lost(session, name, error)
                    return
            except Exception as error:  # noqa: BLE001  (a network that graphs or browsers choke on)
                self.failures[name] = BackendError("The network could not be opened", error)
            else:
                opened[name] = head
                self._note_use(head)

    def _note_use(self, head: Head) -> None:
        if head.name and head.name not in self.used:
            self.used[head.name] = head.title
            self.on_use()
