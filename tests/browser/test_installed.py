"""The installed app: what browsers ask of one, how it is installed, and files it is given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from builder.build import build

from .conftest import OpenRoom
from .hosts import Host
from .pictures import encode, sample
from .room import Room, settled


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host of a site to which systems may share files."""
    site = build(tmp_path_factory.mktemp("shared") / "site", share_target=True).folder
    opened = Host(site, "/a/")
    yield opened
    opened.stop()


@pytest.fixture(scope="module")
def room(shared_room: OpenRoom, host: Host) -> Room:
    """A visit that works offline. The sharing itself looks like a request; see that test."""
    opened = shared_room(url=host.url, service_workers="allow", watched=False).open()
    settled(opened)
    return opened


def test_the_browser_finds_nothing_wrong_with_it(room: Room) -> None:
    session = room.page.context.new_cdp_session(room.page)
    told = session.send("Page.getAppManifest")
    wrong = session.send("Page.getInstallabilityErrors")["installabilityErrors"]

    assert told["url"].endswith("/a/manifest.webmanifest")
    assert told["errors"] == []
    # The tests' contexts are private windows, which nothing is installed from.
    assert {error["errorId"] for error in wrong} <= {"in-incognito"}


def test_the_button_asks_the_browser_and_goes(room: Room) -> None:
    assert not room.at("install").is_visible()
    room.page.evaluate(
        """() => {
          globalThis.asked = 0;
          const event = new Event("beforeinstallprompt", { cancelable: true });
          event.prompt = async () => { asked += 1; };
          dispatchEvent(event);
          if (!event.defaultPrevented) throw new Error("the browser shows its own bar, too");
        }"""
    )
    room.at("install").click()

    room.page.wait_for_function("() => document.getElementById('install-group').hidden")
    assert room.page.evaluate("() => asked") == 1


LAUNCHED = """
Object.defineProperty(globalThis, "launchQueue", {
  value: { setConsumer: (consumer) => (globalThis.launch = consumer) },
});
"""


def test_a_file_or_a_shortcut_of_the_system_opens_in_the_page(new_room: OpenRoom) -> None:
    room = new_room(init=LAUNCHED).open()
    room.until_state("ready")

    room.page.evaluate(
        """(data) => {
          const file = new File([Uint8Array.from(data)], "opened.png", { type: "image/png" });
          launch({ files: [{ getFile: async () => file }], targetURL: location.href });
        }""",
        list(encode(sample())),
    )

    assert [row["label"] for row in room.until_state("still")["detections"]] == ["person"]
    assert room.at("caption").inner_text() == "opened.png"
    room.page.evaluate("() => launch({ files: [], targetURL: location.href + '?autostart=1' })")
    room.until_live()


def test_a_shared_photo_opens_detected_without_the_server(room: Room, host: Host) -> None:
    host.asked.clear()
    landed = room.page.evaluate(
        """async (data) => {
          const form = new FormData();
          form.append("files", new File([Uint8Array.from(data)], "é 1.png", { type: "image/png" }));
          const answer = await fetch("./share", { method: "POST", body: form, redirect: "manual" });
          return answer.type;
        }""",
        list(encode(sample())),
    )
    assert landed == "opaqueredirect", "on to the page"
    assert not [path for path in host.asked if "share" in path], "it never left"
    host.stop()

    room.open("?shared")

    now = room.until_state("still")
    assert [row["label"] for row in now["detections"]] == ["person"]
    assert room.at("caption").inner_text() == "é 1.png"
    assert "shared" not in room.page.url
    room.reload()
    room.until_state("ready")


def test_on_ios_it_says_how(new_room: OpenRoom) -> None:
    room = new_room(init="navigator.standalone = false;").open()
    room.until_state("ready")
    assert room.at("install-by-hand").is_visible()
    assert "Add to Home Screen" in room.at("install-group").inner_text()
    assert not room.at("install").is_visible()
