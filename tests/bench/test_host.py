"""The benchmark's server: compressed files, the bytes it counts, the line that they pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from speed import host
from speed.host import Host, Line, hosting

BODY = b"not really Brotli" * 3000


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Host]:
    """A server of a folder with one compressed page."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html.br").write_bytes(BODY)
    (tmp_path / "plain.txt").write_bytes(b"plain")
    with hosting(tmp_path, isolated=True) as running:
        yield running


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Message
    body: bytes


def get(running: Host, path: str, accepted: str = "gzip, br") -> Answer:
    """Ask for a file."""
    with closing(HTTPConnection("127.0.0.1", running.server_address[1], timeout=10)) as connection:
        connection.request("GET", path, headers={"Accept-Encoding": accepted})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


@pytest.mark.parametrize("path", ["/site/", "/site/index.html", "/site/?model=cocossd"])
def test_what_is_compressed_is_sent_so_under_its_plain_name(serving: Host, path: str) -> None:
    answer = get(serving, path)
    assert answer.body == BODY
    assert answer.headers["Content-Encoding"] == "br"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert serving.line.sent == len(BODY)


def test_who_takes_no_brotli_is_refused(serving: Host) -> None:
    assert get(serving, "/site/", "gzip").status == 406


def test_who_wants_no_isolation_gets_no_service_worker_either(tmp_path: Path) -> None:
    """For that would bring it."""
    (tmp_path / "sw.js.br").write_bytes(BODY)
    for isolated, status in ((True, 200), (False, 404)):
        with hosting(tmp_path, isolated=isolated) as running:
            assert get(running, "/sw.js").status == status


def test_other_files_are_sent_as_they_are(serving: Host) -> None:
    assert get(serving, "/plain.txt").body == b"plain"
    assert get(serving, "/gone.txt").status == 404


def test_a_line_carries_so_many_bits_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes while it is busy waits for those before; an idle line saves nothing up."""
    clock = SimpleNamespace(now=100.0)
    slept: list[float] = []
    fake = SimpleNamespace(monotonic=lambda: clock.now, sleep=slept.append)
    monkeypatch.setattr(host, "time", fake)
    line = Line(bits_per_s=8000, latency_s=0.04)

    line.begin()
    line.carry(500)
    line.carry(500)
    clock.now = 200.0
    line.carry(1000)

    assert slept == pytest.approx([0.04, 0.5, 1.0, 1.0])
    assert line.sent == 2000


def test_a_line_of_no_given_speed_makes_nobody_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    fake = SimpleNamespace(monotonic=lambda: 0.0, sleep=slept.append)
    monkeypatch.setattr(host, "time", fake)
    line = Line()
    line.begin()
    line.carry(10_000_000)
    assert sum(slept) == 0
