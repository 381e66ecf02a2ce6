"""Errors of files and addresses that cannot be shown."""

from __future__ import annotations

from obscura.errors import PictureError


class SourceForeign(PictureError):
    """The address is on another site."""

    code = "source-foreign"
    remedy = "Use a file of this site."


class HeicUnread(PictureError):
    """The photo is HEIC, which this browser does not read."""

    code = "picture-heic"
    remedy = "Share the photo as JPEG."


class SourceMissing(PictureError):
    """The address leads to no file."""

    code = "source-missing"
    remedy = "Check the address."


class VideoUnread(PictureError):
    """The video cannot be played."""

    code = "video-unreadable"
    remedy = "Use MP4 (H.264) or WebM."


class VideoWithoutPicture(VideoUnread):
    """The file has sound alone, or pictures in a format that the browser does not know."""

    code = "video-no-picture"
    remedy = "Choose a video in MP4 (H.264) or WebM."
