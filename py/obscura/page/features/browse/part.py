"""Browsing: starts the video bar, and routes commands to it."""

from __future__ import annotations

from typing import Any

from obscura.page.features.browse.bar import VideoBar
from obscura.page.features.context import Context
from obscura.page.state.feature import Part


def start(context: Context) -> Browse:
    """Start the feature."""
    return Browse(context)


class Browse(Part):
    """The video bar."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._sources = context.page.sources
        self._bar = VideoBar(self._sources)

    def run(self, command: str) -> Any:
        """See `Part`."""
        return self._bar.step({"previous frame": -1, "next frame": 1}[command])

    def step(self, steps: int) -> Any:
        """See `Part`."""
        return self._bar.step(steps) if self._sources.is_video else None

    def scene_changed(self) -> None:
        """See `Part`."""
        self._bar.scene_changed()
