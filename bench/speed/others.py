"""Other packages for finding objects in a browser, beside our page: bytes, first boxes, frame,
memory, and requests to other hosts.

Every package runs the model that it comes with, so this compares what people would get, not
engines. All take turns on the same camera; other hosts cannot be reached, and requests to them are
counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any
from urllib.parse import urlencode, urlsplit

from browsers.chromium import Chromium, ChromiumError, Tab
from obscura.live.timing import median
from speed.host import Host, Line
from speed.packages import BY_NAME
from speed.stacks import MODEL, READY, Ours, Setting, Stack, open_rival, script
from speed.visits import FIRST, TRACK, Amount, Tell, held

BLOCKED = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
"""Flag of Chromium with which no other host can be reached."""
OUR_HOSTS = ("localhost", "127.0.0.1")
FIRST_S = 120.0
"""How long first boxes may take."""
DOCUMENTED_S = 20.0
"""How long a page may try to get what its documentation has it get from elsewhere."""
HEAD = (
    *("package", "licence", "model", "ran on", "bytes to first boxes", "first boxes, cold"),
    *("first boxes, warm", "frame", "memory", "other hosts asked"),
)

TITLES = {"obscura": "Obscura", "tfjs": "TF.js"} | {o.name: o.title for o in BY_NAME.values()}
LICENSES = {"obscura": "Apache-2.0", "tfjs": "Apache-2.0"} | {
    other.name: other.license for other in BY_NAME.values()
}
MODELS = dict.fromkeys(("obscura", "tfjs"), "COCO-SSD, 300 × 300") | {  # noqa: RUF001
    other.name: other.model for other in BY_NAME.values()
}


def measure(
    browser: Chromium, host: Host, stacks: Sequence[str], backend: str, amount: Amount, tell: Tell
) -> dict[str, Any]:
    """Measure our page and other packages.

    Args:
        browser: started with `BLOCKED`.
        stacks: "obscura", "tfjs" and names of `packages.OTHERS`.
        backend: "wasm", or "webgpu" for the GPU: each package has its own way to it. Ours chooses
            for itself.

    Returns:
        figures of each by name; ``why`` instead of those that it has not. ``cold`` and ``warm`` are
        milliseconds of visits to the sample picture, ``bytes`` those sent to a first one, ``told``
        is what it runs on, ``frame`` has the times of frames, ``memory`` the bytes after these by
        kind, ``hosts`` other hosts that were asked, and ``documented`` those of a page whose files
        come from where its documentation has them.
    """
    figures: dict[str, Any] = {
        name: {"cold": [], "warm": [], "bytes": 0, "hosts": [], "documented": []} for name in stacks
    }
    for number in range(min(amount.rounds, 3)):
        tell(f"packages, first boxes: round {number + 1}")
        for name in stacks:
            if "why" in figures[name]:
                continue
            try:
                first_visits(browser, host, name, backend, figures[name])
            except ChromiumError as error:
                figures[name] |= {"why": str(error), "bytes": host.line.sent}
    for name in stacks:
        if name != "obscura":
            figures[name]["documented"] = documented_hosts(browser, host, name, backend)
    working = [name for name in stacks if "why" not in figures[name]]
    for name, told in frames(browser, host, working, backend, amount, tell).items():
        figures[name] |= told
    return figures


def address(name: str, backend: str, **more: object) -> str:
    """Return the address of a stack's page below the host's."""
    if name == "obscura":
        return f"site/?{urlencode({'model': MODEL})}"
    own = "wasm" if backend == "wasm" else "webgl" if name == "tfjs" else "gpu"
    return f"rivals/{name}.html?{urlencode({'backend': own, **more})}"


def first_visits(
    browser: Chromium, host: Host, name: str, backend: str, seen: dict[str, Any]
) -> None:
    """Visit a page with the sample picture in a new profile, and once more; add both to `seen`, and
    the bytes and hosts of the first visit until its boxes."""
    page = address(name, backend, sample=1)
    done = FIRST["obscura" if name == "obscura" else "tfjs"][1]
    context = browser.context()
    try:
        host.line = Line()
        tab = browser.tab(context)
        tab.watch_requests()
        tab.open(host.url + page)
        seen["cold"].append(float(tab.evaluate(done, FIRST_S)))
        seen["bytes"] = host.line.sent
        seen["hosts"] = sorted({*seen["hosts"], *other_hosts(tab)})
        # Browsers write compiled code once a page is idle.
        tab.evaluate("new Promise((resolve) => setTimeout(resolve, 2000))")
        tab.close()
        again = browser.tab(context)
        again.open(host.url + page)
        seen["warm"].append(float(again.evaluate(done, FIRST_S)))
    finally:
        browser.close_context(context)


def documented_hosts(browser: Chromium, host: Host, name: str, backend: str) -> list[str]:
    """Return the other hosts that a page asks whose files come from where its documentation has
    them. None answers, so there may be more."""
    context = browser.context()
    try:
        tab = browser.tab(context)
        tab.watch_requests()
        tab.open(host.url + address(name, backend, sample=1, documented=1))
        with suppress(ChromiumError):  # it gets nothing from there
            tab.evaluate(script(READY), DOCUMENTED_S)
        return sorted(other_hosts(tab))
    finally:
        browser.close_context(context)


def other_hosts(tab: Tab) -> set[str]:
    """Return the hosts beside this machine that a page and its workers have asked."""
    names = {urlsplit(url).hostname for url in tab.requests() if url.startswith(("http", "ws"))}
    return {name for name in names if name and name not in OUR_HOSTS}


def frames(
    browser: Chromium, host: Host, names: Sequence[str], backend: str, amount: Amount, tell: Tell
) -> dict[str, Any]:
    """Let pages take turns on the camera; return their times, and their memory after that."""
    made: dict[str, Any] = {}
    with ExitStack() as tabs:
        stacks: dict[str, tuple[Stack, Tab]] = {}
        for name in names:
            tell(f"{TITLES[name]}: opening")
            try:
                stacks[name] = opened(browser, host, name, backend, amount.warm_up)
            except ChromiumError as error:
                made[name] = {"why": str(error)}
                continue
            tabs.callback(stacks[name][1].close)
        for number in range(amount.rounds):
            tell(f"packages: round {number + 1} of {amount.rounds}")
            for stack, _ in stacks.values():
                stack.round(amount.frames)
        for name, (stack, tab) in stacks.items():
            told = stack.result()
            made[name] = {"frame": told, "told": told.get("backend"), "memory": held(tab)}
    return made


def opened(
    browser: Chromium, host: Host, name: str, backend: str, warm_up: int
) -> tuple[Stack, Tab]:
    """Open a page that shows the camera, with its memory followed."""
    if name == "obscura":
        setting = Setting("others", "", "auto", 0, True, ())
        ours = Ours(browser, host.url, setting, warm_up, also=TRACK)
        return ours, ours.tab
    own = "wasm" if backend == "wasm" else "webgl" if name == "tfjs" else "gpu"
    rival = open_rival(browser, host.url, name, {"backend": own}, warm_up, also=TRACK)
    return rival, rival.tab


# ---- the table -----------------------------------------------------------------------------------


def parts(figures: Mapping[str, Any], table: Callable[..., str]) -> list[str]:
    """Return the table of packages, and why some have no figures."""
    if not figures:
        return []
    reasons = [
        f"{TITLES[name]}: {reason(name, told['why'])}"
        for name, told in figures.items()
        if "why" in told
    ]
    body = [row(name, told) for name, told in figures.items()]
    made = ["Other packages, each with the model that it comes with:\n\n" + table(HEAD, body)]
    return made + (["Not measured: " + "; ".join(reasons) + "."] if reasons else [])


def row(name: str, told: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the line of a package."""
    frame, memory = told.get("frame"), told.get("memory")
    return (
        TITLES[name],
        LICENSES[name],
        MODELS[name],
        str(told.get("told") or "-"),
        bytes_cell(told),
        seconds(told.get("cold")),
        seconds(told.get("warm")),
        frame_cell(frame) if frame else "-",
        f"{total(memory) / 1e6:.0f} MB" if memory else "-",
        hosts_cell(told),
    )


