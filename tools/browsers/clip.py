"""The clip that Chromium's fake camera shows."""

from __future__ import annotations

from pathlib import Path

CLIP = "camera.mjpeg"
"""The clip's usual file name."""

PICTURE = Path(__file__).with_name("camera.jpg")


def write_clip(path: Path, picture: Path = PICTURE) -> Path:
    """Write the clip to `path` and return it; its folder is made if it is missing.

    Args:
        picture: a JPEG file, which it shows.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Motion JPEG is pictures one after another, and Chromium plays them over and over.
    path.write_bytes(picture.read_bytes() * 2)
    return path
