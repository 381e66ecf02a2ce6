"""Hosts for the site: one that notes what it is asked for and can be stopped, and others'."""

from __future__ import annotations

import errno
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Thread

from builder.serve import SiteHandler, SiteServer

PATIENCE_S = 30
PORTS = (20_000, 32_000)
"""Below those that Linux, Windows and macOS give away."""


class Host:
    """The builder's own server, which can be stopped, and started again with another site."""

    def __init__(
        self, site: Path, base: str = "/", *, isolated: bool = True, stale: bool = False
    ) -> None:
        """
        Args:
            stale: tell browsers to keep everything for a year without asking, the page included.
        """
        self.asked: Counter[str] = Counter()
        """How often each path was asked for."""
        self._base, self._isolated, self._stale = base, isolated, stale
        self._server: SiteServer | None = None
        self._port = free_port()
        self.start(site)

    def start(self, site: Path) -> None:
        """Serve a site under the same address as before."""
        asked, stale = self.asked, self._stale

        class Noting(SiteHandler):
            def send_header(self, keyword: str, value: str) -> None:
                year = stale and keyword == "Cache-Control"
                super().send_header(keyword, "public, max-age=31536000" if year else value)

            def log_request(self, *_: object) -> None:
                asked[self.path] += 1

        server = self._open(site)
        server.RequestHandlerClass = partial(Noting, directory=str(site))  # type: ignore[assignment]
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self._server = server
        self.url = server.url

    def _open(self, site: Path) -> SiteServer:
        """A server at this port, which a system may be slow to give back."""
        address, until = ("127.0.0.1", self._port), time.monotonic() + PATIENCE_S
        while True:
            try:
                return SiteServer(address, site, self._base, isolated=self._isolated)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > until:
                    raise
            time.sleep(0.1)

    def stop(self) -> None:
        """Close the port and every connection: whoever asks now is refused."""
        if self._server is not None:
            self._server.hang_up()
            self._server = None

    def change(self, site: Path) -> None:
        """Put another version on the host, as an upload does: its files are the newest."""
        self.stop()
        for path in site.iterdir():
            os.utime(path)  # else the server may answer that nothing is newer than what is known
        self.start(site)


def free_port() -> int:
    """A port that nobody has, and that no system gives to anybody who asks for any port: so it is
    still free when a server that was stopped is to come back, whatever runs beside these tests."""
    while True:
        port = random.randrange(*PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def process(command: list[str], port: int, cwd: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server of its own process; yielded once it answers, ended at the end."""
    running = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, close_fds=True
    )
    try:
        limit = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if running.poll() is not None or time.monotonic() > limit:
                    message = running.stderr.read().decode() if running.stderr else ""
                    raise AssertionError(f"{command[0]} does not serve: {message}") from None
                running.poll()
        yield running
    finally:
        stop(running)


def stop(running: subprocess.Popen[bytes]) -> None:
    """End a server's process, if it still runs."""
    running.terminate()
    running.wait(timeout=PATIENCE_S)
    if running.stderr:
        running.stderr.close()


@contextmanager
def python_server(folder: Path, path: str = "") -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """``python3 -m http.server`` on a folder: no headers of ours, no compression."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    with process(command, port, folder) as running:
        yield f"http://localhost:{port}/{path}", running


NGINX = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    {inside}
  }}
}}
"""


@contextmanager
def nginx(inside: str, folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Debian's nginx with these lines in its ``server`` block; ``folder`` takes its files."""
    program = shutil.which("nginx")
    assert program is not None
    port = free_port()
    # Its workers would be nobody, who may not read the tests' folders.
    user = "user root;" if hasattr(os, "geteuid") and os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(
        NGINX.format(folder=folder, port=port, inside=inside, user=user), encoding="utf-8"
    )
    command = [program, "-p", str(folder), "-c", str(config), "-e", "stderr"]
    with process(command, port, folder) as running:
        yield f"http://localhost:{port}/", running
