"""Show where the milliseconds of a frame go, on the page's thread, in its Python and in the worker.

    python3 build.py build && python3 build.py run bench/profile_frames.py --out bench/profiles

Opens the built page in Chromium with a fake camera that shows two people, and has it analyse frames
with overlay and tracking on. Chromium samples the page and its engine's worker; then Python's own
functions are timed in the page (bench/profile_page.py), which makes them slower, those most that
make many calls. Writes page.txt, worker.txt and python.txt: one line per stack, functions from the
outermost inwards, and the microseconds a frame that were spent in the last of them. That is the
format of flame graphs: tools such as flamegraph.pl, speedscope.app and inferno draw it. Prints the
functions in which most time was spent.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from browsers.chromium import Chromium, Tab, launched
from browsers.clip import CLIP, write_clip
from builder.browser import find_chromium
from builder.serve import serving
from speed.stacks import FAILED, PATIENCE_S, ROUND, WARM, script

ROOT = Path(__file__).resolve().parents[1]
PEOPLE = ROOT / "bench" / "speed" / "people-2.jpg"
PROGRAM = Path(__file__).with_name("profile_page.py")
RUN = "(async () => (await globalThis.obscura.boot.python.ready).runPython({program}))()"
SAMPLE_US = 200
"""Time between two samples of Chromium's profiler."""
LEAST = 0.003
"""Share of a profile below which a stack is left out; its time counts for its caller."""
PLUMBING = {"web.py", "calls.py", "prompt.py", "timing.py", "in)"}
"""Files, and what is built in, through which an answer reaches the coroutine that waits for it."""
SHOWN = 12
"""Functions printed of each profile."""

Stacks = Mapping[tuple[str, ...], float]
"""Microseconds by stack, outermost function first."""


def sampled(profile: Mapping[str, Any]) -> Stacks:
    """Return the stacks of a profile as Chromium tells it, without the time in which it waited."""
    nodes = {node["id"]: node for node in profile["nodes"]}
    parents = {child: node["id"] for node in nodes.values() for child in node.get("children", ())}
    spent: Counter[tuple[str, ...]] = Counter()
    for sample, us in zip(profile["samples"], profile["timeDeltas"], strict=True):
        names: list[str] = []
        at: int | None = sample
        while at is not None:
            names.append(named(nodes[at]["callFrame"]))
            at = parents.get(at)
        stack = tuple(reversed(names))[1:]  # without the root
        if stack not in (("(idle)",), ("(program)",)):
            spent[without_repeats(stack)] += max(us, 0)
    return spent


def named(frame: Mapping[str, Any]) -> str:
    """Return a function's name; those of WebAssembly, which has none, are one."""
    address = str(frame["url"])
    if address.startswith("wasm:") or address.endswith(".wasm"):
        return "(wasm)"
    name = frame["functionName"] or "(anonymous)"
    # The hash in the file's name differs from build to build.
    file = address.rpartition("/")[2].partition(".")[0]
    return f"{name} {file}".strip().replace(";", ",")


def without_repeats(stack: Sequence[str]) -> tuple[str, ...]:
    """Return a stack in which what calls itself stands once."""
    return tuple(name for at, name in enumerate(stack) if not at or stack[at - 1] != name)


def begun_late(stack: tuple[str, ...]) -> tuple[str, ...]:
    """Return a stack of Python's without what is the same for all: how a coroutine goes on."""
    at = 0
    while at < len(stack) - 1 and stack[at].rpartition(" ")[2] in PLUMBING:
        at += 1
    return stack[at:]


def pruned(stacks: Stacks, frames: int) -> dict[tuple[str, ...], float]:
    """Return microseconds a frame, of stacks that take some: others count for their callers."""
    spent = Counter({stack: us / frames for stack, us in stacks.items()})
    least_us = LEAST * sum(spent.values())
    for depth in range(max(map(len, spent), default=0), 1, -1):
        for stack in [each for each in spent if len(each) == depth]:
            if spent[stack] < least_us:
                spent[stack[:-1]] += spent.pop(stack)
    return {stack: us for stack, us in spent.items() if us >= least_us}


