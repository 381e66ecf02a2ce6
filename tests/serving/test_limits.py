"""Limits: who may ask, how much, and how slowly."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

from .conftest import SAMPLE, Served, Start, error

TOKEN = "correct-horse-battery-staple"
ORIGIN = "https://example.org"


@pytest.fixture(scope="module")
def guarded(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a server with a token, another name, and one other origin."""
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text(f"{TOKEN}\n")
    served = start("--token-file", str(file), "--allow-host", "Eye.example", "--origin", ORIGIN)
    with served.client() as client:
        yield client


def exchange(served: Served, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send parts of a request as they are, and return what comes until the connection ends."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as line:
        for part in parts:
            try:
                line.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                break
            time.sleep(pause)
        answer = b""
        with suppress(ConnectionResetError):  # by a server that has answered and waits no longer
            while part := line.recv(1 << 16):
                answer += part
    return answer


def head(*lines: str, path: str = "/v1/detect") -> bytes:
    return "\r\n".join((f"POST {path} HTTP/1.1", "Host: localhost", *lines, "", "")).encode()


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io"])
def test_a_server_does_not_answer_to_names_that_are_not_its_own(
    client: httpx.Client, host: str
) -> None:
    for path in ("/v1/models", "/v2/health/live", "/"):
        assert error(client.get(path, headers={"Host": host})) == (421, "host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1:80", "[::1]:8765"])
def test_it_answers_to_its_own_on_any_port(client: httpx.Client, host: str) -> None:
    assert client.get("/v1/models", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("lines", ["", "Host: localhost\r\nHost: localhost\r\n"])
def test_a_request_without_one_host_is_refused(served: Served, lines: str) -> None:
    answer = exchange(served, f"GET /v1/models HTTP/1.1\r\n{lines}\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "request-invalid"


def test_a_page_of_the_same_origin_may_ask(client: httpx.Client, served: Served) -> None:
    answer = client.get("/v1/models", headers={"Origin": served.url})

    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "http://[", ORIGIN + ".evil"]
)
def test_pages_of_other_origins_may_not(client: httpx.Client, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = client.request(method, "/v1/models", headers={"Origin": origin})

        assert error(answer) == (403, "origin")
        assert "access-control-allow-origin" not in answer.headers


def test_an_origin_that_is_let_in_reads_answers_and_errors(guarded: httpx.Client) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    before = guarded.options("/v1/detect", headers=asked)
    refused = guarded.post("/v1/detect", headers={"Origin": ORIGIN})

    assert before.status_code == 204
    assert before.headers["access-control-allow-headers"] == "authorization, content-type"
    assert error(refused) == (401, "token")
    for answer in (before, refused):
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["vary"] == "origin"
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "sent", [None, "", TOKEN, f"Basic {TOKEN}", "Bearer", f"Bearer {TOKEN[:-1]}", "Bearer ü"]
)
@pytest.mark.parametrize("path", ["/v1/models", "/v2", "/metrics", "/v2/models/cocossd"])
def test_without_the_token_nothing_is_answered(
    guarded: httpx.Client, path: str, sent: str | None
) -> None:
    headers = {} if sent is None else {"Authorization": sent.encode("latin-1")}
    answer = guarded.get(path, headers=headers)  # type: ignore[arg-type]

    assert error(answer) == (401, "token")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_with_the_token_all_is_answered_and_health_needs_none(guarded: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "eye.example"}

    assert guarded.post("/v1/detect", content=SAMPLE.read_bytes(), headers=headers).is_success
    assert guarded.get("/v2/health/live").is_success
    assert guarded.get("/openapi.json").is_success


def test_too_many_bytes_are_refused_by_their_header_before_they_are_sent(served: Served) -> None:
    lines = ("Content-Length: 999999999999", "Expect: 100-continue")
    answer = exchange(served, head(*lines))

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in answer


def test_too_many_bytes_are_refused_by_their_count(served: Served) -> None:
    chunk = b"40000\r\n" + bytes(0x40000) + b"\r\n"

    answer = exchange(served, head("Transfer-Encoding: chunked"), *[chunk] * 12)

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_client_that_still_sends_sees_why_it_is_refused(served: Served) -> None:
    line = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
    line.request("POST", "/v1/detect", body=bytes(8 << 20))
    answer = line.getresponse()

    assert (answer.status, json.loads(answer.read())["code"]) == (413, "too-large")
    line.close()


@pytest.mark.parametrize("size", [b"zz", b"-5", b"F" * 30])
def test_a_body_that_is_not_http_is_refused(served: Served, size: bytes) -> None:
    answer = exchange(served, head("Transfer-Encoding: chunked"), size + b"\r\nx", pause=0.1)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert served.log.read_text() == ""


def test_a_slow_body_is_refused(hasty: Served) -> None:
    answer = exchange(hasty, head("Content-Length: 100"), *[b"x"] * 5, pause=0.3)

    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_body_that_ends_early_harms_nobody(served: Served, client: httpx.Client) -> None:
    for _ in range(20):
        line = socket.create_connection(("127.0.0.1", served.port))
        line.sendall(head("Content-Length: 100000") + bytes(1000))
        line.close()

    assert client.post("/v1/detect", content=SAMPLE.read_bytes()).is_success


@pytest.mark.parametrize("begun", [b"", b"POST /v1/detect HT", head()[:-2]])
def test_a_head_that_does_not_come_ends_the_connection(hasty: Served, begun: bytes) -> None:
    assert exchange(hasty, begun) == b""


def test_a_second_head_that_does_not_come_ends_the_connection_too(hasty: Served) -> None:
    first = b"GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"

    answer = exchange(hasty, first, b"GET /v2/he", pause=0.2)

    assert answer.count(b"HTTP/1.1 200 ") == 1


def test_a_client_that_takes_no_answer_is_left(hasty: Served) -> None:
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(30)
        line.connect(("127.0.0.1", hasty.port))
        request = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"

        with pytest.raises(ConnectionError):
            line.sendall(request * 500_000)


def test_a_full_queue_tells_when_to_come_again(start: Start) -> None:
    tight = start("--queue", "1")
    picture = SAMPLE.read_bytes()

    with tight.client() as client, ThreadPoolExecutor(24) as people:
        answers = list(people.map(lambda _: client.post("/v1/detect", content=picture), range(96)))

    refused = [answer for answer in answers if answer.status_code != 200]
    assert len(refused) < len(answers)
    assert refused
    for answer in refused:
        assert error(answer) == (429, "busy")
        assert int(answer.headers["retry-after"]) >= 1
