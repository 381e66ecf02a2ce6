"""Page: the built site, from the same origin as the server's own calls."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePath
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

# As tools/builder/serve.py and hosts.py have them; a test compares them.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".mp4": "video/mp4",
    ".onnx": "application/octet-stream",
    ".png": "image/png",
    ".py": "text/x-python; charset=utf-8",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".wasm": "application/wasm",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".whl": "application/zip",
    ".woff2": "font/woff2",
    ".zip": "application/zip",
}
ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PRIVATE = {
    # Of other sites none frames the page, or a press there might agree to something here.
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Permissions-Policy": ", ".join(
        ["camera=(self)", "display-capture=(self)", "microphone=(self)", "geolocation=()"]
    ),
    "Referrer-Policy": "no-referrer",
}
HASHED = re.compile(r"(\.[0-9a-f]{10}\.\w+|-[0-9a-f]{10}/[\w.-]+)$")
"""Names that change with what the file holds, so that it may be kept for ever."""
OTHER = "text/plain; charset=utf-8"  # LICENSE, NOTICE


class Page(StaticFiles):
    """Serves a built site with the headers that its threads, its caching and its privacy need."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)

    def file_response(
        self, full_path: str | os.PathLike[str], *arguments: Any, **options: Any
    ) -> Response:
        """Answer with a file."""
        response = super().file_response(full_path, *arguments, **options)
        path = PurePath(full_path)
        if "content-type" in response.headers:
            response.headers["content-type"] = TYPES.get(path.suffix, OTHER)
        for name, value in (ISOLATION | PRIVATE).items():
            response.headers[name] = value
        kept = HASHED.search(path.as_posix()) is not None
        response.headers["cache-control"] = (
            "public, max-age=31536000, immutable" if kept else "no-cache"
        )
        response.headers["x-content-type-options"] = "nosniff"
        return response
