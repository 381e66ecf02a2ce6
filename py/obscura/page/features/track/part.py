"""Starts tracking, and stops it, as the setting says."""

from __future__ import annotations

from typing import Any

from obscura.page.browser.animation import Animation
from obscura.page.browser.canvas import new_path
from obscura.page.browser.clock import now_ms
from obscura.page.features.context import Context
from obscura.page.features.track.glide import Glide
from obscura.page.features.track.trails import Trails
from obscura.page.state.feature import Part
from obscura.page.state.settings import Settings
from obscura.tracking import Tracker
from obscura.update import Update


def start(context: Context) -> Track:
    """Start the feature."""
    return Track(context)


class Track(Part):
    """The tracker, its trails, and boxes that glide."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._preferences = context.page, context.preferences
        self._analysis, self._overlay = context.analysis, context.overlay
        self._display = context.display
        self._tracker = Tracker()
        self._trails = Trails(new_path)
        self._glide = Glide(
            self._analysis,
            self._tracker,
            moving=lambda: self._display.moving and not self._display.delayed,
            showing_ms=self._showing_ms,
            now_ms=now_ms,
        )
        self._animation = Animation(self._draw_due)
        self._on = False
        self._until_ms = 0.0  # until then boxes may move
        self.layers = (self._trails,)
        self.sinks = (self._trails, self)

    def run(self, command: str) -> Any:
        """See `Part`."""
        assert command == "switch"
        return self._page.change(track=not self._preferences.current.track)

    def settings_changed(self, settings: Settings) -> None:
        """See `Part`."""
        self._trails.shown = settings.trails
        if settings.track != self._on:
            self._on = settings.track
            self._overlay.motion = self._glide.moved if self._on else None
            self._analysis.track(self._tracker if self._on else None)

    def take(self, update: Update) -> None:  # noqa: ARG002  (a sink)
        """Keep the boxes in place until the next update."""
        self._glide.animated = self._animation.allowed
        lasts_s = self._glide.lasts_s() if self._on else 0.0
        if lasts_s:
            self._until_ms = now_ms() + lasts_s * 1000
            self._animation.start()

    def close(self) -> None:
        """Stop drawing."""
        self._animation.stop()

    def _showing_ms(self) -> float:
        return float(self._page.sources.playback.showing_ms)

    def _draw_due(self) -> bool:
        """Draw if a box has moved or faded; return whether more frames of the display are
        wanted."""
        if self._on and self._glide.due():
            self._overlay.glide()
        return self._on and now_ms() < self._until_ms
