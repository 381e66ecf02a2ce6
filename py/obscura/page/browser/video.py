"""Videos: what a `<video>` that plays a file says of its frames and of itself."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from js import window

HAVE_CURRENT_DATA = 2
"""The `readyState` of a video that has a frame to show."""
SUSPENDED_S = 1.0
"""For how long a browser that has stopped reading may still take to show what it has read: some
read nothing before they are to play."""
SHOWING_S = 1.0
"""How long a busy browser may take to show the frame that it says it shows."""
SHOWING_EVERY_S = 1 / 60
LATE_S = 0.5
"""A file begins late if the frame that shows, less the time that was played, is later than this."""
BEYOND_S = 1e7
"""No video lasts as long as this."""
ENDING_S = 10
"""How long a browser may take to find out where a video ends."""


async def until(video: Any, *events: str, limit_s: float) -> str:
    """Wait for one of some events of a `<video>`; return which one, "" if it fails or takes too
    long."""
    came: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def settle(happened: Any) -> None:
        if not came.done():
            came.set_result(str(happened.type))

    stop = _listening(video, (*events, "error"), settle)
    try:
        async with asyncio.timeout(limit_s):
            event = await came
    except TimeoutError:
        return ""
    finally:
        stop()
    return "" if event == "error" else event


async def shown_s(
    video: Any, *, after_s: float = -math.inf, before_s: float = math.inf
) -> float | None:
    """Return when the frame that shows begins, in seconds on the video's own clock; None where the
    browser does not say. A busy one may say that a video has a frame, or shows another, before it
    does: that is waited for.

    Args:
        after_s: wait for a frame that begins later than this.
        before_s: wait for a frame that begins earlier than this.
    """
    if not hasattr(window, "VideoFrame") or not video.videoWidth:
        return None  # it never will
    now_s = asyncio.get_running_loop().time
    end_s = now_s() + SHOWING_S
    while True:
        begun_s = _shown_s(video)
        if begun_s is not None and after_s < begun_s < before_s:
            return begun_s
        if now_s() > end_s:
            return None
        await asyncio.sleep(SHOWING_EVERY_S)


async def playing_file(video: Any, limit_s: float) -> float:
    """Wait until a file plays; return when its first frame begins, in seconds on the clock of the
    `<video>`; 0 where the browser does not say. Files may begin late, and some browsers count from
    there.

    Raises:
        TimeoutError: it does not; WebKitGTK neither plays nor refuses what it has no decoder for.
        ValueError: it has no picture. JavaScript errors: the browser refused to play.
    """
    async with asyncio.timeout(limit_s):
        await _until_data(video, limit_s)
        known = int(video.readyState) >= HAVE_CURRENT_DATA
        begun_s = await shown_s(video) if known else None
        await video.play()
        if not known:
            begun_s = await _first_of_playing_s(video, limit_s)
    if not video.videoWidth:  # of a file, it is known once it plays
        raise ValueError("it has no picture")
    return max(begun_s or 0.0, 0.0)


async def find_end(video: Any) -> None:
    """Have the browser find out how long a file lasts that does not say it, as recordings of
    browsers: it does when it is to show what lies beyond."""
    video.currentTime = BEYOND_S
    with suppress(TimeoutError):
        async with asyncio.timeout(ENDING_S):
            while not math.isfinite(float(video.duration)):
                await asyncio.sleep(0.05)
    video.currentTime = 0
    await video.play()


async def _first_of_playing_s(video: Any, limit_s: float) -> float | None:
    """As `shown_s` of the first frame, for a file that has just begun to play; 0 if it does not
    begin late."""
    now_s = asyncio.get_running_loop().time
    played_s = now_s()
    begun_s = await shown_s(video)
    if begun_s is None or begun_s - (now_s() - played_s) <= LATE_S:
        return 0.0
    video.pause()
    video.currentTime = 0  # of what is there, players show the first
    if await until(video, "seeked", limit_s=limit_s):
        first_s = await shown_s(video, before_s=begun_s)
        begun_s = begun_s if first_s is None else first_s  # it was the first already
    await video.play()
    return begun_s


async def _until_data(video: Any, limit_s: float) -> None:
    """Wait until a video has its first frame, or reads no further before it is to play."""
    if int(video.readyState) < HAVE_CURRENT_DATA:
        came = await until(video, "loadeddata", "suspend", limit_s=limit_s)
        if came == "suspend" and int(video.readyState) < HAVE_CURRENT_DATA:
            await until(video, "loadeddata", limit_s=SUSPENDED_S)


def _shown_s(video: Any) -> float | None:
    """Return when the frame that shows begins, as of `shown_s`; None where there is none yet."""
    with suppress(Exception):  # of some videos browsers never make one
        frame = window.VideoFrame.new(video)
        begun_s = float(frame.timestamp) / 1e6
        frame.close()
        return begun_s
    return None


def _listening(
    target: Any, events: tuple[str, ...], heard: Callable[[Any], None]
) -> Callable[[], None]:
    """Listen to events; return what ends that."""
    from pyodide.ffi import create_proxy

    proxy = create_proxy(heard)
    for event in events:
        target.addEventListener(event, proxy)

    def stop() -> None:
        for event in events:
            target.removeEventListener(event, proxy)
        proxy.destroy()

    return stop
