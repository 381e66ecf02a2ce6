"""Opening: from a path or an address to its source."""

from __future__ import annotations

import os

from obscura import places
from obscura.sources.errors import SourceError
from obscura.sources.listing import ADDRESS, is_remote, is_video
from obscura.sources.source import Complain, Source


def open_source(
    where: str | os.PathLike[str] | int,
    *,
    every: int = 1,
    fps: float | None = None,
    complain: Complain | None = None,
) -> Source:
    """Return the source at a path or an address.

    Args:
        where: a picture, a folder of numbered frames, a video, a camera (``camera:0`` or its number
            alone), ``rtsp://...`` or another address that FFmpeg reads, or ``-`` for a picture on
            standard input.
        every: use only every nth frame.
        fps: frames per second, where the source does not say, and in place of what it says.
        complain: receives what is wrong with single frames, which are left out; None to have it
            raised.

    Raises:
        SourceError: it cannot be read. PictureError: it is a picture that cannot be read.
        ToolMissing: it is a video, camera or stream, and PyAV is not installed. ValueError: a
            number is below 0, or ``every`` below 1.
    """
    if every < 1:
        raise ValueError(f"every: wanted at least 1, got {every}")
    if isinstance(where, int) and where < 0:
        raise ValueError(f"where: wanted a camera from 0, got {where}")
    text = f"camera:{where}" if isinstance(where, int) else os.fspath(where)
    if is_remote(text):
        from obscura.sources.remote import RemoteStill, RemoteVideo

        return RemoteVideo(text, every=every, fps=fps) if is_video(text) else RemoteStill(text)
    if ADDRESS.fullmatch(text):
        from obscura.sources.video import Stream

        return Stream(text, every=every, fps=fps)
    if text.lower().startswith("camera:") and not places.exists(text):
        raise SourceError("There is no such camera", text, remedy="Give its number: camera:0.")
    if is_video(text):
        from obscura.sources.video import Video

        return Video(text, every=every, fps=fps)
    from obscura.sources.stills import Folder, Still

    if places.is_dir(text):
        if not fps:
            raise SourceError(
                "The number of frames per second is not known", text, remedy="Give it: --fps 25."
            )
        return Folder(text, every=every, fps=fps, complain=complain)
    return Still(text)
