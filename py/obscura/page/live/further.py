"""Further cameras: those beside the one in view, which take turns with it. Pure Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from obscura.page.live.reading import PictureReader
from obscura.page.state.settings import Settings


class FurtherCameras:
    """Opens further cameras, and analyses their frames in turn with those of what is in view."""

    def __init__(
        self, opener: Any, reader: PictureReader, settings: Callable[[], Settings]
    ) -> None:
        """
        Args:
            opener: `live.sources.SourceOpener`.
        """
        self._opener, self._reader, self._settings = opener, reader, settings
        self._opened: list[Any] = []

    async def open(self, device_id: str) -> Any:
        """Open a camera (`live.live_source.LiveSource`); the caller stops it.

        Raises:
            CameraError: it cannot be opened.
        """
        resolution = self._settings().resolution
        source = await self._opener.camera(
            device_id=device_id, facing="user", resolution=resolution, wanted=lambda: True
        )
        self._opened = [*self._running, source]
        return source

    @property
    def possible(self) -> bool:
        """Whether several cameras can run at the same time."""
        return bool(self._opener.can_run_several)

    @property
    def names(self) -> list[str]:
        """Names of those that run; "" for one without a name."""
        return [str(source.name) for source in self._running]

    @property
    def _running(self) -> list[Any]:
        return [source for source in self._opened if not source.ended]

    def take_turns(self, taken: bool) -> None:
        """Have the frames of what is in view and those of further cameras analysed in turn."""
        self._reader.takes_turns = taken

    async def beside(self, capture: Callable[[], Any]) -> Any:
        """Return what the model answers about a further camera; see `PictureReader.beside`."""
        return await self._reader.beside(capture)
