"""Kinds of files and addresses: picture, video or model. Pure Python."""

from __future__ import annotations

from typing import Any

MODEL_ENDING = ".onnx"
VIDEO_ENDINGS = (".mp4", ".m4v", ".mov", ".webm", ".ogv", ".mkv")


def is_video(source: Any) -> bool:
    """Whether a file or address holds a video rather than a picture.

    Args:
        source: an address, or an object with the attribute `type` of a `File`.
    """
    if isinstance(source, str):
        return source.split("?")[0].lower().endswith(VIDEO_ENDINGS)
    return str(source.type).startswith("video/")


def is_model(file: Any) -> bool:
    """Whether a file's name is that of a network."""
    return str(file.name).lower().endswith(MODEL_ENDING)


def is_media(file: Any) -> bool:
    """Whether a file says that it is a picture or a video."""
    return str(file.type).startswith(("image/", "video/"))


def kind(source: str) -> str:
    """Return what a source of the address is: "camera", "video" or "picture"."""
    if source == "camera":
        return source
    return "video" if is_video(source) else "picture"
