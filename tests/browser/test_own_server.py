"""The page and `obscura serve`, from one origin, as its owner starts it: `test_remote` has what no
real server does, and all that one page and one answer are enough for."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator

import numpy as np
import pytest

from builder.build import build
from obscura.boxes import iou
from obscura.engine.selfcheck import IOU_AT_LEAST, SCORE_TOLERANCE
from obscura.page.features.remote import words

from ..serving.conftest import START_S, Served
from .conftest import OpenRoom
from .pictures import encode, sample
from .room import Room, settled
from .test_remote import on_device, on_server

TOKEN = "open-sesame-open-sesame"
RUN_MS = 3000
SLOW = f"""
globalThis.Worker = class extends Worker {{
  postMessage(message, ...rest) {{
    if (message?.call !== "run") super.postMessage(message, ...rest);
    else setTimeout(() => super.postMessage(message, ...rest), {RUN_MS});
  }}
}};
"""
"""A device that is far slower than any server. (Scripts of workers, which `before_engine` changes,
come from the service worker on a second visit.)"""

pytestmark = pytest.mark.provokes(
    perhaps=[r"^request carries a body: POST http://127\.0\.0\.1:\d+/v1/detect\?"], any_error=True
)
"""Only pictures are sent, and only there; a server that is gone is an error on the console."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server, with the page that was built for it and a token."""
    folder = tmp_path_factory.mktemp("own-server")
    site = build(folder / "site", server="same-origin").folder
    (folder / "token").write_text(TOKEN)
    options = ["--jobs", "1", "--token-file", str(folder / "token"), "--page", str(site)]
    served = Served(folder, *options)
    yield served
    served.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def room(shared_room: OpenRoom, server: Served) -> Iterator[Room]:
    """A visit, which is ready and works offline."""
    with server.client():
        pass  # the models are loaded
    room = shared_room(url=f"{server.url}/", init=SLOW, service_workers="allow").open()
    assert settled(room).startswith("yes")
    yield room
    room.page.close()  # before its server is gone


def agree(room: Room, token: str = TOKEN) -> None:
    """Agree that pictures are sent where the server is far faster, with a token."""
    room.at("remote-open").click()
    room.page.locator("#remote-dialog input[value=slower]").check()
    if not room.at("remote-token").is_visible():
        room.at("remote-agree").click()
        room.until_text("remote-wrong", "access token")
    room.at("remote-token").fill(token)
    room.at("remote-agree").click()


def sending(room: Room) -> None:
    """Have the server detect what the camera shows, whatever the test before has left."""
    if not room.at("remote-badge").is_visible():
        agree(room)
        room.at("remote-badge").wait_for()
    if room.snapshot()["state"] != "running":
        room.start()
    on_server(room)


def counted(server: Served, name: str) -> int:
    """Return what the server counts."""
    with server.client() as client:
        text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    (found,) = re.findall(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return int(float(found))


def account(room: Room) -> str:
    """Return what the page says that it has sent."""
    return room.at("remote-sent").text_content() or ""


def test_nothing_is_sent_before_the_server_accepts_the_token(room: Room, server: Served) -> None:
    agree(room, "another-token-than-the-server's")
    room.until_text("remote-wrong", "^This site's server asks for an access token")

    assert account(room) == "0 bytes"
    assert counted(server, "obscura_received_bytes_total") == 0
    assert not room.at("remote-badge").is_visible()
    room.page.get_by_text("Keep everything here").click()


def test_the_server_finds_what_the_device_finds(room: Room) -> None:
    (own,) = room.read(encode(sample()), "device.png")["detections"]
    sending(room)
    room.stop()
    found = room.read(encode(sample()), "server.png")

    assert found["backend"] == "server"
    (row,) = found["detections"]
    assert row["label"] == own["label"] == "person"
    assert row["score"] == pytest.approx(own["score"], abs=SCORE_TOLERANCE)
    assert iou(np.array([row["box"]]), np.array([own["box"]]))[0, 0] >= IOU_AT_LEAST


def test_the_account_is_what_the_server_received(room: Room, server: Served) -> None:
    sending(room)
    frames = room.snapshot()["frames"]
    room.until(f"now.frames > {frames + 3}")
    room.at("remote-badge").click()
    on_device(room)

    late = time.monotonic() + START_S
    pictures = int(re.findall(r", (\d+) pictures$", account(room))[0])
    answered = 'obscura_answers_total{route="/v1/detect",status="200"}'
    while counted(server, answered) < pictures:  # the last one may still be on its way
        assert time.monotonic() < late, "pictures were lost"
    received = counted(server, "obscura_received_bytes_total")
    assert counted(server, answered) == pictures > 4
    assert received == 300 * 300 * 4 * pictures, "no more than the model's input"
    assert account(room) == words.sent(received, pictures)


def test_the_device_goes_on_when_the_server_is_killed_until_it_is_back(
    room: Room, server: Served
) -> None:
    sending(room)
    server.stop(signal.SIGKILL)
    on_device(room)
    room.until_text("remote-note", "^This site's server doesn't answer. This device detects by")
    assert room.until_live()["error"] is None
    assert room.at("remote-badge-text").inner_text().startswith("Server ready"), "still agreed to"

    server.start(str(server.port))
    with server.client():
        room.at("remote-badge").click()  # it would be left alone for half a minute
        sending(room)
    assert counted(server, "obscura_received_bytes_total") > 0


def test_a_page_from_the_service_worker_asks_a_server_that_serves_no_page(
    room: Room, server: Served
) -> None:
    server.stop()
    page = server.options.index("--page")
    server.options = server.options[:page]
    server.start(str(server.port))
    with server.client() as client:
        assert client.get("/").status_code == 404
    room.reload().until_state("ready")
    assert room.page.evaluate("() => !!navigator.serviceWorker.controller")

    sending(room)
    frames = room.snapshot()["frames"]
    room.until(f"now.frames > {frames + 3} && now.detections.length > 0")
