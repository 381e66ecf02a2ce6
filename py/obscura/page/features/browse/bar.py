"""Video bar: name, time line, frame by frame, and speed of the video in view."""

from __future__ import annotations

from typing import Any

from obscura.page.browser.dom import by_id, every, listen
from obscura.page.features.browse import words

SHOWN_EVERY_MS = 200


class VideoBar:
    """Shown while a video is in view. The speed that a person chose, and whether it
    begins again at its end, hold for later videos too."""

    def __init__(self, sources: Any) -> None:
        """
        Args:
            sources: `live.controller.SourceController`.
        """
        self._sources = sources
        self._bar, self._line = by_id("video-bar"), by_id("video-time")
        self._clock, self._speed = by_id("video-clock"), by_id("video-speed")
        self._loop = by_id("video-loop")
        self._words = ""
        self._duration: float | None = -1.0  # that the line has
        listen(self._line, "input", lambda _event: self._seek())
        listen(self._speed, "change", lambda _event: self._set_rate())
        listen(self._loop, "click", lambda _event: self._switch_loop())
        every(SHOWN_EVERY_MS, self._show_time)

    def scene_changed(self) -> None:
        """Show what is in view."""
        sources = self._sources
        self._bar.hidden = not sources.is_video
        if not sources.is_video:
            return
        name = by_id("video-name")
        name.textContent = name.title = sources.source_name
        self._set_rate()
        self._set_loop()
        self._show_time()

    def step(self, frames: int) -> None:
        """Pause, and show a frame further on, or back."""
        self._sources.playback.step(frames)
        self._show_time()

    def _seek(self) -> None:
        self._sources.playback.seek(float(self._line.value))
        self._show_time()

    def _set_rate(self) -> None:
        self._sources.playback.set_rate(float(self._speed.value))

    def _switch_loop(self) -> None:
        loops = self._loop.getAttribute("aria-pressed") == "true"
        self._loop.setAttribute("aria-pressed", "false" if loops else "true")
        self._set_loop()

    def _set_loop(self) -> None:
        loops = self._loop.getAttribute("aria-pressed") == "true"
        self._sources.playback.set_loop(loops)

    def _show_time(self) -> None:
        if not self._sources.is_video:
            return
        position, duration = self._sources.position_s, self._sources.duration_s
        if duration != self._duration:  # of some files browsers find it out while they play
            self._duration = duration
            self._line.hidden = duration is None
            if duration is not None:
                self._line.max = f"{duration:g}"
        if not self._line.matches(":active"):  # a hand is on it
            self._line.value = f"{position:g}"
        shown = words.time(position, duration)
        if shown != self._words:
            self._words = self._clock.textContent = shown
            self._line.setAttribute("aria-valuetext", shown)
