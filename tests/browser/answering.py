"""A server as docs/server.md describes it, as far as the page asks it; and its faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np

from builder.build import build
from builder.serve import SiteServer, serving
from obscura.detector import Detector
from obscura.export.records import to_record
from obscura.update import FrameInfo, Update

MODEL = "cocossd"


@dataclass
class Behaviour:
    """What the server does; a test may change it at any time."""

    status: int = 200
    """Of its answers to pictures."""
    retry_after: str = ""
    blind: bool = False
    """Whether it finds nothing."""
    other_model: bool = False
    """Whether its model is another one than the page's."""
    token: str = ""
    asked: list[str] = field(default_factory=list)
    """Paths that it was asked for, in order; preflights are not among them."""
    received: int = 0
    """Bytes of pictures."""

    @property
    def pictures(self) -> int:
        """How many pictures it was sent."""
        return sum(path.startswith("/v1/detect") for path in self.asked)


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    server: AnsweringServer

    def do_OPTIONS(self) -> None:
        """A preflight of a page of another origin."""
        self._send(204, b"")

    def do_GET(self) -> None:
        """`/v1/models`."""
        does = self.server.behaviour
        does.asked.append(self.path)
        if not self._allowed():
            return
        card, sha = self.server.detector.card, "0" * 64
        sha = sha if does.other_model else card.file.sha256
        model = {"name": card.name, "sha256": sha, "adjustable": True}
        self._json(200, {"ready": True, "default": card.name, "models": [model]})

    def do_POST(self) -> None:
        """`/v1/detect`."""
        does = self.server.behaviour
        body = self.rfile.read(int(self.headers["Content-Length"]))
        does.asked.append(self.path)
        does.received += len(body)
        if not self._allowed():
            return
        if does.status != 200:
            self._json(does.status, {"code": "x", "error": "x"})
            return
        wanted = dict(parse_qsl(urlsplit(self.path).query))
        size = int(wanted["width"]), int(wanted["height"])
        pixels = np.frombuffer(body, np.uint8).reshape(size[1], size[0], 4)
        with self.server.turn:
            detector = self.server.detector
            detector.threshold, detector.iou = float(wanted["threshold"]), float(wanted["iou"])
            found = detector.detect(pixels)
        found = found[:0] if does.blind else found
        update = Update(FrameInfo(0, 0.0, *size), found)
        self._json(200, to_record(update, detector.labels, model=wanted["model"]))

    def _allowed(self) -> bool:
        token = self.server.behaviour.token
        if not token or self.headers.get("Authorization") == f"Bearer {token}":
            return True
        self._json(401, {"code": "token", "error": "x"})
        return False

    def _json(self, status: int, value: Any) -> None:
        self._send(status, json.dumps(value).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "null"))
        self.send_header("Access-Control-Allow-Headers", "Authorization, Content-Type")
        self.send_header("Access-Control-Expose-Headers", "Retry-After")
        if self.server.behaviour.retry_after:
            self.send_header("Retry-After", self.server.behaviour.retry_after)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


class AnsweringServer(ThreadingHTTPServer):
    """Runs the model in CPython."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour = Behaviour()
        self.detector = Detector(MODEL, threads=1)
        self.turn = Lock()

    @property
    def origin(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def host(self) -> str:
        """Its name for people."""
        return urlsplit(self.origin).netloc


@contextmanager
def answering() -> Iterator[AnsweringServer]:
    """Let a server answer while the block lasts."""
    with AnsweringServer() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def asking(server: AnsweringServer, folder: Path) -> Iterator[SiteServer]:
    """Serve a site, made below a folder, that was built for a server."""
    with serving(build(folder / "site", server=server.origin).folder) as site:
        yield site
