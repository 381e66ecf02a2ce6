"""Compare ways to bring frames from a camera to the engine, and when to capture them.

    python3 build.py run bench/experiments/capture.py [--browser chromium|firefox] [--frames N]

Needs only the browser (``CHROMIUM`` or ``FIREFOX`` may name it), which uses its own fake camera.
Prints per camera size

- the cost of each way to capture: milliseconds of the page's thread, and milliseconds until the
  worker has the pixels at COCO-SSD's input size;
- the rate of a loop that captures when the engine is idle, or ahead while it works: frames per
  second, and milliseconds from a frame's presentation to its answer. The engine is simulated: it
  computes for a set time, on one thread or two.
"""

from __future__ import annotations

import argparse
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from obscura.live.timing import median, quantile

PAGE = Path(__file__).with_name("capture_page")
PATIENCE_S = 600
NAMES = {
    "chromium": ("chromium", "chromium-browser", "google-chrome", "chrome"),
    "firefox": ("firefox-esr", "firefox"),
}
FIREFOX_PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the page, isolated for precise clocks, and receives its report."""

    def __init__(self, *args: Any, reports: SimpleQueue[dict[str, Any]], **options: Any) -> None:
        self._reports = reports
        super().__init__(*args, directory=str(PAGE), **options)

    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def do_POST(self) -> None:
        self._reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Log nothing."""


def command(browser: str, profile: Path, url: str) -> list[str]:
    """Return the command that starts a browser on a page, with a fake camera of 30 fps.

    Raises:
        SystemExit: there is no such browser.
    """
    names = (os.environ.get(browser.upper(), ""), *NAMES[browser])
    program = next(filter(None, map(shutil.which, filter(None, names))), None)
    if program is None:
        raise SystemExit(f"No {browser} was found: name it in {browser.upper()}.")
    if browser == "firefox":
        lines = (
            f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in FIREFOX_PREFERENCES.items()
        )
        (profile / "user.js").write_text("\n".join(lines))
        return [program, "--headless", "--no-remote", "--profile", str(profile), url]
    flags = [
        "--headless=new",
        "--no-first-run",
        f"--user-data-dir={profile}",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream=fps=30",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--no-sandbox")
    return [program, *flags, url]


def measure(browser: str, frames: int, ms: float) -> dict[str, Any]:
    """Return the page's report.

    Raises:
        SystemExit: the page failed, or did not report in time.
    """
    reports: SimpleQueue[dict[str, Any]] = SimpleQueue()
    handler = partial(Handler, reports=reports)
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
    ):
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/?frames={frames}&ms={ms:g}"
        with subprocess.Popen(
            command(browser, Path(profile), url),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": profile},
        ) as running:
            try:
                report = reports.get(timeout=PATIENCE_S)
            except Empty:
                raise SystemExit(f"{browser} did not report within {PATIENCE_S} s.") from None
            finally:
                running.terminate()
        server.shutdown()
    if "error" in report:
        raise SystemExit(f"The page failed in {browser}: {report['error']}")
    return report


def spread(values: Sequence[float]) -> str:
    """Return the median and the 95th percentile in the tables' format."""
    return f"{median(values):.2f} / {quantile(values, 0.95):.2f}"


def tables(report: dict[str, Any]) -> str:
    """Return the report as Markdown."""
    lines = [f"{report['browser']}, {report['cores']} cores"]
    for each in report["sizes"]:
        lines += [
            "",
            f"Camera {each['size']}",
            "",
            "| way | page's thread, median / p95 ms | in the worker, median / p95 ms |",
            "|---|---|---|",
        ]
        for name, times in each["times"].items():
            page, arrived = zip(*times, strict=True)
            lines.append(f"| {name} | {spread(page)} | {spread(arrived)} |")
        lines += [f"| {name} | failed: {why} | |" for name, why in each["failed"].items()]
        lines += [
            "",
            "| engine's threads | frame captured | frames a second "
            "| presentation to answer, median / p95 ms |",
            "|---|---|---|---|",
        ]
        for group in each["loops"]:
            for name, runs in group["runs"].items():
                delays = [delay for run in runs for delay in run["delays"]]
                rate = sum(run["rate"] for run in runs) / len(runs)
                lines.append(f"| {group['threads']} | {name} | {rate:.1f} | {spread(delays)} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--browser", choices=NAMES, default="chromium")
    parser.add_argument("--frames", type=int, default=60, help="per way and loop")
    parser.add_argument("--ms", type=float, default=36, help="what the engine computes per frame")
    parser.add_argument("--json", type=Path, help="write everything raw to this file")
    options = parser.parse_args(arguments)
    report = measure(options.browser, options.frames, options.ms)
    if options.json:
        options.json.write_text(json.dumps(report))
    print(tables(report))


if __name__ == "__main__":
    main(sys.argv[1:])
