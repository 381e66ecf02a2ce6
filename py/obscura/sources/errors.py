"""Errors of sources."""

from __future__ import annotations

from obscura.errors import ObscuraError


class SourceError(ObscuraError):
    """A video, camera or stream cannot be read, or there is none."""

    code = "source"
    remedy = "Check its path."
