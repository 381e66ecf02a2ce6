"""Unplugged: after one visit the page works without its server, and mends what is damaged."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from .conftest import FAKE_CAMERA, FLAGS, NONE_LATE, OpenRoom, chromium_flags
from .hosts import Host
from .room import PATIENCE, Room, another_tab, sees_the_person, settled
from .spies import PATIENT_OF_WORKER


@pytest.fixture
def hosts(dist: Path) -> Iterator[Callable[..., Host]]:
    """``hosts(base="/", isolated=True)``: a host of the built site that can be stopped."""
    opened: list[Host] = []

    def host(*args: str, **options: bool) -> Host:
        opened.append(Host(dist, *args, **options))
        return opened[-1]

    yield host
    for each in opened:
        each.stop()


@pytest.fixture
def host(hosts: Callable[..., Host]) -> Host:
    """A host under a path."""
    return hosts("/a/b/")


@pytest.fixture
def plain_host(hosts: Callable[..., Host]) -> Host:
    """A host without the headers of isolation."""
    return hosts(isolated=False)


# Hosts come first, so that they stop after the pages were closed: a page that still fetches when
# its host stops reports an error.
@pytest.fixture
def visit(hosts: Callable[..., Host], new_room: OpenRoom) -> OpenRoom:  # noqa: ARG001
    """As `new_room`, with service workers."""
    return lambda *args, **options: new_room(*args, service_workers="allow", **options)


def damage(room: Room, pattern: str) -> int:
    """Cut the end off every kept file whose address matches; return how many there were."""
    count: int = room.page.evaluate(
        """async (pattern) => {
          let count = 0;
          for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const request of await cache.keys()) {
              if (!RegExp(pattern).test(request.url)) continue;
              const response = await cache.match(request);
              const { headers } = response;
              const body = await response.arrayBuffer();
              await cache.put(request, new Response(body.slice(0, -1000), { headers }));
              count += 1;
            }
          }
          return count;
        }""",
        pattern,
    )
    return count


# ---- one visit -----------------------------------------------------------------------------------


def test_without_a_connection_models_that_are_not_here_look_it(visit: OpenRoom, host: Host) -> None:
    room = visit(url=host.url).open()
    assert settled(room).startswith("yes")
    here = room.snapshot()["model"]
    titles = room.at("model").locator("option").all_inner_texts()
    room.at("models").click()
    notes = room.page.locator("#model-list [data-part=absent]")
    assert notes.evaluate_all("(all) => all.every((note) => note.hidden)")

    room.page.context.set_offline(True)
    room.page.wait_for_function("() => document.querySelector('.model.absent')")

    for option in room.at("model").locator("option").all():
        absent = option.get_attribute("value") != here
        assert option.inner_text().endswith(" (not on this device)") == absent
    shown = room.page.locator("#model-list [data-part=absent]:visible")
    assert shown.count() == len(titles) - 1
    assert not room.page.locator(f"[data-model='{here}'] [data-part=absent]").is_visible()

    room.page.context.set_offline(False)
    room.page.wait_for_function("() => !document.querySelector('.model.absent')")
    assert room.at("model").locator("option").all_inner_texts() == titles


SLOW_STORE = """
if (globalThis.CacheStorage) { // only secure contexts have it
  globalThis.looks = 0; // of files that were looked up
  globalThis.held = null; // looks wait here, while it is a list
  const { match } = CacheStorage.prototype;
  CacheStorage.prototype.match = async function (...args) {
    if (held) await new Promise((go) => held.push(go));
    const found = await match.apply(this, args);
    looks += 1;
    return found;
  };
}
"""


def test_a_connection_that_is_back_soon_leaves_no_model_looking_absent(
    visit: OpenRoom, host: Host
) -> None:
    room = visit(url=host.url, init=SLOW_STORE).open()
    assert settled(room).startswith("yes")
    titles = room.at("model").locator("option").all_inner_texts()
    room.page.evaluate("() => { globalThis.looks = 0; globalThis.held = []; }")

    room.page.context.set_offline(True)
    room.page.wait_for_function("() => held.length > 0")
    room.page.context.set_offline(False)
    room.at("no-connection").wait_for(state="hidden")
    room.page.evaluate(
        "() => { const all = held; globalThis.held = null; all.forEach((go) => go()); }"
    )

    room.page.wait_for_function("(count) => looks >= count", arg=len(titles))
    room.ticks(10)
    assert room.at("model").locator("option").all_inner_texts() == titles


def test_after_one_visit_all_works_with_the_server_stopped(visit: OpenRoom, host: Host) -> None:
    room = visit(url=host.url).open()
    assert settled(room).startswith("yes")
    host.stop()

    room.reload()
    room.until_state("ready")
    sees_the_person(room)

    # Its engine's worker has the page's policy, which comes with its script.
    violated = room.page.workers[0].evaluate("""() => new Promise((told) => {
      addEventListener("securitypolicyviolation", (event) => told(event.effectiveDirective));
      fetch("http://elsewhere.test/").catch(() => setTimeout(told, 1000, "nothing"));
    })""")
    assert violated == "connect-src"

    other = another_tab(room).open("?threshold=0.5")
    other.until_state("ready")
    sees_the_person(other)
    assert other.page.evaluate("() => crossOriginIsolated")


def stored(room: Room, folder: str) -> set[str]:
    """The folders below this one of which files are stored."""
    kept: list[str] = room.page.evaluate(
        """async (folder) => {
          const all = [];
          for (const name of await caches.keys()) {
            all.push(...(await (await caches.open(name)).keys()));
          }
          return all.map(({ url }) => url.split(`/${folder}/`)[1]).filter(Boolean);
        }""",
        folder,
    )
    return {each.split("/")[0] for each in kept if "/" in each}


def test_a_head_that_was_used_works_with_the_server_stopped_and_others_are_not_stored(
    visit: OpenRoom, host: Host
) -> None:
    room = visit(url=host.url).open()
    assert settled(room) == "yes, with the current model"
    assert stored(room, "heads") == set()

    room.page.keyboard.press("x")
    finds_faces(room)
    room.until_text("fact-offline", "these closer looks: Faces; Faces, also far ones$")
    assert stored(room, "heads") == {"faces", "faces-far"}

    host.stop()
    room.reload()
    room.until_state("ready")
    finds_faces(room)


def finds_faces(room: Room) -> None:
    """Wait until a face is found on the camera's picture."""
    room.start()
    room.until("now.detections.some((found) => found.label === 'face')")
    room.stop()


