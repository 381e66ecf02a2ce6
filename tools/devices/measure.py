"""Measures this machine: drives bench.html of a built site in a browser without a window."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from browsers.chromium import ChromiumError, launched
from builder.browser import find_chromium
from builder.errors import BuildError
from builder.serve import serving

PATIENCE_S = 240
"""The page itself ends after a minute; it may take long to load where much else runs."""

WAIT = """(async () => {
  const now = () => globalThis.obscura?.snapshot();
  while (["loading", "ready", "running"].includes(now()?.state ?? "loading")) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const { state, error, advice, record } = now();
  if (state !== "done") {
    const details = document.getElementById("notice-details").textContent.trim();
    throw new Error(`${error?.message ?? `the page is ${state}`}: ${details.split("\\n").at(-1)}`);
  }
  return { advice, record };
})()"""


def measure(site: Path, flags: Sequence[str], query: str = "") -> tuple[str, dict[str, Any]]:
    """Return what bench.html advises on this machine, and its record.

    Args:
        site: a built site.
        flags: more command-line flags for Chromium, which `CHROMIUM` may name.
        query: more parameters of bench.html, such as ``&frames=10``.

    Raises:
        BuildError: the site is not one, no browser starts, or the page fails.
    """
    if not (site / "bench.html").is_file():
        raise BuildError(f"{site} is not a built site: build one (build.py build), or name it.")
    try:
        with (
            serving(site) as server,
            launched(find_chromium(Path(sys.executable)), None, flags) as browser,
        ):
            tab = browser.tab()
            tab.open(f"{server.url}bench.html?start{query}")
            tab.front()
            told = tab.evaluate(WAIT, PATIENCE_S)
            return str(told["advice"]), {**told["record"], "browser": browser.version}
    except ChromiumError as error:
        raise BuildError(f"the browser failed ({error}): see to that, or set CHROMIUM.") from None
