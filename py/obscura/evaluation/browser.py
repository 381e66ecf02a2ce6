"""The page as a backend: a browser opens the built site and detects, as it does for a visitor.

This covers everything: decoding of the files by the browser, the transfer of pixels to the worker,
onnxruntime-web, and the page's thresholds and suppression.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np

from obscura import places
from obscura.cards import catalogue
from obscura.detections import Detections
from obscura.engine.session import SessionInfo
from obscura.errors import BackendError, ModelMissing, PictureError
from obscura.extras import ToolMissing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PATIENCE_MS = 120_000  # for one picture or one model, on a slow machine
UNREADABLE = ("picture", "picture-heic", "video-unreadable")  # docs/automation.md
FLAGS = ("--disable-background-networking", "--disable-component-update", "--no-first-run")


class PageDetector:
    """Detector that runs the page: one visit to a built site, for any number of pictures.

    A context manager; driven by docs/automation.md: the address, `obscura.snapshot()` and the
    photo picker.
    """

    def __init__(self, model: str, site: str | Path, *, threshold: float, threads: int = 0) -> None:
        """Open a browser on the site and wait until the model is ready.

        Uses the browser that the environment variable ``CHROMIUM`` names, or Playwright's.

        Args:
            model: name of a model that is both on the site and in the catalogue.
            site: address of the page, or the folder that ``build.py build`` made.
            threshold: minimum score, above 0 and below 1.
            threads: number of threads; 0 for the page's choice.

        Raises:
            ToolMissing: Playwright or its browser is not installed.
            ModelMissing: the model is missing on the site or in the catalogue.
            BackendError: the site does not answer, or its page fails.
        """
        self.labels = catalogue.read_card(catalogue.find(model)).labels
        self._class_ids = {label: class_id for class_id, label in enumerate(self.labels)}
        self._read = 0
        with ExitStack() as stack:
            url = site if isinstance(site, str) else stack.enter_context(_serving(site))
            browser = stack.enter_context(_chromium())
            self._page = browser.new_page()
            self._page.set_default_timeout(PATIENCE_MS)
            address = f"{url}?model={model}&threshold={threshold}&threads={threads}"
            try:
                self._page.goto(address, wait_until="domcontentloaded")
            except Exception as error:  # Playwright's, which is imported only where it is needed
                raise BackendError(
                    "The site cannot be opened",
                    url,
                    remedy="Name its address or its folder with --site.",
                ) from error
            now = self._until("['ready', 'error'].includes(now.state)")
            if now["state"] == "error":
                raise _failure(now)
            if now["model"] != model:
                raise ModelMissing(
                    "The site does not offer the model", model, remedy="Build it with that model."
                )
            self.info = SessionInfo(
                now["backend"], f"Chromium {browser.version}", now["threads"], "float32"
            )
            self._stack = stack.pop_all()

    def detect(self, picture: Path) -> Detections:
        """Open a file with the page's photo picker and return the detections shown.

        Raises:
            PictureError: the browser cannot read the file.
            BackendError: the page failed for another reason, or did not answer.
        """
        self._read += 1
        name = (
            f"{self._read}{picture.suffix}"  # new each time: the caption tells whose answer it is
        )
        self._page.locator("#photo").set_input_files(
            {"name": name, "mimeType": "", "buffer": picture.read_bytes()}
        )
        caption = f"document.getElementById('caption').textContent === {json.dumps(name)}"
        now = self._until(f"(now.state === 'still' && {caption}) || now.state === 'error'")
        if now["state"] == "error":
            self._page.locator("#notice-dismiss").click()
            if now["error"]["code"] in UNREADABLE:
                raise PictureError(now["error"]["message"], picture)
            raise _failure(now)
        return self._detections(now["detections"])

    def close(self) -> None:
        """End the visit. May be called any number of times."""
        self._stack.close()

    def __enter__(self) -> PageDetector:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _detections(self, rows: Sequence[dict[str, Any]]) -> Detections:
        return Detections(
            np.array([row["box"] for row in rows], np.float32).reshape(-1, 4),
            np.array([row["score"] for row in rows], np.float32),
            np.array([self._class_ids[row["label"]] for row in rows], np.int32),
        )

    def _until(self, condition: str) -> dict[str, Any]:
        """Wait for a condition in JavaScript, where `now` is the snapshot; return the snapshot."""
        look = f"""() => {{
          const now = globalThis.obscura?.snapshot();
          return now && ({condition}) && JSON.stringify(now);
        }}"""
        try:
            seen: str = self._page.wait_for_function(look).json_value()
        except Exception as error:  # Playwright's, as above
            raise BackendError(
                "The page does not answer", error, remedy="Open it in a browser and see."
            ) from error
        now: dict[str, Any] = json.loads(seen)
        return now


def _failure(now: dict[str, Any]) -> BackendError:
    return BackendError(
        now["error"]["message"], now["error"]["code"], remedy="Open the page and see."
    )


@contextmanager
def _chromium() -> Iterator[Browser]:
    """Start a headless browser."""
    try:
        from playwright.sync_api import Error, sync_playwright  # here, for it is an extra
    except ImportError as error:
        raise ToolMissing(
            "Playwright is missing", remedy="Install it: python3 -m pip install playwright"
        ) from error
    flags = list(FLAGS)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium does not start as root with it
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM") or None, args=flags
            )
        except Error as error:
            raise ToolMissing(
                "No browser starts",
                error.message.splitlines()[0],
                remedy="Set CHROMIUM to the path of one, or install one: "
                "python3 -m playwright install chromium",
            ) from error
        with browser:
            yield browser


class _Handler(SimpleHTTPRequestHandler):
    """Serves a folder with the headers without which browsers grant no threads."""

    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012  (the base class has it so)
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    """Serve a built site on a free port of this machine; yields its address."""
    if not places.is_file(folder / "index.html"):
        raise BackendError(
            "There is no built site",
            folder,
            remedy="Build it (python3 build.py build), or name it with --site.",
        )
    handler = partial(_Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://localhost:{server.server_address[1]}/"
        server.shutdown()
