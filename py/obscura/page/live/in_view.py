"""What is in view: names, sizes and times of the camera, screen, video or photo. Pure Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from obscura.errors import PictureError
from obscura.page.live.analysis import Analysis, Answer
from obscura.page.live.further import FurtherCameras
from obscura.page.live.playback import Playback
from obscura.page.live.protocols import Redactor, Screen, Watcher
from obscura.page.live.reading import PictureReader
from obscura.page.state.scene import Kind, Scene
from obscura.page.state.settings import Settings
from obscura.page.words import text


class InView:
    """Facts about what is in view. The controller, which puts it there, is a subclass."""

    scene: Scene
    playback: Playback
    further: FurtherCameras
    veiled: bool
    _analysis: Analysis
    _reader: PictureReader
    _screen: Screen
    _settings: Callable[[], Settings]
    _opener: Any
    _source: Any

    @property
    def answered(self) -> bool:
        """Whether the picture in view has its answer; while paused, the very frame shown."""
        answer = self._analysis.answer
        return answer is not None and self.in_view(answer)

    def in_view(self, answer: Answer) -> bool:
        """Whether an answer's picture and model are the ones in view."""
        return self._reader.in_view(answer)

    @property
    def redactor(self) -> Redactor | None:
        """What shows pictures, where parts of them are to be hidden."""
        return self._reader.redactor

    @redactor.setter
    def redactor(self, redactor: Redactor | None) -> None:
        self._reader.redactor = redactor

    @property
    def watcher(self) -> Watcher | None:
        """What is given each frame of a camera or video that is being analysed."""
        return self._reader.watcher

    @watcher.setter
    def watcher(self, watcher: Watcher | None) -> None:
        self._reader.watcher = watcher

    def picture(self) -> Any:
        """Return a canvas of what is in view, at its own size, for pictures that people keep:
        redacted if they see it so; awaitable for the sample.

        Raises:
            PictureError: parts of it are to be hidden, and what does so is not there yet.
        """
        if self.redactor is not None:
            return self.redactor.picture()
        if self.veiled:
            raise PictureError(text.VEILED, remedy="Try again in a moment.")
        size = self._source.size if self._source is not None else None
        return self._screen.in_view(self.scene.kind, size)

    @property
    def camera_runs(self) -> bool:
        """Whether a camera is in view."""
        return self._source is not None and bool(self._source.is_camera)

    @property
    def shared(self) -> Any:
        """The shared screen, window or tab in view (`live.live_source.LiveSource`), or None."""
        return self._source if self._source is not None and self._source.is_screen else None

    @property
    def can_share(self) -> bool:
        """Whether the browser shares screens."""
        return bool(self._opener.can_share)

    @property
    def camera_name(self) -> str | None:
        """Name of the camera in view, "" if the browser does not say; None if none runs."""
        return str(self._source.name) if self.camera_runs else None

    @property
    def cameras_on(self) -> list[str]:
        """Names of all cameras that run, the one in view first; "" for one without a name."""
        first = [] if self.camera_name is None else [self.camera_name]
        return [*first, *self.further.names]

    @property
    def camera_id(self) -> str:
        """The device id of the camera in view, else of the chosen one."""
        return str(self._source.device_id if self._source else self._settings().camera)

    @property
    def facing(self) -> str:
        """ "user" or "environment": the side that the camera in view, or the chosen one, faces."""
        return (self._source.facing if self._source else "") or str(self._settings().facing)

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the picture in view in its own pixels; None for the sample."""
        if self.scene.kind is Kind.STILL:
            return self._screen.photo_size
        return self._source.size if self._source is not None else None

    @property
    def mirrored(self) -> bool:
        """Whether the picture is shown as in a mirror, as people expect of front cameras, and of
        laptops', which do not say where they face."""
        return self.camera_runs and bool(self._settings().mirror) and self.facing == "user"

    @property
    def is_video(self) -> bool:
        """Whether a video is in view."""
        return self.playback.video is not None

    @property
    def source_name(self) -> str:
        """Name of the photo, video or camera in view; "" for the sample, and if not known."""
        if self.scene.kind is Kind.LIVE:
            return str(self._source.name)
        return self.scene.caption if self.scene.kind is Kind.STILL else ""

    @property
    def duration_s(self) -> float | None:
        """Seconds that the video in view lasts; None while none is, or where that is unknown."""
        return self.playback.video.duration_s if self.is_video else None

    @property
    def position_s(self) -> float:
        """The time of the video in view that is showing, in seconds; 0 while none is."""
        return float(self.playback.video.position_s) if self.is_video else 0.0
