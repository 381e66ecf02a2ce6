"""Kinds of files and addresses: picture, video or model. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MODEL_ENDING = ".onnx"
COMPANION_ENDINGS = (".txt", ".names", ".labels", ".json", ".toml", ".yaml", ".yml", ".pbtxt")
"""Endings of files that come with a network: class names or a card."""
VIDEO_ENDINGS = (
    *(".mp4", ".m4v", ".mov", ".webm", ".ogv", ".mkv", ".avi", ".ts", ".mts", ".m2ts", ".mpg"),
    *(".mpeg", ".3gp", ".wmv", ".flv"),
)
"""Endings of videos; browsers refuse some of them, but none is a picture."""
PICTURE_ENDINGS = (
    ".heic",
    ".heif",
    ".avif",
    ".jxl",
    ".tif",
    ".tiff",
    ".webp",
    ".jpg",
    ".jpeg",
    ".png",
)
"""Endings of pictures of which some browsers know no type."""
DATA_ENDING, TABLE_ENDING, ARCHIVE_ENDING = ".json", ".toml", ".zip"
DATA_HEAD_BYTES = 65_536
"""How much of a JSON file's beginning tells what it is for: its keys come in any order. Of an
archive it is the end, where the members are listed."""
HEAD_BYTES = 512
"""How much of a file's beginning tells what it is."""
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")

# What the content begins with, after a number of bytes.
_PICTURES = (
    (0, b"\xff\xd8\xff"),  # JPEG
    (0, b"\x89PNG\r\n\x1a\n"),
    (0, b"GIF8"),
    (8, b"WEBP"),
    (0, b"BM"),
    (0, b"II*\0"),  # TIFF
    (0, b"MM\0*"),
    (0, b"\0\0\1\0"),  # ICO
    (4, b"ftypavif"),
    (4, b"ftypavis"),
)
_VIDEOS = (
    (4, b"ftyp"),  # MP4, QuickTime, 3GP
    (4, b"moov"),
    (4, b"mdat"),
    (0, b"\x1aE\xdf\xa3"),  # WebM, Matroska
    (0, b"OggS"),
    (8, b"AVI "),
    (0, b"\0\0\1\xba"),  # MPEG program stream
    (0, b"\0\0\1\xb3"),
    (0, b"FLV\1"),
    (0, b"0&\xb2u\x8ef\xcf\x11"),  # ASF: WMV
)
_PACKETS = (0, 188, 376)
"""Where packets of an MPEG transport stream begin, each with the letter G."""


def is_heic(head: bytes) -> bool:
    """Whether a file that begins so is a HEIC picture."""
    return head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS


def is_video(source: Any, head: bytes = b"") -> bool:
    """Whether a file or address holds a video rather than a picture. So does sound, because what
    plays videos says best that there is nothing to see.

    Args:
        source: an address, or an object with the attributes `type` and `name` of a `File`.
        head: the file's first `HEAD_BYTES`. What they say counts before its type, and that before
            its name: where the system does not know an ending, browsers know no type.
    """
    if isinstance(source, str):
        return _path(source).endswith(VIDEO_ENDINGS)
    if is_heic(head) or _begins(head, _PICTURES):
        return False
    if _begins(head, _VIDEOS) or all(head[at : at + 1] == b"G" for at in _PACKETS):
        return True
    kind = str(getattr(source, "type", "") or "")
    if kind in ("", "application/octet-stream"):
        return str(getattr(source, "name", "") or "").lower().endswith(VIDEO_ENDINGS)
    return kind.startswith(("video/", "audio/"))


def is_model(file: Any) -> bool:
    """Whether a file's name is that of a network."""
    return str(file.name).lower().endswith(MODEL_ENDING)


def is_companion(file: Any) -> bool:
    """Whether a file's name is that of class names or a card."""
    return str(file.name).lower().endswith(COMPANION_ENDINGS)


def is_data(file: Any) -> bool:
    """Whether a file's name is that of JSON."""
    return str(file.name).lower().endswith(DATA_ENDING)


def is_table(file: Any) -> bool:
    """Whether a file's name is that of TOML."""
    return str(file.name).lower().endswith(TABLE_ENDING)


def is_archive(file: Any) -> bool:
    """Whether a file's name is that of a zip archive."""
    return str(file.name).lower().endswith(ARCHIVE_ENDING)


def telling_part(file: Any) -> tuple[int, int]:
    """Return where the bytes of a JSON, TOML or zip file are by which features claim it."""
    end = int(file.size) if is_archive(file) else DATA_HEAD_BYTES
    return max(end - DATA_HEAD_BYTES, 0), end


def is_media(file: Any) -> bool:
    """Whether a file says that it is a picture or a video."""
    return str(file.type).startswith(("image/", "video/"))


def is_media_of_folder(file: Any) -> bool:
    """Whether a file of a folder is a picture or a video, by its type, or by its name where the
    browser knows no type. Hidden files are not; some systems have one beside each picture."""
    name = str(file.name).lower()
    if name.startswith("."):
        return False
    return is_media(file) or (not str(file.type) and name.endswith(PICTURE_ENDINGS + VIDEO_ENDINGS))


def sorted_out(files: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return which files are to be shown, and which belong to a model: all that are no pictures and
    no videos, if one of them is a network, its class names or its card."""
    if not any(is_model(file) or is_companion(file) for file in files):
        return list(files), []
    media = [file for file in files if is_media(file)]
    return media, [file for file in files if not is_media(file)]


def kind(source: str) -> str:
    """Return what a source of the address is: "camera", "screen", "video" or "picture"."""
    if source in ("camera", "screen"):
        return source
    return "video" if is_video(source) else "picture"


def _path(address: str) -> str:
    """Return an address in small letters, without its query and fragment."""
    return address.partition("#")[0].partition("?")[0].lower()


def _begins(head: bytes, known: tuple[tuple[int, bytes], ...]) -> bool:
    return any(head.startswith(mark, at) for at, mark in known)
