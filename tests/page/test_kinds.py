"""Kinds of files and addresses: told by content, else by type, else by name."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from obscura.page.live.kinds import HEAD_BYTES, is_heic, is_video, kind

CASES = Path(__file__).parents[1] / "data" / "cases"


class File(NamedTuple):
    """What a browser knows of a file."""

    name: str = "file"
    type: str = ""


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("clip.mp4", True),
        ("clip.MP4#t=1", True),
        ("clip.webm?v=2#t=1,5", True),
        ("a/clip.avi", True),
        ("clip.ts", True),
        ("clip.mpg", True),
        ("photo.jpg", False),
        ("photo.jpg?from=clip.mp4", False),
        ("photo.jpg#clip.mp4", False),
        ("photo", False),
    ],
)
def test_an_address_is_a_videos_by_the_ending_of_its_path(address: str, expected: bool) -> None:
    assert is_video(address) is expected
    assert kind(address) == ("video" if expected else "picture")


PACKET = b"G" + bytes(187)

VIDEOS = {
    "MP4": b"\0\0\0\x20ftypisom\0\0\2\0",
    "QuickTime": b"\0\0\0\x14ftypqt  ",
    "WebM": b"\x1aE\xdf\xa3\x01",
    "Ogg": b"OggS\0\2",
    "AVI": b"RIFF\0\0\1\0AVI LIST",
    "MPEG-PS": b"\0\0\1\xba\x44",
    "MPEG-TS": PACKET * 3,
    "an MP4 of sound alone": (CASES / "audio-only.mp4").read_bytes()[:HEAD_BYTES],
}


@pytest.mark.parametrize("name", VIDEOS)
@pytest.mark.parametrize("file", [File(), File("x", "application/octet-stream"), File("x.jpg")])
def test_a_videos_content_counts_before_type_and_name(name: str, file: File) -> None:
    assert is_video(file, VIDEOS[name])


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "ICO", "AVIF"])
def test_a_pictures_content_counts_before_type_and_name(format: str) -> None:  # noqa: A002
    file = io.BytesIO()
    Image.new("RGB", (32, 32)).save(file, format)

    assert not is_video(File("clip.mp4", "video/mp4"), file.getvalue()[:HEAD_BYTES])


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (File("clip.mp4", ""), True),
        (File("CLIP.MOV", "application/octet-stream"), True),
        (File("clip", "video/mp4"), True),
        (File("clip.mp4", "image/png"), False),
        (File("song.mp3", "audio/mpeg"), True),  # what plays it says that there is nothing to see
        (File("photo.jpg", ""), False),
        (File("", ""), False),
    ],
)
@pytest.mark.parametrize("head", [b"", b"G", b"something else altogether" * 30])
def test_without_a_known_content_type_and_name_count(
    file: File, expected: bool, head: bytes
) -> None:
    assert is_video(file, head) is expected


def test_heic_is_known_by_its_content() -> None:
    head = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"

    assert is_heic(head)
    assert not is_video(File("x", "application/octet-stream"), head)
    assert not is_heic(VIDEOS["MP4"])
