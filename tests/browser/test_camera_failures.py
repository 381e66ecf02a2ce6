"""When there is no camera to be had: each cause has its own card, and the page goes on."""

from __future__ import annotations

import pytest

from .conftest import INSECURE_HOST, OpenRoom, Serve
from .pictures import PERSON, encode, overlap, sample
from .room import Room, remembering

ANSWER_WITH = """
if (navigator.mediaDevices) {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  globalThis.refuse = %s;
  navigator.mediaDevices.getUserMedia = async (wishes) => {
    if (globalThis.refuse) throw new DOMException(...globalThis.refuse);
    return ask(wishes);
  };
}
"""


def reads_photos(room: Room) -> None:
    """Whatever became of the camera, photos work."""
    now = room.read(encode(sample()), "instead.png")
    assert overlap(now["detections"][0]["box"], PERSON) >= 0.5


def test_a_camera_that_the_browser_refuses(new_room: OpenRoom) -> None:
    room = new_room("refused").open()
    room.page.context.grant_permissions([])  # "block" for all sites and things
    room.until_state("ready")

    room.at("start").click()
    card = room.until_error("camera-denied")

    assert "blocked" in card
    assert "Allow it" in card
    assert room.at("start-text").inner_text() == "Start camera"
    room.page.context.grant_permissions(["camera"])
    room.at("notice-action").click()
    room.until_live()


def test_no_camera_at_all(new_room: OpenRoom) -> None:
    room = new_room("no camera").open()
    room.until_state("ready")

    room.at("start").click()
    card = room.until_error("camera-missing")

    assert "No camera was found" in card
    reads_photos(room)


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom) -> Room:
    """A visit in which `refuse` says how the browser answers when asked for the camera."""
    room = shared_room(init=ANSWER_WITH % "null").open()
    room.until_state("ready")
    return room


@pytest.fixture
def room(visit: Room) -> Room:
    """The start page, ready."""
    visit.home()
    return visit


# What browsers answer: the error's message and name, and the card it must become.
ANSWERS = {
    "the question was dismissed (Chrome)": (
        ["Permission dismissed", "NotAllowedError"],
        "camera-dismissed",
    ),
    "the site is blocked (Chrome)": (["Permission denied", "NotAllowedError"], "camera-denied"),
    "the system forbids it (macOS)": (
        ["Permission denied by system", "NotAllowedError"],
        "camera-denied",
    ),
    "a policy forbids it": (["Not allowed in this document", "SecurityError"], "camera-denied"),
    "there is none": (["Requested device not found", "NotFoundError"], "camera-missing"),
    "another program holds it": (
        ["Could not start source", "NotReadableError"],
        "camera-busy",
    ),
    "it broke while starting": (["Starting videoinput failed", "AbortError"], "camera-busy"),
    "something new": (["No idea", "OperationError"], "camera"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_each_answer_of_a_browser_has_its_card_and_a_way_on(room: Room, case: str) -> None:
    answer, code = ANSWERS[case]
    room.page.evaluate("(answer) => { globalThis.refuse = answer; }", answer)

    room.at("start").click()
    room.until_error(code)
    room.page.evaluate("() => { globalThis.refuse = null; }")
    room.at("notice-action").click()

    room.until_live()
    assert not room.at("notice").is_visible()
    details = room.at("notice-details").text_content()
    assert answer[0] in details
    assert answer[1] in details


def test_a_card_can_be_put_away(room: Room) -> None:
    room.page.evaluate("() => { globalThis.refuse = ['Gone', 'NotFoundError']; }")
    room.at("start").click()
    room.until_error("camera-missing")

    room.at("notice-dismiss").click()

    assert room.until_state("ready")["error"] is None
    assert not room.at("notice").is_visible()
    assert room.labels() == ["person"], "the sample picture is back"
    room.page.evaluate("() => { globalThis.refuse = null; }")


def test_a_camera_unplugged_while_it_runs_starts_again_once_it_is_back(room: Room) -> None:
    room.start()

    # What a browser does when the cable is pulled.
    room.page.evaluate(
        """() => {
          const [track] = video.srcObject.getVideoTracks();
          globalThis.unplugged = track;
          globalThis.refuse = ["Requested device not found", "NotFoundError"];
          track.stop();
          track.dispatchEvent(new Event("ended"));
        }"""
    )
    card = room.until_error("camera-lost")
    assert "starts again by itself" in card
    assert room.page.evaluate("() => video.srcObject") is None

    room.page.evaluate(
        """() => {
          globalThis.refuse = null;
          navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
        }"""
    )
    room.until("now.state !== 'error'")  # the card stays until the cameras are listed anew
    now = room.until_live()
    assert now["error"] is None
    assert not room.at("notice").is_visible()
    assert room.page.evaluate("() => video.srcObject.getVideoTracks()[0] !== unplugged")


def test_a_camera_plugged_in_later_does_not_start_by_itself(room: Room) -> None:
    room.page.evaluate(
        """() => {
          const { mediaDevices } = navigator;
          const list = mediaDevices.enumerateDevices.bind(mediaDevices);
          mediaDevices.enumerateDevices = async () => {
            const found = await list();
            globalThis.listed = true;
            return found;
          };
          mediaDevices.dispatchEvent(new Event("devicechange"));
        }"""
    )
    room.page.wait_for_function("() => globalThis.listed")
    room.ticks(30)  # it would start as soon as they are listed

    assert room.snapshot()["state"] == "ready"


def test_a_remembered_camera_that_is_gone_gives_way_to_any_other(new_room: OpenRoom) -> None:
    room = new_room(init=remembering('{"camera": "gone"}')).open()
    room.until_state("ready")

    room.start()

    assert room.page.evaluate("() => video.srcObject.getVideoTracks()[0].readyState") == "live"


def test_an_insecure_address_says_so_and_photos_work_all_the_same(
    new_room: OpenRoom, serve: Serve, dist: object
) -> None:
    address = serve(dist, isolated=False).url.replace("localhost", INSECURE_HOST)
    room = new_room(url=address).open()
    now = room.until_state("ready")
    assert room.page.evaluate("() => isSecureContext") is False
    assert now["threads"] == 1

    room.at("start").click()
    card = room.until_error("insecure-context")

    assert "https" in card
    with room.page.expect_file_chooser():
        room.at("notice-action").click()
    reads_photos(room)


@pytest.mark.provokes("camera is not allowed in this document")
def test_a_frame_that_forbids_the_camera_says_so(new_room: OpenRoom) -> None:
    room = new_room()
    page = "<link rel='icon' href='data:,'><iframe src='./' allow=\"camera 'none'\"></iframe>"
    room.page.route(
        "**/around.html", lambda route: route.fulfill(content_type="text/html", body=page)
    )
    room.page.goto(f"{room.url}around.html")
    frame = room.page.frames[1]
    frame.wait_for_function("() => globalThis.obscura?.snapshot().state === 'ready'")

    frame.evaluate("() => document.getElementById('start').click()")

    frame.wait_for_function("() => obscura.snapshot().error?.code === 'camera-embedded'")
    assert "camera" in frame.locator("#notice-why").inner_text()