def test_the_first_visit_fetches_nothing_twice(
    playwright: Playwright, host: Host, tmp_path: Path
) -> None:
    """With a browser's ordinary cache on disk: that of other tests' contexts is small."""
    context = playwright.chromium.launch_persistent_context(
        tmp_path, **chromium_flags([*FLAGS, FAKE_CAMERA])
    )
    context.set_default_timeout(PATIENCE)
    context.add_init_script(NONE_LATE)  # a race asks for more
    room = Room(context.pages[0], host.url).open()
    assert settled(room).startswith("yes")
    context.close()

    assert len(host.asked) > 20
    twice = {path for path, times in host.asked.items() if times > 1}
    assert twice <= {"/a/b/sw.js"}, "of its worker, the browser asks for news"
    models = [path for path in host.asked if "/models/" in path]
    engines = [path for path in host.asked if path.endswith(".wasm") and "/ort-" in path]
    assert [len(models), len(engines)] == [1, 1], "only what is used"


def test_all_models_on_request(visit: OpenRoom, host: Host) -> None:
    room = visit(url=host.url).open()
    settled(room)
    room.at("models").click()
    room.page.evaluate(
        """() => {
          globalThis.told = [];
          new MutationObserver(() => told.push(document.getElementById("offline-note").textContent))
            .observe(document.getElementById("offline-note"), { childList: true });
        }"""
    )
    room.at("offline-all").click()
    room.until_text("offline-note", "All models")
    told = room.page.evaluate("() => told")
    shares = [float(words.split()[0]) for words in told if " of " in words]
    assert shares == sorted(shares)
    facts = json.loads(room.at("obscura-build").text_content() or "")
    script = room.page.evaluate("async () => (await fetch('sw.js')).text()")
    listed = json.loads(re.search(r"^const BUILD = (\{.*\});$", script, re.MULTILINE)[1])["files"]
    wanted = [
        size for _, size, group in listed.values() if group.split(":")[0] in ("python", "model")
    ]
    assert abs(shares[-1] * 1e6 - sum(wanted)) < 1e6, "true to the byte, but for the page's own few"
    host.stop()

    room.page.keyboard.press("Escape")
    for model in facts["models"]:
        room.choose(model["name"])


# ---- what is damaged -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(dist: Path, shared_room: OpenRoom) -> Iterator[Room]:
    """A visit with everything kept. What is damaged on purpose is loud, so it is not watched."""
    opened = Host(dist)
    room = shared_room(url=opened.url, service_workers="allow", watched=False).open()
    settled(room)
    yield room
    opened.stop()


