#!/usr/bin/env python3
"""Record which functions of Python's module a start runs, for the builder to ship them first.

python3 build.py run tools/record_start.py

Builds the site with a module that notes which of its functions have run. Each browser that is
installed opens it several times, and lets it detect objects in the sample picture and in a camera's
pictures; at last it lets it find no model. Writes the list to tools/builder/start.txt. Functions
that are in no list work as well: they come a little later.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from browsers.clip import CLIP, write_clip
from browsers.command import BROWSERS
from browsers.drivers import Driver, DriverError, NotInstalled
from builder import build, core, halves, npm, runtime, wasm
from builder.serve import SiteServer, serving
from builder.site import Site

KEEP = b"""
const { instantiateStreaming } = WebAssembly;
WebAssembly.instantiateStreaming = async (...args) => {
  const made = await instantiateStreaming(...args);
  globalThis.recorded ??= made.instance.exports;
  return made;
};
"""
STATE = "return globalThis.obscura?.snapshot?.().state ?? ''"
SEEN = "return globalThis.obscura.snapshot().frames > 20 ? 'seen' : ''"
START = "document.getElementById('start').click(); return ''"
RAN = """
return Object.keys(globalThis.recorded)
  .filter((name) => name.startsWith("ran:") && globalThis.recorded[name].value)
  .map((name) => Number(name.slice(4)));
"""

MODEL = "models/centernet-320/"

VISITS = ("", "", "?backend=wasm&threads=1")
"""A first visit, then others, which find what it has stored."""

SETTLED_S = 8
"""Until what begins after the first boxes has begun."""

PATIENCE_S = 120


def until(driver: Driver, body: str, answer: str) -> None:
    """Wait until a script returns the answer; raise DriverError if it does not."""
    end = time.monotonic() + PATIENCE_S
    while driver.evaluate(body) != answer:
        if time.monotonic() > end:
            raise DriverError(f"waited {PATIENCE_S} s for {answer!r}")
        time.sleep(0.2)


def visit(driver: Driver, url: str, state: str = "ready") -> set[int]:
    """Return which functions ran in a visit that comes to a state."""
    driver.open(url)
    until(driver, STATE, state)
    time.sleep(SETTLED_S)
    if state == "ready":
        driver.evaluate(START)
        until(driver, SEEN, "seen")
    return {*driver.evaluate(RAN)}


def record(driver: Driver, server: SiteServer, model: Path) -> set[int]:
    """Return which functions ran in all visits of a browser.

    Args:
        model: the file of `MODEL`, which is missing in the last one.
    """
    ran: set[int] = set()
    for query in VISITS:
        ran |= visit(driver, server.url + query)
    hidden = model.rename(model.with_suffix(".hidden"))
    try:
        return ran | visit(driver, f"{server.url}?model={MODEL.split('/')[1]}", "error")
    finally:
        hidden.rename(model)


def build_recorder(out: Path, pyodide: Path) -> Site:
    """Build the site, with a module that records itself in the place of the first half."""
    lock = json.loads((pyodide / runtime.LOCK).read_bytes())
    module, _ = core.trimmed(pyodide, runtime.verified_numpy(build.ROOT, lock))
    # The last list may be of another module, with which nothing can be built.
    every = core.write_list(range(len(module.bodies)), pyodide / core.WHOLE)
    core.LIST.write_text(every, encoding="ascii")
    site = build.build(out)
    recorder = wasm.write(halves.recording(module))
    site.path(f"pyodide/{core.WHOLE}").write_bytes(recorder)
    loader = site.path(f"pyodide/{build.PYODIDE}")
    loader.write_bytes(KEEP + loader.read_bytes())
    return site


def record_all() -> int:
    """Record with all browsers, write the list, and return how many functions it has."""
    pyodide = npm.install(build.ROOT) / "pyodide"
    ran: set[int] = set()
    with tempfile.TemporaryDirectory(prefix="obscura-") as name:
        clip = write_clip(Path(name) / CLIP)
        site = build_recorder(Path(name) / "site", pyodide)
        [model] = [site.path(each) for each in site.names if each.startswith(MODEL)]
        for browser, driven in BROWSERS.items():
            try:
                with serving(site.folder) as server, driven(clip) as driver:
                    ran |= record(driver, server, model)
            except NotInstalled:
                print(f"{browser} is not installed: not recorded")
    core.LIST.write_text(core.write_list(ran, pyodide / core.WHOLE), encoding="ascii")
    return len(ran)


def main() -> int:
    """Record, write the list, and print how many functions it has."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    previous = core.LIST.read_text(encoding="ascii")
    try:
        count = record_all()
    except BaseException:
        core.LIST.write_text(previous, encoding="ascii")
        raise
    print(f"{count} functions run at a start: {core.LIST.relative_to(build.ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
