"""What the steps share: what the page says of itself, and waiting for it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from browsers.drivers import PATIENCE_S, Driver

NOW = """
const now = window.obscura?.snapshot?.() ?? { state: "loading", frames: 0, detections: [] };
const told = (id) => document.getElementById(id)?.textContent ?? "";
return JSON.stringify({
  ...now, caption: told("caption"), offline: told("fact-offline"), why: told("notice-why"),
});
"""

MADE = """
const at = (id) => document.getElementById(id);
const until = async (condition) => {
  for (let i = 0; i < 600 && !condition(); i++) await new Promise((done) => setTimeout(done, 100));
  return condition();
};
const made = [];
const make = URL.createObjectURL;
URL.createObjectURL = (blob) => (made.push(blob), make.call(URL, blob));
"""
"""Has what the page makes into a file."""


class Refused(Exception):
    """A step failed; the message is shown in the table."""


def look(driver: Driver) -> dict[str, Any]:
    """Return the page's snapshot with some of its texts."""
    now: dict[str, Any] = json.loads(driver.evaluate(NOW))
    return now


def until(
    driver: Driver,
    condition: Callable[[dict[str, Any]], bool],
    aim: str,
    patience: int = PATIENCE_S,
) -> dict[str, Any]:
    """Wait for a condition; an error card ends the wait."""
    limit = time.monotonic() + patience
    while True:
        now = look(driver)
        if condition(now):
            return now
        if now.get("error"):
            raise Refused(f"{now['error']['message']} {now['why']}".strip())
        if time.monotonic() > limit:
            raise Refused(f"not {aim} within {patience} s (the page is {now['state']})")
        time.sleep(0.3)


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Return intersection over union of two boxes; obscura.boxes needs numpy."""
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = sum((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (a, b))
    return width * height / (areas - width * height)
