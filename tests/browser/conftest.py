"""Fixtures of the browser tests: the site on a server, a Chromium per set of flags, and a watch.

Chromium is the one named by the environment's CHROMIUM, else Playwright's own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright

from builder.serve import SiteServer, serving

from .answering import AnsweringServer, answering, asking
from .networks import scene
from .pictures import ROOT, encode, on_camera
from .profiles import ONE_PROCESS, WarmProfile
from .room import PATIENCE, WITHOUT_RELAXED_SIMD, Room, device_cores, device_memory
from .watch import Watch

INSECURE_HOST = "obscura.test"
"""Resolves to this machine in the tests' browsers, but is no secure context there."""

FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Whatever tries to leave this machine comes nowhere, also past the watch.
    f"--host-resolver-rules=MAP {INSECURE_HOST} 127.0.0.1, MAP * ~NOTFOUND, "
    "EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
SHORT_VISIT = "--js-flags=--liftoff-only"
"""Most visits here are over before V8's second compiler of WebAssembly is done with Pyodide and the
engine; without it, a visit takes 3 s instead of 5."""
FAKE_CAMERA = "--use-fake-device-for-media-stream"
ALLOWED = "--use-fake-ui-for-media-stream"
FLAG_SETS = {
    "camera": [ALLOWED, FAKE_CAMERA, ONE_PROCESS],
    "tabs": [ALLOWED, FAKE_CAMERA],  # with a process for each tab
    "long": [ALLOWED, FAKE_CAMERA],  # with all that V8 has, for thousands of frames
    "refused": [FAKE_CAMERA],  # headless Chromium refuses whatever it was not told to allow
    "no camera": [ALLOWED, f"{FAKE_CAMERA}=device-count=0"],
    "two cameras": [ALLOWED, f"{FAKE_CAMERA}=device-count=2"],
    "webgpu": [
        ALLOWED,
        FAKE_CAMERA,
        ONE_PROCESS,
        "--enable-unsafe-webgpu",
        "--use-webgpu-adapter=swiftshader",
        "--enable-unsafe-swiftshader",
    ],
}

AWAITS = """(value) => {
  const found = (SCRIPT)(value);
  if (found instanceof Promise) throw new Error("a promise is always true: use Room.until_async");
  return found;
}"""

NONE_LATE = f"delete globalThis.WebGL2RenderingContext; {WITHOUT_RELAXED_SIMD}"
"""Has the page find none of the ways to run that it tries after the first boxes."""

OpenRoom = Callable[..., Room]
Serve = Callable[..., SiteServer]


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker by which a test owns up to the errors that it brings about."""
    config.addinivalue_line(
        "markers",
        "provokes(*patterns, perhaps=(), any_error=False): complaints of the watch that this test "
        "is about, and those that it may bring about",
    )


# ---- the watch -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def watch() -> Watch:
    """Sees everything that any page does."""
    return Watch()


@pytest.fixture(autouse=True)
def nothing_leaks(request: pytest.FixtureRequest, watch: Watch) -> Iterator[None]:
    """Fail any test in which a page reports an error or sends anything anywhere."""
    yield
    provoked, further = owned_up(request)
    _fail_for(watch.take(provoked, **further))


@pytest.fixture(scope="module", autouse=True)
def nothing_leaks_at_the_end(request: pytest.FixtureRequest, watch: Watch) -> Iterator[None]:
    """As `nothing_leaks`, for what the pages that a file's tests share do after its last test.

    It would be put down to the first test of another file otherwise. A file's own marker excuses
    here, too, but nothing has to come.
    """
    yield
    provoked, further = owned_up(request)
    perhaps = [*provoked, *further.pop("perhaps", ())]
    _fail_for(watch.take(perhaps=perhaps, **further))


def owned_up(request: pytest.FixtureRequest) -> tuple[Sequence[str], dict[str, Any]]:
    """Return what the marker of a test or a file has for `Watch.take`."""
    marker = request.node.get_closest_marker("provokes")
    return (marker.args, dict(marker.kwargs)) if marker else ((), {})


def _fail_for(complaints: list[str]) -> None:
    if complaints:
        pytest.fail("\n".join(complaints))


# ---- the site ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def site(dist: Path) -> Iterator[SiteServer]:
    """The built site as a good host serves it: at the root, with isolation."""
    with serving(dist) as server:
        yield server


@pytest.fixture
def serve() -> Iterator[Serve]:
    """``serve(folder, base="/", isolated=True)``: another server, for one test."""
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(serving(*args, **options))


# ---- browsers ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the fake camera sees, as MJPEG: JPEG files one after another, played over and over."""
    path = tmp_path_factory.mktemp("clip") / "camera.mjpeg"
    wall, _ = on_camera()
    path.write_bytes(encode(wall, "JPEG", quality=95) * 2)
    return path


def chromium_flags(flags: list[str]) -> dict[str, Any]:
    """How Playwright is to launch the tests' Chromium."""
    extra = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return {"executable_path": os.environ.get("CHROMIUM") or None, "args": [*flags, *extra]}


@pytest.fixture(scope="session")
def coloured_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A camera's view of the rectangles that small networks find, see `networks`."""
    path = tmp_path_factory.mktemp("clip") / "colours.mjpeg"
    path.write_bytes(encode(scene(), "JPEG", quality=95, subsampling=0) * 2)
    return path


