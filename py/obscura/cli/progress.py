"""Progress on a terminal: a line on stderr, shown after half a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

from obscura.cli.plain import message, plain
from obscura.errors import ObscuraError

PATIENCE_S, BETWEEN_S = 0.5, 0.1
"""Progress is shown after the one, and then as often as the other."""


class Progress:
    """A line that says how far a command is. It is gone at the end of a with block."""

    def __init__(self) -> None:
        self._began = self._shown = time.monotonic()
        self._there = False
        self._said: set[str] = set()
        self.failed = False
        """Whether anything was reported with `complain`."""

    def show(self, words: str) -> None:
        """Show words in place of those before."""
        now = time.monotonic()
        if sys.stderr.isatty() and now - self._began > PATIENCE_S and now - self._shown > BETWEEN_S:
            sys.stderr.write(f"\r\x1b[K{words}")
            sys.stderr.flush()
            self._shown, self._there = now, True

    def hide(self) -> None:
        """Remove the line, before anything else is printed."""
        if self._there:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._there = False

    def complain(self, error: ObscuraError) -> None:
        """Report what is wrong with one input; the command goes on."""
        self.failed = True
        self.hide()
        print(f"obscura: {message(error)}", file=sys.stderr)

    def say(self, notes: Iterable[str]) -> None:
        """Print each sentence to stderr, unless it was printed before."""
        for note in notes:
            if note not in self._said:
                self._said.add(note)
                self.hide()
                print(f"obscura: {plain(note)}", file=sys.stderr)

    def restart(self) -> None:
        """Remove the line; the next one is shown after half a second again."""
        self.hide()
        self._began = self._shown = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        self.hide()


def of(done: int, total: int, what: str) -> str:
    """Return how many things were done, in words; ``total`` is 0 where it is not known."""
    return f"{done} of {total} {what}" if total else f"{done} {what}"
