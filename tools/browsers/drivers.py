"""Drive Firefox, WebKitGTK and Chromium, each through its own protocol, without extra software.

Firefox speaks Marionette on a socket (what geckodriver translates to), WebKitGTK has a WebDriver,
and Chromium its DevTools protocol. All have a fake camera.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from browsers.chromium import Chromium, ChromiumError, launched
from builder.browser import find_chromium
from builder.errors import BuildError

PATIENCE_S = 90
SCRIPT_MS = 1000 * PATIENCE_S
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The key by which WebDriver and Marionette hand over elements."""


class DriverError(Exception):
    """The browser failed; the message contains its own."""


class NotInstalled(Exception):
    """The browser is not installed; the message names the package."""


class Driver(Protocol):
    """A browser with one page."""

    version: str

    def open(self, url: str) -> None:
        """Go to an address."""

    def evaluate(self, body: str) -> Any:
        """Return what the body of an async function returns, as JSON."""

    def give(self, name: str, file: Path) -> None:
        """Give a file to the file picker with this id."""

    def screenshot(self, file: Path) -> None:
        """Write a screenshot as PNG."""


# ---- Firefox -------------------------------------------------------------------------------------

FIREFOX_PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.firstRunURL": "",
    "marionette.port": 0,
    "media.navigator.permission.disabled": True,
    "media.navigator.streams.fake": True,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}


class Firefox:
    """A running Firefox, driven through Marionette's protocol 3; made by `firefox`."""

    def __init__(self, port: int) -> None:
        self._line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S + 30)
        self._calls = 0
        self._rest = b""
        self._read()  # its greeting
        told = self.call("WebDriver:NewSession", strictFileInteractability=False)
        self.version = f"Firefox {told['capabilities']['browserVersion']}"
        self.call("WebDriver:SetTimeouts", script=SCRIPT_MS, pageLoad=SCRIPT_MS)

    def call(self, command: str, **params: Any) -> Any:
        """Call a command of Marionette and return its result."""
        self._calls += 1
        data = json.dumps([0, self._calls, command, params]).encode()
        try:
            self._line.sendall(b"%d:%s" % (len(data), data))
            _, _, error, result = self._read()
        except OSError as gone:
            raise DriverError(f"{command}: {gone}") from None
        if error:
            raise DriverError(str(error["message"]).splitlines()[0])
        return result

    def open(self, url: str) -> None:
        """Go to an address."""
        self.call("WebDriver:Navigate", url=url)

    def evaluate(self, body: str) -> Any:
        """Return what the body of an async function returns."""
        whole = f"return (async () => {{ {body} }})();"
        return self.call("WebDriver:ExecuteScript", script=whole, args=[])["value"]

    def give(self, name: str, file: Path) -> None:
        """Give a file to the file picker with this id."""
        found = self.call("WebDriver:FindElement", using="css selector", value=f"#{name}")
        element = found["value"][ELEMENT]
        self.call("WebDriver:ElementSendKeys", id=element, text=str(file))

    def screenshot(self, file: Path) -> None:
        """Write a screenshot as PNG."""
        told = self.call("WebDriver:TakeScreenshot", full=False)
        file.write_bytes(base64.b64decode(told["value"]))

    def close(self) -> None:
        """Close the connection."""
        self._line.close()

    def _read(self) -> Any:
        while b":" not in self._rest:
            self._more()
        length, _, self._rest = self._rest.partition(b":")
        while len(self._rest) < int(length):
            self._more()
        data, self._rest = self._rest[: int(length)], self._rest[int(length) :]
        return json.loads(data)

    def _more(self) -> None:
        data = self._line.recv(1 << 16)
        if not data:
            raise DriverError("Firefox is gone")
        self._rest += data


@contextmanager
def firefox(_clip: Path, *, screen: bool = False) -> Iterator[Driver]:
    """Start Firefox with a new profile; it ends with the block.

    Args:
        screen: give it a virtual screen: only then it has WebGL.
    """
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        raise NotInstalled("firefox-esr")
    with tempfile.TemporaryDirectory(prefix="obscura-", ignore_cleanup_errors=True) as home:
        wishes = FIREFOX_PREFERENCES.items()
        lines = [f"user_pref({json.dumps(key)}, {json.dumps(value)});" for key, value in wishes]
        Path(home, "user.js").write_text("\n".join(lines), encoding="utf-8")
        command = [program, "--marionette", "--no-remote", "--profile", home]
        with ExitStack() as stack:
            if screen:
                display = {"DISPLAY": stack.enter_context(virtual_screen())}
            else:
                display = {"MOZ_HEADLESS": "1"}
            process = stack.enter_context(running(command, env=os.environ | display))
            told = Path(home, "MarionetteActivePort")
            wait_for(lambda: told.is_file() and told.read_text().strip(), process, "Firefox")
            page = Firefox(int(told.read_text()))
            try:
                yield page
            finally:
                page.close()


