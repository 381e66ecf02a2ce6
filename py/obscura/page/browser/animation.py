"""Animation: work for each frame of the display, while it is wanted."""

from __future__ import annotations

from collections.abc import Callable

from js import cancelAnimationFrame, requestAnimationFrame, window
from pyodide.ffi import create_proxy


class Animation:
    """Calls a function before each frame of the display.

    People who asked their system for less motion see none: then it is never called.

    Boundary: one proxy serves every frame for the life of the page.
    """

    def __init__(self, draw: Callable[[], bool]) -> None:
        """
        Args:
            draw: returns whether it is to be called again.
        """
        self._draw = draw
        self._proxy = create_proxy(self._frame)
        self._ticket = 0
        self._reduced = window.matchMedia("(prefers-reduced-motion: reduce)")

    @property
    def allowed(self) -> bool:
        """Whether people see animations; those who asked their system for less motion do not."""
        return not self._reduced.matches

    def start(self) -> None:
        """Begin with the next frame of the display."""
        if not self._ticket and self.allowed:
            self._ticket = requestAnimationFrame(self._proxy)

    def stop(self) -> None:
        """Call it no more."""
        if self._ticket:
            cancelAnimationFrame(self._ticket)
            self._ticket = 0

    def _frame(self, _now: float) -> None:
        self._ticket = 0
        if self._draw():
            self.start()
