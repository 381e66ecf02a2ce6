"""Find a Chromium for the browser tests, or install one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from builder.errors import BuildError

ON_PATH = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)

USUAL_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"${PROGRAMFILES}\Google\Chrome\Application\chrome.exe",
    r"${PROGRAMFILES(X86)}\Google\Chrome\Application\chrome.exe",
    r"${LOCALAPPDATA}\Google\Chrome\Application\chrome.exe",
    r"${PROGRAMFILES(X86)}\Microsoft\Edge\Application\msedge.exe",
)

# Prints where Playwright would install its Chromium, whether or not it is there.
ASK_PLAYWRIGHT = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


def find_chromium(python: Path) -> Path:
    """Return the path of a Chromium, installing one if there is none.

    The environment's ``CHROMIUM`` comes first, then the PATH and the usual places, then
    Playwright's own, then an installation by Playwright, then one by apt (as root on Debian).

    Args:
        python: an interpreter that has Playwright.

    Raises:
        BuildError: ``CHROMIUM`` names no program, or no browser was found or could be installed.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        found = shutil.which(named)
        if found is None:
            raise BuildError(f"CHROMIUM={named} cannot be run: correct it, or unset it.")
        return Path(found)
    for path in candidates(python):
        if path.is_file() and starts(path):
            return path
    raise BuildError(
        "no Chromium was found: install Chromium or Chrome, or set CHROMIUM to the path of one."
    )


def starts(path: Path) -> bool:
    """Return whether a browser starts. Not tried on Windows, where it would open a window."""
    return os.name == "nt" or run([path, "--version"]) is not None


def candidates(python: Path) -> Iterator[Path]:
    """Yield where a Chromium may be; when all have been tried, install one."""
    yield from installed()
    kept = run([python, "-c", ASK_PLAYWRIGHT])
    if kept:
        yield Path(kept)
    print("no Chromium here: installing one ...", flush=True)
    if run([python, "-m", "playwright", "install", "chromium"]) is not None and kept:
        yield Path(kept)
    if os.name == "posix" and os.geteuid() == 0 and Path("/etc/debian_version").is_file():
        run(["apt-get", "update"])
        run(["apt-get", "install", "-y", "--no-install-recommends", "chromium"])
        yield from installed()


def installed() -> Iterator[Path]:
    """Yield the browsers on the PATH and in the usual places of macOS and Windows."""
    for name in ON_PATH:
        found = shutil.which(name)
        if found is not None:
            yield Path(found)
    for place in USUAL_PLACES:
        yield Path(os.path.expandvars(place))


def run(command: list[str | Path]) -> str | None:
    """Run a command that may fail; return what it printed, or None if it failed."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        result = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            env=environment,
            timeout=900,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if result.returncode != 0:
        print(result.stderr.strip()[-500:], file=sys.stderr, flush=True)
        return None
    return result.stdout.strip()