@contextmanager
def virtual_screen() -> Iterator[str]:
    """Start Xvfb; yield the name of its display. It ends with the block."""
    screen = shutil.which("Xvfb")
    if screen is None:
        raise NotInstalled("xvfb")
    reading, writing = os.pipe()
    shape = ["-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with running([screen, "-displayfd", str(writing), *shape], pass_fds=(writing,)):
        os.close(writing)
        with os.fdopen(reading) as told:
            yield f":{told.readline().strip()}"


# ---- WebKitGTK -----------------------------------------------------------------------------------

MINI_BROWSERS = ("libexec", "lib", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu")
MINI_OPTIONS = [
    "--automation",
    "--enable-media-stream=true",
    "--enable-mock-capture-devices=true",
]


class WebKit:
    """A running MiniBrowser, driven through WebDriver; made by `webkit`."""

    def __init__(self, port: int, program: Path) -> None:
        self._home = f"http://127.0.0.1:{port}/session"
        wishes = {"binary": str(program), "args": MINI_OPTIONS}
        told = self.call("POST", capabilities={"alwaysMatch": {"webkitgtk:browserOptions": wishes}})
        self.version = f"WebKitGTK {told['capabilities']['browserVersion']}"
        self._home += f"/{told['sessionId']}"
        self.call("POST", "/timeouts", script=SCRIPT_MS, pageLoad=SCRIPT_MS)

    def call(self, method: str, path: str = "", **params: Any) -> Any:
        """Call a command of WebDriver and return its value."""
        body = json.dumps(params).encode() if method == "POST" else None
        request = Request(
            self._home + path, body, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urlopen(request, timeout=PATIENCE_S + 30) as answer:
                return json.load(answer)["value"]
        except HTTPError as refused:
            told = json.load(refused)["value"]
            words = str(told.get("message") or told.get("error"))
            raise DriverError(words.splitlines()[0]) from None
        except OSError as gone:
            raise DriverError(f"the driver is gone ({gone})") from None

    def open(self, url: str) -> None:
        """Go to an address."""
        self.call("POST", "/url", url=url)

    def evaluate(self, body: str) -> Any:
        """Return what the body of an async function returns."""
        whole = f"return (async () => {{ {body} }})();"
        return self.call("POST", "/execute/sync", script=whole, args=[])

    def give(self, name: str, file: Path) -> None:
        """Give a file to the file picker with this id."""
        found = self.call("POST", "/element", using="css selector", value=f"#{name}")
        self.call("POST", f"/element/{found[ELEMENT]}/value", text=str(file))

    def screenshot(self, file: Path) -> None:
        """Write a screenshot as PNG."""
        file.write_bytes(base64.b64decode(self.call("GET", "/screenshot")))

    def close(self) -> None:
        """End the session, and with it the browser."""
        with suppress(DriverError):
            self.call("DELETE")


@contextmanager
def webkit(_clip: Path) -> Iterator[Driver]:
    """Start MiniBrowser on a virtual screen; it ends with the block."""
    driver = shutil.which("WebKitWebDriver")
    found = [
        path
        for place in MINI_BROWSERS
        for path in Path("/usr", place).glob("webkit2gtk-4.*/MiniBrowser")
    ]
    if driver is None or not found:
        raise NotInstalled("webkit2gtk-driver xvfb")
    with (
        tempfile.TemporaryDirectory(prefix="obscura-", ignore_cleanup_errors=True) as home,
        virtual_screen() as display,
    ):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        own = {"DISPLAY": display, "HOME": home, "GDK_BACKEND": "x11"}
        with running([driver, f"--port={port}"], env=os.environ | own) as process:
            wait_for(lambda: answers(port), process, "WebKitWebDriver")
            page = WebKit(port, found[0])
            try:
                yield page
            finally:
                page.close()


# ---- Chromium ------------------------------------------------------------------------------------


class ChromiumPage:
    """A tab of Chromium."""

    def __init__(self, browser: Chromium) -> None:
        self.version = browser.version.replace("Headless", "").replace("Chrome/", "Chromium ")
        self._tab = browser.tab()
        self._tab.call("DOM.enable")

    def open(self, url: str) -> None:
        """Go to an address."""
        self._tab.open(url)

    def evaluate(self, body: str) -> Any:
        """Return what the body of an async function returns."""
        return self._tab.evaluate(f"(async () => {{ {body} }})()", PATIENCE_S)

    def give(self, name: str, file: Path) -> None:
        """Give a file to the file picker with this id."""
        root = self._tab.call("DOM.getDocument")["root"]["nodeId"]
        node = self._tab.call("DOM.querySelector", nodeId=root, selector=f"#{name}")["nodeId"]
        self._tab.call("DOM.setFileInputFiles", nodeId=node, files=[str(file)])

    def screenshot(self, file: Path) -> None:
        """Write a screenshot as PNG."""
        told = self._tab.call("Page.captureScreenshot")
        file.write_bytes(base64.b64decode(told["data"]))


@contextmanager
def chromium(clip: Path) -> Iterator[Driver]:
    """Start Chromium with a new profile; it ends with the block."""
    try:
        program = find_chromium(Path(sys.executable))
    except BuildError:
        raise NotInstalled("chromium") from None
    try:
        with launched(program, clip) as browser:
            yield ChromiumPage(browser)
    except ChromiumError as error:
        raise DriverError(str(error)) from None


# ---- processes -----------------------------------------------------------------------------------


@contextmanager
def running(command: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program while the block lasts."""
    process: subprocess.Popen[bytes] = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(condition: Any, process: subprocess.Popen[bytes], name: str) -> None:
    """Wait until a program that was started is ready."""
    limit = time.monotonic() + PATIENCE_S
    while not condition():
        if process.poll() is not None or time.monotonic() > limit:
            raise DriverError(f"{name} does not start")
        time.sleep(0.1)


def answers(port: int) -> bool:
    """Return whether the port accepts connections."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