def collapsed(stacks: Stacks) -> str:
    """Return stacks as text, one a line."""
    return "".join(f"{';'.join(stack)} {us:.0f}\n" for stack, us in sorted(stacks.items()))


def summary(title: str, stacks: Stacks) -> str:
    """Return the functions in which most time is spent, with and without what they call."""
    own: defaultdict[str, float] = defaultdict(float)
    whole: defaultdict[str, float] = defaultdict(float)
    for stack, us in stacks.items():
        own[stack[-1]] += us
        for name in set(stack):
            whole[name] += us
    lines = [
        f"{title}: {sum(stacks.values()) / 1000:.2f} ms a frame",
        "   own   whole  (ms a frame)",
    ]
    most = sorted(own, key=own.__getitem__, reverse=True)[:SHOWN]
    lines += [f"{own[name] / 1000:6.2f}{whole[name] / 1000:8.2f}  {name}" for name in most]
    return "\n".join(lines)


def profile(browser: Chromium, address: str, frames: int) -> dict[str, Stacks]:
    """Return the stacks of page, worker and Python."""
    tab = browser.tab()
    tab.begin_with("", workers=True)
    tab.open(f"{address}?model=cocossd&backend=wasm&autostart=1&track=1")
    tab.evaluate(script(FAILED + "globalThis.benchRecorded = true;" + WARM % 60), PATIENCE_S)
    tab.front()
    engine = next(each for each in tab.realms()[1:] if is_engine(tab, each))
    found: dict[str, Stacks] = {}
    for realm in (tab.session, engine):
        browser.call("Profiler.enable", realm)
        browser.call("Profiler.setSamplingInterval", realm, interval=SAMPLE_US)
        browser.call("Profiler.start", realm)
    ran = tab.evaluate(script(FAILED + ROUND % frames), PATIENCE_S)["frames"]
    for name, realm in (("page", tab.session), ("worker", engine)):
        told = browser.call("Profiler.stop", realm, PATIENCE_S)["profile"]
        browser.call("Profiler.disable", realm)
        found[name] = pruned(sampled(told), ran)
    tab.evaluate(RUN.format(program=json.dumps(PROGRAM.read_text("utf-8") + "\nbegin()")))
    ran = tab.evaluate(script(FAILED + ROUND % frames), PATIENCE_S)["frames"]
    spent: defaultdict[tuple[str, ...], float] = defaultdict(float)
    for names, us in json.loads(tab.evaluate(RUN.format(program=json.dumps("end()")))):
        spent[begun_late(tuple(names))] += us
    found["python"] = pruned(spent, ran)
    return found


def is_engine(tab: Tab, realm: str) -> bool:
    """Whether a worker runs the engine, and not one of its threads."""
    return bool(tab.evaluate("typeof calls === 'object' || Boolean(self.onmessage)", session=realm))


def main() -> int:
    """Profile, write and print; return the exit code."""
    parser = argparse.ArgumentParser(description="Where the milliseconds of a frame go.")
    parser.add_argument("--out", type=Path, required=True, help="folder for the profiles")
    parser.add_argument("--frames", type=int, default=300, help="frames of each profile")
    parser.add_argument("--site", type=Path, default=ROOT / "dist", help="a built site")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        serving(args.site) as server,
        launched(
            find_chromium(Path(sys.executable)), write_clip(Path(home) / CLIP, PEOPLE)
        ) as browser,
    ):
        try:
            found = profile(browser, f"http://127.0.0.1:{server.server_port}/", args.frames)
        finally:
            server.hang_up()
    for name, stacks in found.items():
        (args.out / f"{name}.txt").write_text(collapsed(stacks), "utf-8")
        print(summary(name, stacks), end="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
