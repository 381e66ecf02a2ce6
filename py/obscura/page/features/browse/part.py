"""Browsing: starts the video bar and the picture strip, and routes commands to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from obscura.page.features.browse.bar import VideoBar
from obscura.page.features.browse.strip import PictureStrip
from obscura.page.features.context import Context
from obscura.page.state.feature import Part


def start(context: Context) -> Browse:
    """Start the feature."""
    return Browse(context)


class Browse(Part):
    """The video bar and the picture strip."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._sources = context.page.sources
        self._bar = VideoBar(self._sources)
        self._strip = PictureStrip(self._sources, context.spawn)

    def run(self, command: str) -> Any:
        """See `Part`."""
        direction, _, what = command.partition(" ")
        steps = {"previous": -1, "next": 1}[direction]
        if what == "picture" or (not what and not self._sources.is_video):
            return self._strip.album.move(steps)
        return self._bar.step(steps)

    def scene_changed(self) -> None:
        """See `Part`."""
        self._bar.scene_changed()
        self._strip.album.scene_changed()

    def files_given(self, media: Sequence[Any], others: Sequence[Any]) -> None:
        """See `Part`."""
        self._strip.fill(media, others)
