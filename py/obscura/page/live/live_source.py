"""Live source: a camera, a shared screen or a video file in the `<video>` that plays it."""

from __future__ import annotations

import math
from typing import Any

from obscura.page.browser import camera, files
from obscura.page.state.shared_screen import screen_name


class LiveSource:
    """The stream of a camera or shared screen, or a file, in the `<video>` that plays it."""

    is_live = True

    def __init__(
        self,
        video: Any,
        *,
        stream: Any = None,
        url: str = "",
        name: str = "",
        screen: bool = False,
        first_s: float = 0.0,
    ) -> None:
        """
        Args:
            stream: of a camera, or of a shared screen if `screen`; the video may play a part of it.
            first_s: when the first frame begins on the video's own clock.
        """
        self.first_s = first_s
        """All times are counted from there, in seconds: as in records (`export.records`)."""
        self.video, self.stream, self._url, self._name = video, stream, url, name
        self.is_screen = screen
        self.is_camera = stream is not None and not screen
        self.facing = self._setting("facingMode") if self.is_camera else ""
        """ "user", "environment", or "" for files and where the camera does not say (laptops)."""
        self.device_id = f"screen {video.srcObject.id}" if screen else self._setting("deviceId")
        """The same for a camera at every visit; of each screen, and of each part of one, its own,
        because nothing that is drawn over one fits another."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, as the video has them now (a phone may turn)."""
        return self.video.videoWidth, self.video.videoHeight

    @property
    def name(self) -> str:
        """Name of the camera, "" where the browser does not say; of a video, its file's; of what is
        shared, its title where the browser gives it."""
        if self.is_screen:
            return screen_name(str(self._track.label), self._setting("displaySurface"))
        return str(self._track.label) if self.is_camera else self._name

    @property
    def silent(self) -> bool:
        """Whether the camera sends no picture at the moment, as while another app uses it; or the
        window that is shared, as while it is minimised."""
        return bool(self._track.muted) if self.stream is not None else False

    @property
    def ended(self) -> bool:
        """Whether the camera was released or disconnected, or sharing has ended."""
        return self.stream is not None and str(self._track.readyState) == "ended"

    @property
    def seeking(self) -> bool:
        """Whether the video does not show the frame yet that was sought."""
        return bool(self.video.seeking)

    @property
    def duration_s(self) -> float | None:
        """Seconds that the video lasts; None where that is unknown, as of a camera."""
        seconds = float(self.video.duration)
        return max(seconds - self.first_s, 0.0) if math.isfinite(seconds) else None

    @property
    def position_s(self) -> float:
        """The time in the video, in seconds."""
        return max(float(self.video.currentTime) - self.first_s, 0.0)

    def play(self, playing: bool) -> None:
        """Play or pause."""
        (self.video.play if playing else self.video.pause)()

    def seek(self, seconds: float) -> None:
        """Go to a time of the video."""
        self.video.currentTime = seconds + self.first_s

    @property
    def rate(self) -> float:
        """How fast the video plays; 1 is its own speed."""
        return float(self.video.playbackRate)

    def set_rate(self, rate: float) -> None:
        """Play faster or slower; 1 is the video's own speed."""
        self.video.playbackRate = rate

    def set_loop(self, loop: bool) -> None:
        """Have the video begin again at its end, or not."""
        self.video.loop = loop

    async def set_resolution(self, resolution: str) -> bool:
        """Have the camera send pictures of about this size; return False if it refuses."""
        return await camera.set_resolution(self._track, resolution)

    def stop(self) -> None:
        """Release the camera or the file, or end sharing."""
        if self.stream is not None:
            camera.stop_stream(self.stream)
        self.let_go()

    def let_go(self) -> None:
        """Play it no more; the stream goes on for who has it."""
        release(self.video)
        files.revoke(self._url)

    @property
    def _track(self) -> Any:
        return self.stream.getVideoTracks()[0]

    def _setting(self, name: str) -> str:
        if self.stream is None:
            return ""
        return str(getattr(self._track.getSettings(), name, "") or "")


def release(video: Any) -> None:
    """Have a video let go of what it plays."""
    video.pause()
    video.srcObject = None
    video.removeAttribute("src")
    video.load()
