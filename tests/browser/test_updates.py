"""New versions: found, announced, taken on request, never mixed; the former as a way back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import OpenRoom
from .hosts import Host
from .room import Room, another_tab, settled
from .versions import another_version


@pytest.fixture(scope="module")
def newer(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The next version: its title differs, and its main.py says so."""
    (main,) = dist.glob("py/main.*.py")
    source = main.read_text(encoding="utf-8") + "\nprint('two')\n"
    return another_version(dist, tmp_path_factory.mktemp("newer") / "site", "Obscura 2", source)


@pytest.fixture(scope="module")
def broken(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version that cannot start."""
    source = "raise RuntimeError('broken')\n"
    return another_version(dist, tmp_path_factory.mktemp("broken") / "site", "Obscura 3", source)


@pytest.fixture
def host(dist: Path, request: pytest.FixtureRequest) -> Iterator[Host]:
    """A host of the present version; with the parameter True, one that has everything kept."""
    opened = Host(dist, stale=getattr(request, "param", False))
    yield opened
    opened.stop()


@pytest.fixture
def room(new_room: OpenRoom, host: Host) -> Room:
    """A visit whose page works offline. (A version that fails is loud, so it is not watched.)"""
    opened = new_room(url=host.url, service_workers="allow", watched=False).open()
    assert settled(opened).startswith("yes")
    return opened


def look_for_news(room: Room) -> None:
    """What the browser does at every visit, now; wait until something new is wholly here."""
    # Again, should the browser's own look, from before the host changed, have been under way.
    room.page.evaluate(
        """async () => {
          const found = await obscuraOffline.ready();
          for (let i = 0; i < 20 && !found.installing && !found.waiting; i++) await found.update();
        }"""
    )
    room.until_text("update-text", "^A new version")
    assert room.page.evaluate("async () => Boolean((await obscuraOffline.ready()).waiting)")


def scripts(room: Room) -> list[str]:
    """Which main.py the page runs."""
    found: list[str] = room.page.evaluate(
        "() => [...document.querySelectorAll('script[type=py]')].map((one) => one.src)"
    )
    return found


def test_a_new_version_is_announced_and_taken_on_request(
    room: Room, host: Host, newer: Path
) -> None:
    room.choose("centernet-320")
    room.move("threshold", 0.25)
    former = scripts(room)
    host.change(newer)

    look_for_news(room)
    assert room.at("update").is_visible()
    other = another_tab(room).open()
    other.until_state("ready")
    assert (other.page.title(), scripts(other)) == ("Obscura", former), "until it is taken"
    host.stop()
    room.page.bring_to_front()
    room.start()  # the camera runs: nothing happens by itself
    assert room.page.title() == "Obscura"

    room.at("update-now").click()

    room.page.wait_for_function("() => document.title === 'Obscura 2'")
    now = room.until_state("ready")
    assert now["model"] == "centernet-320", "also of the model in use it has what it needs"
    assert room.at("threshold-value").inner_text() == "25 %"
    assert scripts(room) != former
    assert other.page.title() == "Obscura", "another tab goes on as it is"
    other.until_text("update-text", "new version")
    other.at("update-now").click()
    other.page.wait_for_function("() => document.title === 'Obscura 2'")


@pytest.mark.parametrize("host", [True], indirect=True, ids=["from a host with stale headers"])
def test_out_of_sight_a_new_version_is_taken_by_itself(room: Room, host: Host, newer: Path) -> None:
    host.change(newer)
    look_for_news(room)

    room.page.evaluate(
        """() => {
          Object.defineProperty(document, "hidden", { value: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )

    room.page.wait_for_function("() => document.title === 'Obscura 2'")
    room.until_state("ready")


def test_half_a_version_is_never_used(room: Room, host: Host, newer: Path, tmp_path: Path) -> None:
    """As of a host whose files do not change all at once: a part of the new page is missing."""
    torn = tmp_path / "torn"
    torn.mkdir()
    for path in newer.rglob("*"):
        target = torn / path.relative_to(newer)
        if path.is_dir():
            target.mkdir(exist_ok=True, parents=True)
        elif path.parent.name != "py":
            target.parent.mkdir(exist_ok=True, parents=True)
            target.hardlink_to(path)
    host.change(torn)

    room.page.evaluate(
        """async () => {
          const registration = await obscuraOffline.ready();
          let coming = null;
          registration.addEventListener("updatefound", () => { coming = registration.installing; });
          // Again, should the browser's own look, from before the host changed, be under way.
          for (let i = 0; i < 20 && !coming; i++) await registration.update().catch(() => {});
          while (coming.state === "installing")
            await new Promise((resolve) => coming.addEventListener("statechange", resolve));
          if (coming.state !== "redundant") throw new Error(coming.state);
        }"""
    )
    room.reload()

    room.until_state("ready")
    assert room.page.title() == "Obscura"


def test_a_version_that_fails_twice_gives_way_to_the_former(
    room: Room, host: Host, broken: Path, newer: Path
) -> None:
    host.change(broken)
    look_for_news(room)
    room.at("update-now").click()
    room.page.wait_for_function("() => document.title === 'Obscura 3'")
    for _ in range(2):
        room.page.wait_for_function("() => document.body.dataset.state === 'error'")
        assert room.page.title() == "Obscura 3"
        room.page.evaluate("() => obscuraOffline.ask('status')")  # it has been told
        room.reload()

    room.page.wait_for_function("() => document.title === 'Obscura'")
    room.until_state("ready")
    room.until_text("update-text", "(did not|wouldn.t) start")

    host.change(newer)
    look_for_news(room)
    room.at("update-now").click()
    room.page.wait_for_function("() => document.title === 'Obscura 2'")
    room.until_state("ready")
