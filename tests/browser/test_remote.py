"""A server that a person may agree to: asked only then, used only where needed, ended by a tap."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Playwright

from builder.serve import SiteServer
from obscura.page.features.remote.use import TIMED

from .answering import AnsweringServer, Behaviour
from .conftest import FLAGS, INSECURE_HOST, SHORT_VISIT, OpenRoom, chromium_flags
from .faults import faulty
from .pictures import encode, sample
from .room import Room

BROKEN = faulty({"refusal": "no available backend found. ERR: [wasm] Error: failed"})
SLOW = """{
  const answer = self.postMessage.bind(self);
  const runs = new Set();
  self.addEventListener("message", ({ data }) => data?.call === "run" && runs.add(data.id));
  self.postMessage = (message, ...rest) =>
    runs.has(message.id) ? setTimeout(answer, 4000, message, ...rest) : answer(message, ...rest);
}"""


@pytest.fixture
def does(server: AnsweringServer) -> Behaviour:
    """What the server does, which a test may change."""
    server.behaviour = Behaviour()
    return server.behaviour


@pytest.fixture
def room(new_room: OpenRoom, asking_site: SiteServer, does: Behaviour) -> Room:  # noqa: ARG001
    """A visit of that site, which is not open yet."""
    return new_room(url=asking_site.url, watched=False)


def agree(room: Room, when: str = "fails", by: str = "remote-open") -> None:
    """Agree that pictures are sent."""
    room.at(by).click()
    room.page.locator(f"#remote-dialog input[value={when}]").check()
    room.at("remote-agree").click()
    room.at("remote-badge").wait_for()
    room.at("remote-dialog").wait_for(state="hidden")


def on_server(room: Room) -> None:
    """Wait until the server detects."""
    room.until("now.backend === 'server' && !now.error")
    room.until_text("remote-badge-text", "^Sending to ")


def on_device(room: Room) -> None:
    """Wait until this device detects again."""
    room.until("now.backend && now.backend !== 'server'")


# ---- agreement -----------------------------------------------------------------------------------


def test_nothing_is_asked_before_a_person_agrees(
    room: Room, server: AnsweringServer, does: Behaviour
) -> None:
    room.open().until_state("ready")
    room.start()
    room.stop()
    room.at("remote-open").click()
    words = room.at("remote-dialog").inner_text()
    room.page.get_by_text("Keep everything here").click()
    room.read(encode(sample()))

    assert server.host in words
    assert "each picture that is analysed is sent to" in words
    assert does.asked == []
    assert not room.at("remote-badge").is_visible()
    assert room.at("promise").inner_text() == "Nothing leaves this device"
    assert room.at("remote-sent").text_content() == "0 bytes"


def test_a_device_that_works_comes_first_and_a_reload_ends_the_agreement(
    room: Room, does: Behaviour
) -> None:
    room.open().until_state("ready")
    agree(room)
    checked = does.pictures
    room.start()
    room.until("now.frames > 5")

    assert checked == 1 + TIMED, "the sample picture, before anything else"
    assert does.pictures == checked
    assert room.at("remote-badge-text").inner_text().startswith("Server ready: ")
    assert room.at("remote-unless").inner_text().startswith("You have agreed to that")
    room.reload().until_state("ready")
    assert room.at("remote-unless").inner_text() == "Nothing is sent unless you agree."
    assert not room.at("remote-badge").is_visible()
    assert does.pictures == checked
    stored = json.dumps(room.page.evaluate("() => ({ ...localStorage })"))
    assert "remote" not in stored


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Behaviour(status=503), "is still starting"),
        (Behaviour(status=429, retry_after="60"), "is busy"),
        (Behaviour(status=413), "doesn't accept pictures"),
        (Behaviour(status=500), "couldn't analyse"),
        (Behaviour(status=403), "doesn't serve this page"),
        (Behaviour(other_model=True), "doesn't have this model"),
        (Behaviour(blind=True), "didn't find in the sample picture what it should"),
    ],
    ids=["503", "429", "413", "500", "403", "model", "blind"],
)
def test_a_server_that_does_not_answer_as_it_must_is_not_used(
    refused: Room, server: AnsweringServer, fault: Behaviour, words: str
) -> None:
    server.behaviour = fault
    refused.at("remote-agree").click()
    refused.until_text("remote-wrong", words)

    assert server.host in refused.at("remote-wrong").inner_text()
    assert not refused.at("remote-badge").is_visible()
    assert refused.at("remote-agree").inner_text() == "Agree"


@pytest.fixture(scope="module")
def refused(shared_room: OpenRoom, asking_site: SiteServer) -> Room:
    """A visit in which the dialog is open."""
    room = shared_room(url=asking_site.url, watched=False).open()
    room.until_state("ready")
    room.at("remote-open").click()
    return room


def test_a_server_with_a_token_asks_for_it(refused: Room, server: AnsweringServer) -> None:
    server.behaviour = Behaviour(token="sesame")
    refused.at("remote-agree").click()
    refused.until_text("remote-wrong", "access token")
    refused.at("remote-token").fill("sesame")
    refused.at("remote-agree").click()

    refused.at("remote-badge").wait_for()
    refused.at("remote-badge").click()


# ---- use -----------------------------------------------------------------------------------------


def test_where_the_device_fails_the_server_detects_until_a_tap_ends_it(
    room: Room, does: Behaviour
) -> None:
    room.before_engine(BROKEN)
    room.open().until_error("backend")
    agree(room, by="remote-offer")
    on_server(room)

    assert [row["label"] for row in room.read(encode(sample()))["detections"]] == ["person"]
    room.start()
    room.until("now.frames > 3 && now.detections.some((found) => found.label === 'person')")
    room.at("remote-badge").click()
    assert not room.at("remote-badge").is_visible()
    room.until_error("backend")
    sent = does.pictures
    room.at("notice-dismiss").click()
    room.ticks(60)

    assert does.pictures == sent
    assert room.at("promise").inner_text() == "Nothing leaves this device"
    assert f", {sent} pictures" in (room.at("remote-sent").text_content() or "")
    assert does.received == 300 * 300 * 4 * sent, "no more than the model's input"


def test_what_the_server_finds_is_what_the_device_finds(room: Room) -> None:
    room.open().until_state("ready")
    (own,) = room.read(encode(sample()))["detections"]
    room.before_engine(BROKEN)
    room.reload().until_error("backend")
    agree(room, by="remote-offer")
    on_server(room)
    (found,) = room.read(encode(sample()))["detections"]

    assert found["label"] == own["label"]
    assert found["score"] == pytest.approx(own["score"], abs=0.1)
    assert found["box"] == pytest.approx(own["box"], abs=10)
    room.move("threshold", 0.05)
    room.until("now.detections.length > 1")


def test_a_server_that_is_far_faster_is_used_if_agreed_and_left_when_it_fails(
    room: Room, does: Behaviour
) -> None:
    room.before_engine(SLOW)
    room.open().until_state("ready")
    agree(room, "slower")
    room.start()
    on_server(room)
    frames = room.snapshot()["frames"]
    room.until(f"now.frames > {frames + 3}")

    does.status = 500
    on_device(room)
    room.until_text("remote-note", "couldn't analyse the picture. This device detects by itself")
    assert room.at("remote-note").is_visible()
    assert room.until_live()["error"] is None
    assert room.at("remote-badge").is_visible(), "it may be asked again later"


def test_what_is_hidden_stays_so_while_the_server_detects(room: Room) -> None:
    """Faces are found by a network of the device, which rests meanwhile: all is covered."""
    room.before_engine(SLOW)
    room.open().until_state("ready")
    agree(room, "slower")
    room.start()
    on_server(room)
    room.page.keyboard.press("h")
    room.until("now.hidden && now.hidden.whole")
    assert room.snapshot()["backend"] == "server"

    room.at("remote-badge").click()
    on_device(room)
    room.until("now.hidden && !now.hidden.whole")


def test_without_a_connection_the_device_goes_on(room: Room) -> None:
    room.before_engine(SLOW)
    room.open().until_state("ready")
    agree(room, "slower")
    room.start()
    on_server(room)

    room.page.context.set_offline(True)
    on_device(room)
    room.until_text("remote-note", "You're offline")
    assert room.until_live()["error"] is None


# ---- Local Network Access ------------------------------------------------------------------------


@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "refused"])
def test_a_page_of_the_internet_needs_the_browsers_leave_to_ask_this_machine(
    playwright: Playwright, asking_site: SiteServer, does: Behaviour, *, allowed: bool
) -> None:
    port = asking_site.server_address[1]
    url = f"http://{INSECURE_HOST}:{port}/"
    flags = [
        *FLAGS,
        SHORT_VISIT,
        f"--ip-address-space-overrides=127.0.0.1:{port}=public",
        f"--unsafely-treat-insecure-origin-as-secure={url}",
    ]
    with playwright.chromium.launch(**chromium_flags(flags)) as browser:
        context = browser.new_context(service_workers="block")
        if allowed:
            context.grant_permissions(["local-network-access"], origin=url)
        room = Room(context.new_page(), url).open("?backend=wasm")
        room.until_state("ready")
        room.at("remote-open").click()
        room.at("remote-agree").click()
        if allowed:
            room.at("remote-badge").wait_for()
            assert does.pictures == 1 + TIMED
        else:
            room.until_text("remote-wrong", "Allow local network access for this site")
            assert does.asked == []
