"""Draw the screenshots of docs/guide.md: the page at work on the sample clip.

    .venv/bin/python build.py run tools/draw_guide.py

Run it when the design has changed, and commit what it writes into ``docs/guide/``.
"""

import os
from pathlib import Path
from threading import Thread

from playwright.sync_api import Page, ViewportSize, sync_playwright

from builder.build import build
from builder.serve import SiteServer

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "guide"
SIZE: ViewportSize = {"width": 1120, "height": 700}
QUALITY = 78
PATIENCE_MS = 180_000

WAITING_S = 8.2
"""The time in the clip at which three have crossed the line, and one waits on the field."""


def open_page(page: Page, url: str) -> None:
    """Open the page, and wait until its model is ready."""
    page.set_default_timeout(PATIENCE_MS)
    page.goto(url)
    page.wait_for_function("() => globalThis.obscura?.snapshot?.().state === 'ready'")


def play_until(page: Page, seconds: float) -> None:
    """Play the clip slowly from its beginning, and pause it at a time."""
    page.wait_for_selector("#video-bar:not([hidden])")
    page.locator("#video-speed").select_option("0.25")
    page.locator("#video-time").fill("0")
    page.wait_for_function(
        "(time) => document.querySelector('#video').currentTime >= time", arg=seconds
    )
    page.locator("#pause").click()
    page.wait_for_function("() => obscura.snapshot().state === 'paused'")


def shoot(page: Page, name: str, top: str) -> None:
    """Write a screenshot with the panel scrolled so that an element is at its top."""
    page.locator(top).evaluate(
        """(element) => {
          const panel = document.getElementById("panel");
          const top = (of) => of.getBoundingClientRect().top;
          panel.scrollTop += top(element) - top(panel);
        }"""
    )
    page.mouse.move(0, 0)
    page.screenshot(path=OUT / f"{name}.jpg", type="jpeg", quality=QUALITY)


def draw(page: Page, url: str) -> None:
    """Write the screenshots in the order of the guide."""
    open_page(page, url)
    shoot(page, "tools", "#tools")

    page.locator("#try-count").click()
    page.wait_for_function("() => document.querySelectorAll('#count-list li').length === 2")
    play_until(page, WAITING_S)
    shoot(page, "counter", "label:has(#count)")

    page.locator("#pause").click()
    page.locator("#try-events").click()
    page.locator("#count-clear").click()
    play_until(page, WAITING_S)
    shoot(page, "zone-alarm", "label:has(#events)")

    page.locator("#count-line").click()
    box = page.locator("#view").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.85 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.45 * box["height"], steps=3)
    page.screenshot(path=OUT / "line.jpg", type="jpeg", quality=QUALITY)
    page.mouse.up()

    open_page(page, url)
    page.locator("#closer").check()
    for look in ("pose", "emotion"):
        page.locator(f"#closer-looks input[value={look}]").check()
    page.wait_for_function(
        """() => {
          const known = obscura.snapshot().detections.map((row) => row.attributes ?? {});
          return known.some((each) => each.emotion) && known.some((each) => each.pose);
        }"""
    )
    shoot(page, "closer", "label:has(#closer)")

    page.evaluate("() => localStorage.clear()")  # as on a first visit
    open_page(page, url)
    page.locator("#try-redact").click()
    play_until(page, WAITING_S)
    shoot(page, "hide", "label:has(#redact)")


def main() -> None:
    """Write all screenshots."""
    OUT.mkdir(exist_ok=True)
    site = build(ROOT / "dist").folder
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright, SiteServer(("127.0.0.1", 0), site) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or None, args=flags
        )
        page = browser.new_page(viewport=SIZE, color_scheme="dark", service_workers="block")
        draw(page, server.url)
        browser.close()
        server.shutdown()
    for path in sorted(OUT.glob("*.jpg")):
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
