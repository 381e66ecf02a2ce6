"""Draw the installed app's icons, from assets/favicon.svg, and its screenshots.

    .venv/bin/python build.py run tools/draw_app.py

Run it when the icon or the design has changed, and commit what it writes into ``assets/app/``.
"""

import os
from pathlib import Path
from threading import Thread

from playwright.sync_api import Browser, sync_playwright

from builder.build import build
from builder.serve import SiteServer

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "assets" / "app"

# Name, pixels per side, and the share of them that the picture fills. Systems cut maskable icons
# into their own shape, of which the inner 80 % are safe; iOS rounds the corners itself.
ICONS = (
    ("icon-192", 192, None),
    ("icon-512", 512, None),
    ("maskable-512", 512, 0.72),
    ("apple-180", 180, 0.86),
)
SCREENS = (("wide", 1280, 800), ("narrow", 540, 960))

READY = "() => globalThis.obscura?.snapshot?.().state === 'ready'"


def draw_icons(browser: Browser) -> None:
    """Write the icons as PNG."""
    mark = (ROOT / "assets" / "favicon.svg").read_text(encoding="utf-8")
    for name, side, share in ICONS:
        page = browser.new_page(viewport={"width": side, "height": side})
        size = round(side * (share or 1))
        ground = "background: #16181d;" if share else ""
        page.set_content(
            f"<style>body {{ margin: 0; height: 100vh; display: grid; {ground} }}"
            f"svg {{ width: {size}px; height: {size}px; margin: auto }}</style>{mark}"
        )
        page.screenshot(path=OUT / f"{name}.png", omit_background=True)
        page.close()


def draw_screens(browser: Browser) -> None:
    """Write screenshots of the start page, with boxes on the sample picture, as JPEG."""
    site = build(ROOT / "dist").folder
    with SiteServer(("127.0.0.1", 0), site) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        for name, width, height in SCREENS:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(server.url)
            page.wait_for_function(READY)
            page.screenshot(path=OUT / f"screenshot-{name}.jpg", type="jpeg", quality=82)
            page.close()
        server.shutdown()


def main() -> None:
    """Draw everything."""
    OUT.mkdir(exist_ok=True)
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or None,
            args=["--no-sandbox"] if root else [],
        )
        draw_icons(browser)
        draw_screens(browser)
        browser.close()


if __name__ == "__main__":
    main()
