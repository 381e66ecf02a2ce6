"""Given: files as they enter the collection."""

from __future__ import annotations

from typing import Any

from obscura.page.browser import files
from obscura.page.features.photos.collection import Photo, State
from obscura.page.live import kinds


def photo_of(file: Any) -> Photo:
    """Return a file that was given, about which nothing is known yet."""
    state = State.VIDEO if kinds.is_video(file) else State.WAITING
    return Photo(file, files.path_of(file), int(file.size), float(file.lastModified), state)