@pytest.fixture(scope="session", autouse=True)
def no_wait_is_for_a_promise() -> Iterator[None]:
    """Have `Page.wait_for_function` refuse a promise, which would end the wait at once."""
    wait = Page.wait_for_function

    def waits(page: Page, script: str, **options: Any) -> Any:
        return wait(page, AWAITS.replace("SCRIPT", script), **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Page, "wait_for_function", waits)
        yield


@pytest.fixture(scope="session")
def browsers(
    playwright: Playwright, clip: Path, coloured_clip: Path
) -> Iterator[Callable[[str], Browser]]:
    """``browsers(flag_set)``: one Chromium per set of flags, kept for the session."""
    running: dict[str, Browser] = {}

    def browser(flag_set: str) -> Browser:
        if flag_set not in running:
            flags = [*FLAGS, *FLAG_SETS[flag_set]]
            if flag_set != "long":
                flags.append(SHORT_VISIT)
            if flag_set in ("camera", "tabs"):
                flags.append(f"--use-file-for-fake-video-capture={clip}")
            if flag_set == "webgpu":
                flags.append(f"--use-file-for-fake-video-capture={coloured_clip}")
            running[flag_set] = playwright.chromium.launch(**chromium_flags(flags))
        return running[flag_set]

    yield browser
    for each in running.values():
        each.close()


WarmProfiles = Callable[[str], "WarmProfile | None"]


def warm_profiles(
    browsers: Callable[[str], Browser], site: SiteServer, dist: Path, watch: Watch
) -> WarmProfiles:
    """Return a function from a set of flags to a warm profile, or to None if another visit has it
    or browsers with those flags have none."""
    made: dict[str, WarmProfile] = {}

    def profile(flags: str) -> WarmProfile | None:
        if ONE_PROCESS not in FLAG_SETS[flags]:
            return None
        if flags not in made:
            made[flags] = WarmProfile(browsers(flags), site.url, dist)
            made[flags].context.set_default_timeout(PATIENCE)
            watch.follow(made[flags].context, site.url.rstrip("/"))
        return None if made[flags].taken else made[flags]

    return profile


@pytest.fixture(scope="session")
def warm(
    browsers: Callable[[str], Browser], site: SiteServer, dist: Path, watch: Watch
) -> WarmProfiles:
    """The profiles for visits of one test each."""
    return warm_profiles(browsers, site, dist, watch)


@pytest.fixture(scope="session")
def shared_warm(
    browsers: Callable[[str], Browser], site: SiteServer, dist: Path, watch: Watch
) -> WarmProfiles:
    """The profiles for visits that the tests of one file share."""
    return warm_profiles(browsers, site, dist, watch)


@contextmanager
def rooms(
    browsers: Callable[[str], Browser], warm: WarmProfiles, site: SiteServer, watch: Watch
) -> Iterator[OpenRoom]:
    """Opens visits and ends them; see `new_room`."""
    with ExitStack() as stack:

        def new_room(
            flags: str = "camera",
            *,
            url: str = "",
            init: str = "",
            watched: bool = True,
            cold: bool = False,
            cores: int = 2,
            late: bool = False,
            **options,
        ) -> Room:
            # The fewest sessions, the same on every machine.
            init = device_memory(None) + device_cores(cores) + ("" if late else NONE_LATE) + init
            ordinary = watched and not (url or cold or options)
            profile = warm(flags) if ordinary else None
            if profile:
                stack.callback(profile.release)
                return Room(profile.open(init), site.url)
            address = url or site.url
            # Only some tests want them: else each first visit would also fill a cache.
            options.setdefault("service_workers", "block")
            context = browsers(flags).new_context(**options)
            stack.callback(context.close)
            context.set_default_timeout(PATIENCE)
            if watched:
                watch.follow(context, "/".join(address.split("/")[:3]))
            context.add_init_script(init)
            return Room(context.new_page(), address)

        yield new_room


@pytest.fixture
def new_room(
    browsers: Callable[[str], Browser], warm: WarmProfiles, site: SiteServer, watch: Watch
) -> Iterator[OpenRoom]:
    """``new_room(flags="camera", url=..., init=JavaScript, **context options)``: a visit.

    Nothing is stored in its profile, which is a warm one (see `profiles`), unless the test asks for
    a ``cold`` one or for another address or context. The device has two cores unless the test asks
    for another number of ``cores``. Ways to run that a first visit tries only once boxes show are
    hidden from the page unless the test asks for the ``late`` ones. The page is not opened yet, so
    that a test may still change what the network does.
    """
    with rooms(browsers, warm, site, watch) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_room(
    browsers: Callable[[str], Browser], shared_warm: WarmProfiles, site: SiteServer, watch: Watch
) -> Iterator[OpenRoom]:
    """As `new_room`, for a visit that the tests of one file share."""
    with rooms(browsers, shared_warm, site, watch) as opened:
        yield opened


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Where screenshots go, to be looked at."""
    folder = ROOT / "tests" / "artefacts"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def server() -> Iterator[AnsweringServer]:
    """The server that the page may ask."""
    with answering() as server:
        yield server


@pytest.fixture(scope="module")
def asking_site(
    server: AnsweringServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SiteServer]:
    """A site that was built for that server."""
    with asking(server, tmp_path_factory.mktemp("asking")) as site:
        yield site
