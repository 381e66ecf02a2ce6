"""Playback: pausing, seeking and stepping what plays in the `<video>`. Pure Python.

While it is paused, the very frame that it shows is analysed: when it is paused or has ended, and
after each seek and step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from obscura.page.live.analysis import Analysis
from obscura.page.live.loop import Loop
from obscura.page.live.protocols import Hooks
from obscura.page.state.scene import Scene


class Playback:
    """Controls the camera or video in view; does nothing while there is none."""

    def __init__(
        self,
        source: Callable[[], Any],
        scene: Scene,
        loop: Loop,
        analysis: Analysis,
        hooks: Hooks,
        now_ms: Callable[[], float],
    ) -> None:
        """
        Args:
            source: returns the camera or video in view (`live.live_source.LiveSource`), or None.
        """
        self._now_ms = now_ms
        self._source, self._scene, self._loop = source, scene, loop
        self._analysis, self._hooks = analysis, hooks

    @property
    def video(self) -> Any:
        """The video in view; None if a camera, a shared screen, a photo or nothing is."""
        source = self._source()
        lives = source is None or source.is_camera or source.is_screen
        return None if lives else source

    def toggle_pause(self) -> None:
        """Freeze the live picture, or resume."""
        source = self._source()
        if source is not None:
            paused = not self._scene.paused
            source.play(not paused)
            self._freeze(paused)

    def ended(self) -> None:
        """The video has played to its end: it shows its last frame, as if it were paused there."""
        if self.video is not None and not self._scene.paused:
            self._freeze(True)

    def seek(self, seconds: float) -> None:
        """Show the frame at a time of the video, clipped to its duration."""
        video = self.video
        if video is None:
            return
        seconds = min(max(seconds, 0.0), video.duration_s or 0.0)
        self._loop.sought(seconds)
        video.seek(seconds)
        # What is known of the frames before, such as tracks, does not hold for those that follow.
        self._scene.jump()
        self._analysis.clear()
        self._hooks.picture_changed()
        self._hooks.changed()

    def step(self, frames: int) -> None:
        """Show the frame N frames later, or earlier if negative, and pause there."""
        video = self.video
        if video is None:
            return
        if not self._scene.paused:
            self.toggle_pause()
        self.seek(self._loop.stepped(video.position_s, frames))

    def arrived(self) -> None:
        """The video shows the frame that was sought."""
        self._loop.analyse_shown()

    @property
    def showing_ms(self) -> float:
        """When the picture that is showing was made: of a video, within it, so that it stands while
        the video does; of a camera, on the page's clock."""
        video = self.video
        return self._now_ms() if video is None else float(video.position_s) * 1000

    def set_rate(self, rate: float) -> None:
        """Play faster or slower; 1 is the video's own speed."""
        if self.video is not None:
            self.video.set_rate(rate)

    def set_loop(self, loop: bool) -> None:
        """Have the video begin again at its end, or stay there."""
        if self.video is not None:
            self.video.set_loop(loop)

    def _freeze(self, paused: bool) -> None:
        self._scene.freeze(paused)
        self._loop.pause(paused)
        self._hooks.changed()
        self._analysis.refresh()