def is_whole(room: Room) -> bool:
    """Whether everything that is kept has its hash."""
    return settled(room).startswith("yes") and room.page.evaluate(
        "async () => (await obscuraOffline.ask('mend')) === 0"
    )


READY = "() => globalThis.obscura?.snapshot?.().state === 'ready'"


@pytest.mark.parametrize("pattern", [r"pyodide\.asm\.wasm", r"obscura\.\w+\.zip", r"boot\.\w+\.js"])
def test_a_damaged_part_is_fetched_again_and_the_page_starts(kept: Room, pattern: str) -> None:
    assert damage(kept, pattern) == 1

    # A new tab: on a reload, browsers take small files from their memory.
    room = another_tab(kept).open()
    room.page.wait_for_function(READY)
    assert is_whole(room)
    room.page.close()


def test_a_damaged_model_or_engine_is_fetched_again_on_request(kept: Room) -> None:
    for pattern in (r"\.onnx", r"ort-wasm[\w.-]*\.wasm"):
        assert damage(kept, pattern) == 1
        kept.reload()
        kept.page.wait_for_function("() => globalThis.obscura?.snapshot?.().state === 'error'")

        kept.at("notice-action").click()

        kept.until_state("ready")
    assert is_whole(kept)


def test_what_the_browser_cleared_is_fetched_again(kept: Room) -> None:
    kept.page.evaluate(
        "async () => { for (const name of await caches.keys()) await caches.delete(name); }"
    )

    kept.reload()

    assert is_whole(kept)


# ---- browsers that keep nothing ------------------------------------------------------------------


def test_without_room_it_works_online_and_says_so(visit: OpenRoom, host: Host) -> None:
    room = visit(url=host.url)
    session = room.page.context.new_cdp_session(room.page)
    origin = "/".join(host.url.split("/")[:3])
    session.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 1_000_000})
    room.open()

    assert re.match("no: .*storage", settled(room))
    room.reload()
    room.until_state("ready")
    sees_the_person(room)


FORBIDDEN = "delete Navigator.prototype.serviceWorker;"


def test_where_workers_are_forbidden_it_works_online_and_says_so(
    visit: OpenRoom, host: Host
) -> None:
    room = visit(url=host.url, init=FORBIDDEN).open()

    assert re.match("no: .*files", settled(room))
    sees_the_person(room)


# ---- isolation -----------------------------------------------------------------------------------


LOADS = (
    """
try { sessionStorage.setItem("loads", Number(sessionStorage.getItem("loads") ?? 0) + 1); } catch {}
"""
    + PATIENT_OF_WORKER
)


def test_a_host_without_headers_is_made_up_for_by_one_early_reload(
    plain_host: Host, visit: OpenRoom
) -> None:
    room = visit(url=plain_host.url, init=LOADS).open("?threads=2")

    room.until("crossOriginIsolated && now.state === 'ready'")
    assert room.snapshot()["threads"] == 2
    assert room.page.evaluate("() => sessionStorage.getItem('loads')") == "2"
    assert room.page.url == plain_host.url + "?threads=2"
    settled(room)
    plain_host.stop()
    room.reload()
    room.until("crossOriginIsolated && now.state === 'ready'")
    assert room.page.evaluate("() => sessionStorage.getItem('loads')") == "3"


PRESSED = """new MutationObserver((_, observer) => {
  const start = document.getElementById("start");
  if (start && globalThis.obscura?.boot) { observer.disconnect(); start.click(); }
}).observe(document, { childList: true, subtree: true });"""


def test_a_press_keeps_the_page_from_reloading(plain_host: Host, visit: OpenRoom) -> None:
    room = visit(url=plain_host.url, init=LOADS + PRESSED).open()
    room.page.evaluate("() => document.body.append(document.createComment('now'))")

    room.until_live()
    loads = room.page.evaluate("() => sessionStorage.getItem('loads')")
    assert loads == "1" or room.page.evaluate("() => crossOriginIsolated")


NEVER_CONTROLLED = (
    LOADS
    + "if (globalThis.ServiceWorkerContainer)"
    + ' Object.defineProperty(ServiceWorkerContainer.prototype, "controller", { value: null });'
    + 'Object.defineProperty(globalThis, "crossOriginIsolated", { value: false });'
)


def test_reloading_that_does_not_help_is_not_repeated(plain_host: Host, visit: OpenRoom) -> None:
    room = visit(url=plain_host.url, init=NEVER_CONTROLLED).open()

    now = room.until_state("ready")
    assert now["threads"] == 1
    assert room.page.evaluate("() => sessionStorage.getItem('loads')") == "2"
