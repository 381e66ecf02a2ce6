"""Try the page together with `obscura serve`, from one origin, in each installed browser.

On a device that fails, the server finds the person once somebody has agreed to it, and the page's
account of what was sent is what the server received.

    .venv/bin/python build.py run tools/browsers/remote.py [--browser NAME]

Needs the packages of the tests. Builds a page of its own.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from browsers import drivers
from browsers.checks import photo
from browsers.chromium import ChromiumError
from browsers.clip import CLIP, write_clip
from browsers.command import BROWSERS
from browsers.page import Refused, until
from builder.build import ROOT, build

SAMPLE = ROOT / "assets" / "sample.jpg"
BROKEN = b'throw new Error("a device that fails");\n'
AGREE = """
const press = (id) => document.getElementById(id).click();
["notice-dismiss", "remote-open", "remote-agree"].forEach(press);
"""
END = """
document.getElementById("remote-badge").click();
return document.getElementById("remote-sent").textContent;
"""


def broken_site(folder: Path) -> Path:
    """Return a page that was built for its own server and whose engine does not start."""
    site = build(folder / "site", server="same-origin").folder
    (engine,) = (site / "assets").glob("engine.*.js")
    engine.write_bytes(BROKEN + engine.read_bytes())
    return site


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Keep a server with a page while the block lasts; yield its address."""
    command = [sys.executable, "-m", "obscura", "serve", "--port", "0", "--page", str(site)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "py")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().decode().removeprefix("Serving on ").strip()
            while not ready(address):
                time.sleep(0.05)
            yield address
        finally:
            process.terminate()


def ready(address: str) -> bool:
    """Return whether a server has loaded its models."""
    try:
        with urlopen(f"{address}/v2/health/ready"):
            return True
    except HTTPError:
        return False


def visit(driver: drivers.Driver, address: str) -> str:
    """Return "yes" if the visit goes as it must.

    Raises:
        Refused: it does not.
    """
    driver.open(f"{address}/")
    until(driver, failed, "out of engines")
    before = received(address)
    if before:
        raise Refused(f"{before:.0f} bytes were sent before anybody agreed")
    driver.evaluate(AGREE)
    until(driver, lambda now: now.get("backend") == "server", "on the server")
    photo(driver, SAMPLE)
    shown, bytes_sent = driver.evaluate(END), received(address)
    wanted = f"{bytes_sent / 1e6:.1f} MB, "
    if not bytes_sent or not shown.startswith(wanted):
        raise Refused(f"the page shows {shown}, and the server received {bytes_sent:.0f} bytes")
    return f"yes: {shown}"


def failed(now: dict[str, Any]) -> bool:
    """Return whether the page says that its engines failed."""
    return str((now.get("error") or {}).get("code")).startswith("backend")


def received(address: str) -> float:
    """Return how many bytes of pictures a server has received."""
    with urlopen(f"{address}/metrics") as answer:
        text = answer.read().decode()
    (found,) = re.findall(r"^obscura_received_bytes_total (\S+)$", text, re.MULTILINE)
    return float(found)


def main() -> int:
    """Visit in each browser; return 1 if one of them fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", choices=["all", *BROWSERS], default="all")
    chosen = parser.parse_args().browser
    clip = write_clip(ROOT / "build" / CLIP)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        site = broken_site(Path(folder))
        for name in BROWSERS if chosen == "all" else [chosen]:
            try:
                with served(site) as address, BROWSERS[name](clip) as driver:
                    print(f"{driver.version}: {visit(driver, address)}", flush=True)
            except drivers.NotInstalled as missing:
                print(f"{name}: not installed: {missing}", flush=True)
            except (Refused, drivers.DriverError, ChromiumError) as error:
                wrong = 1
                print(f"{name}: no: {error}", flush=True)
    return wrong


if __name__ == "__main__":
    raise SystemExit(main())
