"""Local web server for a built site, with the headers that a good host sends."""

import errno
import http.server
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any, BinaryIO
from urllib.parse import urlsplit
from weakref import WeakSet

from builder.errors import BuildError
from builder.site import HASHED

# Browsers compile wasm while it arrives, and run modules, only with the right type.
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

# These allow a page to use threads (SharedArrayBuffer).
ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SiteHandler(http.server.SimpleHTTPRequestHandler):
    """Serves ``site`` under the path ``base``; both are attributes of ``SiteServer``."""

    protocol_version = "HTTP/1.1"
    server: "SiteServer"
    extensions_map = {"": "text/plain; charset=utf-8"} | TYPES  # LICENSE, NOTICE
    answered = False  # successfully
    left = 0  # bytes of a range still to be sent; 0 for a whole file

    def translate_path(self, path: str) -> str:
        """Map a URL to a file of the site; one outside ``base`` to a file that does not exist."""
        plain = urlsplit(path).path
        if not plain.startswith(self.server.base):
            return str(self.server.site / "outside-the-site")
        return super().translate_path("/" + plain.removeprefix(self.server.base))

    def send_response(self, code: int, message: str | None = None) -> None:
        """Begin a response."""
        self.answered = code < HTTPStatus.BAD_REQUEST
        super().send_response(code, message)

    def end_headers(self) -> None:
        """Add the headers for isolation and caching to every response."""
        if self.server.isolated:
            for name, value in ISOLATION.items():
                self.send_header(name, value)
        kept = self.answered and HASHED.search(urlsplit(self.path).path) is not None
        self.send_header(
            "Cache-Control", "public, max-age=31536000, immutable" if kept else "no-cache"
        )
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def list_directory(self, path: str | os.PathLike[str]) -> None:  # noqa: ARG002
        """Refuse to list folders, as hosts of static files do."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def send_head(self) -> BinaryIO | None:
        """Answer requests for a range of bytes, as video players make them."""
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        path = Path(self.translate_path(self.path))
        if match is None or match[0] == "bytes=-" or not path.is_file():
            return super().send_head()
        size = path.stat().st_size
        if match[1]:
            first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
        else:
            first, last = max(size - int(match[2]), 0), size - 1
        if first > last:
            self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        self.send_response(HTTPStatus.PARTIAL_CONTENT)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.left = last - first + 1
        self.send_header("Content-Length", str(self.left))
        self.end_headers()
        file = path.open("rb")
        file.seek(first)
        return file

    def copyfile(self, source: BinaryIO, outputfile: BinaryIO) -> None:  # type: ignore[override]
        """Send the body; a visitor who leaves early is not an error."""
        try:
            if not self.left:
                shutil.copyfileobj(source, outputfile)
            while self.left and (chunk := source.read(min(self.left, 1 << 16))):
                outputfile.write(chunk)
                self.left -= len(chunk)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        self.left = 0

    def log_request(self, *_: object) -> None:
        """Log nothing; ``log_error`` logs requests that failed."""


class SiteServer(http.server.ThreadingHTTPServer):
    """A server for one built site.

    Args:
        address: host and port; port 0 takes a free one.
        site: the built folder.
        base: the path to serve it under, from slash to slash.
        isolated: send COOP, COEP and CORP.
    """

    daemon_threads = True
    # Avoids a wait after a restart. On Windows it would let two servers share a port.
    allow_reuse_address = os.name != "nt"

    def __init__(
        self,
        address: tuple[str, int],
        site: Path,
        base: str = "/",
        *,
        isolated: bool = True,
    ) -> None:
        self.site = site
        self.base = base
        self.isolated = isolated
        self._lines: WeakSet[socket.socket] = WeakSet()
        super().__init__(address, partial(SiteHandler, directory=str(site)))

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection and answer on it."""
        self._lines.add(request)
        super().process_request(request, client_address)

    def hang_up(self) -> None:
        """Close the port and every connection, so that further requests are refused."""
        self.shutdown()
        self.server_close()
        for line in list(self._lines):
            with suppress(OSError):  # closed already
                line.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log nothing if a visitor closes the connection early."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        """The address to open."""
        host, port = self.server_address[:2]
        shown = host.decode() if isinstance(host, bytes) else host
        return f"http://{'localhost' if shown == '127.0.0.1' else shown}:{port}{self.base}"


@contextmanager
def serving(site: Path, base: str = "/", *, isolated: bool = True) -> Iterator[SiteServer]:
    """Serve a site on a free port while the block lasts, or until the server hangs up."""
    with SiteServer(("127.0.0.1", 0), site, base, isolated=isolated) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


def open_server(host: str, port: int, site: Path, base: str, *, isolated: bool) -> SiteServer:
    """Return a server that listens on its port; raise BuildError if it cannot."""
    try:
        return SiteServer((host, port), site, base, isolated=isolated)
    except (OSError, OverflowError) as error:
        number = getattr(error, "errno", None)
        if number == errno.EADDRINUSE:
            raise BuildError(
                f"port {port} is in use: stop what uses it, or choose another with --port."
            ) from None
        if number == errno.EACCES:
            raise BuildError(
                f"port {port} needs administrator rights: choose one above 1023 with --port."
            ) from None
        raise BuildError(
            f"cannot listen on {host} port {port} ({error}): choose another --host or --port."
        ) from None
