#!/usr/bin/env python3
"""Record which functions of Python's module a start runs, for the builder to ship them first.

python3 build.py run tools/record_start.py

Builds the site with a module that notes which of its functions have run, opens it in Chromium, and
lets it detect objects in the sample picture and in a camera's pictures. Writes the list to
tools/builder/start.txt. Functions that are in no list work as well: they come a little later.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from browsers.chromium import Tab, launched
from browsers.clip import CLIP, write_clip
from builder import build, core, halves, npm, runtime, wasm
from builder.browser import find_chromium
from builder.serve import serving

KEEP = """
const { instantiateStreaming } = WebAssembly;
WebAssembly.instantiateStreaming = async (...args) => {
  const made = await instantiateStreaming(...args);
  globalThis.recorded ??= made.instance.exports;
  return made;
};
"""
UNTIL = """
new Promise((resolve) => {
  const look = () => (%s ? resolve() : setTimeout(look, 100));
  look();
})
"""
READY = "globalThis.obscura?.snapshot?.().state === 'ready'"
SEEN = "globalThis.obscura.snapshot().frames > 20"
RAN = """
Object.keys(recorded)
  .filter((name) => name.startsWith("ran:") && recorded[name].value)
  .map((name) => Number(name.slice(4)))
"""
VISITS = ("", "", "?backend=wasm&threads=1")
"""A first visit, then others, which find what it has stored."""

SETTLED_MS = 8000
"""Until what begins after the first boxes has begun."""


def visit(tab: Tab, url: str) -> set[int]:
    """Return which functions ran in a visit."""
    tab.begin_with(KEEP)
    tab.open(url)
    tab.evaluate(UNTIL % READY)
    tab.evaluate(f"new Promise((resolve) => setTimeout(resolve, {SETTLED_MS}))")
    tab.evaluate("document.getElementById('start').click()")
    tab.evaluate(UNTIL % SEEN)
    return {*tab.evaluate(RAN)}


def build_recorder(out: Path, pyodide: Path) -> None:
    """Build the site, with a module that records itself in the place of the first half."""
    lock = json.loads((pyodide / runtime.LOCK).read_bytes())
    module, _ = core.trimmed(pyodide, runtime.verified_numpy(build.ROOT, lock))
    # The last list may be of another module, with which nothing can be built.
    every = core.write_list(range(len(module.bodies)), pyodide / core.WHOLE)
    core.LIST.write_text(every, encoding="ascii")
    site = build.build(out)
    recorder = wasm.write(halves.recording(module))
    site.path(f"pyodide/{core.WHOLE}").write_bytes(recorder)


def main() -> int:
    """Record, write the list, and print how many functions it has."""
    pyodide = npm.install(build.ROOT) / "pyodide"
    with tempfile.TemporaryDirectory(prefix="obscura-") as name:
        out, clip = Path(name) / "site", write_clip(Path(name) / CLIP)
        build_recorder(out, pyodide)
        with (
            serving(out) as server,
            launched(find_chromium(Path(sys.executable)), clip) as browser,
        ):
            ran: set[int] = set()
            for query in VISITS:
                tab = browser.tab()
                ran |= visit(tab, server.url + query)
                tab.close()
    core.LIST.write_text(core.write_list(ran, pyodide / core.WHOLE), encoding="ascii")
    print(f"{len(ran)} functions run at a start: {core.LIST.relative_to(build.ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
