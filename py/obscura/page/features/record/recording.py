"""One recording: pictures with their boxes, and when each shows. Pure Python."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from obscura.page.features.record.timeline import Timeline

MOST_WAITING = 2
"""Frames that may wait for the encoder; those that come meanwhile are left out, so that the live
picture is never kept waiting."""
MOST_HELD = 3
"""Frames that may wait for their answer; browsers have few, and cameras stop without them."""


class Encoder(Protocol):
    """Encodes what is on a canvas into a file; `browser.recorder.Encoder` is one."""

    @property
    def written(self) -> int: ...
    def add(self, time_s: float, duration_s: float) -> Awaitable[None]: ...
    async def finish(self, *, complete: bool = True) -> None: ...


class HeldFrames:
    """Frames that wait for what is found in them, by their index."""

    def __init__(self) -> None:
        self._frames: dict[int, Any] = {}

    def add(self, index: int, frame: Any) -> None:
        """Hold a frame, which has `close()`; the oldest goes if there are too many."""
        if any(each >= index for each in self._frames):  # another source, which begins at 0
            self.clear()
        self._frames[index] = frame
        if len(self._frames) > MOST_HELD:
            self._frames.pop(min(self._frames)).close()

    def take(self, index: int) -> Any:
        """Return a frame, which the caller closes, and close those before it, which have no answer;
        None if there is none."""
        for earlier in [each for each in self._frames if each < index]:
            self._frames.pop(earlier).close()
        return self._frames.pop(index, None)

    def clear(self) -> None:
        """Close all."""
        for frame in self._frames.values():
            frame.close()
        self._frames.clear()


class Recording:
    """Attributes:
    frames: how many were given to the encoder.
    left_out: how many were not, because it was busy.
    error: what the encoder or the disk failed with; None while they work.
    """

    def __init__(self, encoder: Encoder, spawn: Callable[[Coroutine[Any, Any, None]], Any]) -> None:
        """
        Args:
            spawn: starts a coroutine.
        """
        self._encoder, self._spawn = encoder, spawn
        self._timeline = Timeline()
        self._waiting = 0
        self.frames = self.left_out = 0
        self.error: Exception | None = None

    @property
    def unbroken(self) -> bool:
        """Whether it has all that the source showed from its first frame to its last."""
        return not self._timeline.jumps

    @property
    def seconds(self) -> float:
        """Seconds recorded so far."""
        return self._timeline.end_s if self.frames else 0.0

    @property
    def written(self) -> int:
        """Bytes written so far."""
        return self._encoder.written

    def add(
        self,
        draw: Callable[[], None],
        time_s: float,
        epoch: int,
        *,
        is_video: bool,
        source: object = None,
    ) -> None:
        """Add a frame, which `draw()` draws; other arguments as of `Timeline.frame`."""
        shown = self._timeline.frame(time_s, epoch, is_video=is_video, source=source)
        if shown is None or self.error is not None:
            return
        if self._waiting >= MOST_WAITING:
            self.left_out += 1
            return
        draw()
        self.frames += 1
        self._waiting += 1
        self._spawn(self._added(self._encoder.add(*shown)))

    async def finish(self) -> None:
        """Write what is still to be written. An error is in `error` then; what was written before
        it stays readable."""
        try:
            await self._encoder.finish()
        except Exception as error:  # noqa: BLE001  (whatever browsers throw)
            self.error = self.error or error

    async def _added(self, done: Awaitable[None]) -> None:
        try:
            await done
        except Exception as error:  # noqa: BLE001  (as above)
            self.error = self.error or error
        finally:
            self._waiting -= 1
