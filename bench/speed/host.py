"""Server of the benchmark: everything compressed, and optionally a connection of limited speed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from threading import Lock, Thread
from typing import BinaryIO
from urllib.parse import urlsplit

from builder import worker
from builder.serve import SiteHandler, SiteServer

PACKED = ".br"
"""Suffix of a file compressed with Brotli; the plain file does not exist."""

CHUNK = 16_384  # bytes; 13 ms at 10 Mbit/s


class Line:
    """A connection that all responses share: its bits per second and its time to the first byte."""

    def __init__(self, bits_per_s: float = 0, latency_s: float = 0) -> None:
        self._rate, self._latency_s = bits_per_s / 8, latency_s
        self._lock = Lock()
        self._free = 0.0
        self.sent = 0
        """Bytes of bodies sent so far."""

    def begin(self) -> None:
        """Wait for the time to the first byte."""
        time.sleep(self._latency_s)

    def carry(self, count: int) -> None:
        """Wait until `count` bytes have been sent, after all earlier ones."""
        with self._lock:
            self.sent += count
            now = time.monotonic()
            self._free = max(now, self._free) + (count / self._rate if self._rate else 0)
            wait = self._free - now
        if wait > 0:
            time.sleep(wait)


class Handler(SiteHandler):
    """The builder's handler, for a folder of compressed files."""

    server: Host

    def send_head(self) -> BinaryIO | None:
        """Begin a response."""
        self.server.line.begin()
        address = urlsplit(self.path).path
        name = self.translate_path(address + ("index.html" if address.endswith("/") else ""))
        if not self.server.isolated and address.endswith(f"/{worker.NAME}"):
            # The service worker would isolate the page, which is not to be measured.
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        packed = Path(name + PACKED)
        if not packed.is_file():
            return super().send_head()
        if "br" not in self.headers.get("Accept-Encoding", ""):
            self.send_error(HTTPStatus.NOT_ACCEPTABLE)
            return None
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(name))
        self.send_header("Content-Encoding", "br")
        self.send_header("Content-Length", str(packed.stat().st_size))
        self.send_header("Vary", "Accept-Encoding")
        self.end_headers()
        return packed.open("rb")

    def copyfile(self, source: BinaryIO, outputfile: BinaryIO) -> None:  # type: ignore[override]
        """Send a body over the connection; a visitor who leaves early is not an error."""
        try:
            while chunk := source.read(CHUNK):
                self.server.line.carry(len(chunk))
                outputfile.write(chunk)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


class Host(SiteServer):
    """A server for a prepared folder, on a free port of this machine."""

    def __init__(self, folder: Path, *, isolated: bool, line: Line) -> None:
        self.line = line
        super().__init__(("127.0.0.1", 0), folder, isolated=isolated)
        self.RequestHandlerClass = partial(Handler, directory=str(folder))


@contextmanager
def hosting(folder: Path, *, isolated: bool, line: Line | None = None) -> Iterator[Host]:
    """Serve a prepared folder while the block lasts."""
    with Host(folder, isolated=isolated, line=line or Line()) as host:
        Thread(target=host.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield host
        host.shutdown()