def frame_cell(frame: Mapping[str, Any]) -> str:
    """Return the median time of a frame; of one in which nothing is found, that too."""
    text = f"{frame['median']:.1f} ms"
    return text if frame["boxes"] else f"{text}, finds nothing"


def bytes_cell(told: Mapping[str, Any]) -> str:
    """Return the bytes of a first visit; of one that failed, those until then."""
    if not told.get("bytes"):
        return "-"
    size = f"{told['bytes'] / 1e6:.1f} MB"
    return f"{size} without a network" if "why" in told else size


def seconds(visits: Sequence[float] | None) -> str:
    """Return the median of visits' milliseconds in seconds."""
    return f"{median(visits) / 1000:.2f} s" if visits else "-"


def total(memory: Mapping[str, float]) -> float:
    """Return the bytes of JavaScript heaps and wasm memories, of the page and its workers."""
    return sum(size for kind, size in memory.items() if kind.startswith(("JS heap", "wasm heap")))


def hosts_cell(told: Mapping[str, Any]) -> str:
    """Return how many other hosts were asked, and which are as documented."""
    asked, documented = told.get("hosts", []), told.get("documented", [])
    text = f"{len(asked)}" + (f" ({', '.join(asked)})" if asked else "")
    more = [name for name in documented if name not in asked]
    return f"{text}; as documented: {', '.join(more)}" if more else text


def reason(name: str, why: str) -> str:
    """Return why a package has no figures."""
    other = BY_NAME.get(name)
    if other is not None and other.weights and other.weights in why:
        return f"no registry package has its network; `--weights {name}=FILE` measures it with one"
    return why
