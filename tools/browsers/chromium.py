"""Drive Chromium through its DevTools protocol over a pipe, with the standard library only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Lock, RLock, Thread
from typing import Any

FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    # A tab in the background must be idle because its page is, not because it is throttled.
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)

# The protocol uses descriptors 3 and 4; the launcher becomes the browser.
LAUNCHER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


NO_SUCH_SESSION = -32001
"""Chromium's error code for one that has ended."""


class ChromiumError(Exception):
    """The browser or a page in it failed; the message contains its own."""


class SessionGone(ChromiumError):
    """The page or the worker that was asked has ended."""


class Chromium:
    """A running browser. Made by `launched`; one thread uses it."""

    def __init__(self, reading: int, writing: int, log: Path) -> None:
        self._reading, self._writing, self._log = reading, writing, log
        self._news = Condition(RLock())
        self._answers: dict[int, dict[str, Any]] = {}
        self._workers: dict[str, str] = {}  # session of each worker to that of its page
        self._ended: set[str] = set()  # sessions of pages and workers
        # Session of a page to the script with which its workers begin.
        self._scripts: dict[str, str] = {}
        self._watched: dict[str, list[str]] = {}  # addresses asked for, by session of a page
        self._pen = Lock()
        self._calls = 0
        self._gone = False
        Thread(target=self._listen, daemon=True).start()
        self.version = str(self.call("Browser.getVersion")["product"])

    def call(self, method: str, session: str = "", timeout_s: float = 60, **params: Any) -> Any:
        """Call a method of the protocol and return its result; raise ChromiumError if it fails."""
        number = self._send(method, session, params)
        with self._news:
            self._news.wait_for(
                lambda: number in self._answers or self._gone or session in self._ended, timeout_s
            )
            answer = self._answers.pop(number, None)
            ended = session in self._ended
        if answer is None and ended:
            raise SessionGone(f"{method}: it has ended")
        if answer is None:
            why = self._last_words() if self._gone else f"no answer within {timeout_s:.0f} s"
            raise ChromiumError(f"{method}: {why}")
        if "error" in answer:
            error = answer["error"]
            kind = SessionGone if error.get("code") == NO_SUCH_SESSION else ChromiumError
            raise kind(f"{method}: {error.get('message')}")
        return answer["result"]

    def context(self) -> str:
        """Return a new browser context: no cache, no storage, as on a first visit."""
        return str(self.call("Target.createBrowserContext")["browserContextId"])

    def close_context(self, context: str) -> None:
        """End a context and its tabs."""
        self.call("Target.disposeBrowserContext", browserContextId=context)

    def tab(self, context: str = "") -> Tab:
        """Open a tab in a window of its own, in a `context` or in the browser's own profile."""
        where: dict[str, Any] = {"browserContextId": context} if context else {}
        made = self.call("Target.createTarget", url="about:blank", newWindow=True, **where)
        target = str(made["targetId"])
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return Tab(self, target, str(session))

    def prepare_workers(self, session: str, script: str) -> None:
        """Run a script in each dedicated worker that a page will start, before the worker's own."""
        with self._news:
            self._scripts[session] = script
        self.call(
            "Target.setAutoAttach",
            session,
            autoAttach=True,
            waitForDebuggerOnStart=True,
            flatten=True,
        )

    def watch_requests(self, session: str) -> None:
        """Note from now on what a page and its workers ask for, see `requests`."""
        with self._news:
            self._watched[session] = []
        self.prepare_workers(session, "")
        self.call("Network.enable", session)

    def requests(self, session: str) -> list[str]:
        """Return the addresses that a page and its workers have asked for."""
        with self._news:
            return list(self._watched[session])

    def workers(self, session: str) -> list[str]:
        """Return the sessions of the dedicated workers of a page, after `prepare_workers`."""
        with self._news:
            return [worker for worker, page in self._workers.items() if page == session]

    def _send(self, method: str, session: str, params: dict[str, Any]) -> int:
        with self._news:
            self._calls += 1
            number = self._calls
        message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        try:
            with self._pen:
                while data:
                    data = data[os.write(self._writing, data) :]
        except OSError as error:
            raise ChromiumError(f"the browser is gone ({error})") from None
        return number

    def _last_words(self) -> str:
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"the browser is gone; its last words: {' / '.join(said[-3:]) or 'none'}"

    def _listen(self) -> None:
        rest = b""
        while True:
            try:
                data = os.read(self._reading, 1 << 20)
            except OSError:
                data = b""
            *messages, rest = (rest + data).split(b"\0")
            with self._news:
                for text in messages:
                    self._take(json.loads(text))
                self._gone = not data
                self._news.notify_all()
            if not data:
                return

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers[message["id"]] = message
        elif message["method"] == "Target.attachedToTarget":
            told, page = message["params"], message.get("sessionId", "")
            if page in self._scripts:
                worker = told["sessionId"]
                # Sent, not called, because this thread receives the answers.
                if told["targetInfo"]["type"] == "worker":  # not the site's service worker
                    self._workers[worker] = page
                    self._send("Runtime.evaluate", worker, {"expression": self._scripts[page]})
                    if page in self._watched:
                        self._send("Network.enable", worker, {})
                self._send("Runtime.runIfWaitingForDebugger", worker, {})
        elif message["method"] == "Network.requestWillBeSent":
            session = message.get("sessionId", "")
            page = self._workers.get(session, session)
            if page in self._watched:
                self._watched[page].append(str(message["params"]["request"]["url"]))
        elif message["method"] == "Target.detachedFromTarget":
            self._workers.pop(message["params"]["sessionId"], None)
            self._ended.add(message["params"]["sessionId"])  # calls that wait get no answer


class Tab:
    """One page, in a window of its own."""

    def __init__(self, browser: Chromium, target: str, session: str) -> None:
        self._browser, self.target, self.session = browser, target, session
        self.call("Performance.enable")

    def call(self, method: str, timeout_s: float = 60, **params: Any) -> Any:
        """Call a method of the protocol on this page."""
        return self._browser.call(method, self.session, timeout_s, **params)

    def open(self, url: str) -> None:
        """Go to an address; returns once the browser has begun to receive the page."""
        answer = self.call("Page.navigate", url=url)
        if answer.get("errorText"):
            raise ChromiumError(f"{url}: {answer['errorText']}")

    def evaluate(self, expression: str, timeout_s: float = 120, session: str = "") -> Any:
        """Return the JSON value of an expression; promises are awaited.

        Args:
            session: of a worker, to evaluate it there.

        Raises:
            ChromiumError: it threw, or took longer than the timeout.
        """
        answer = self._browser.call(
            "Runtime.evaluate",
            session or self.session,
            timeout_s,
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in answer:
            thrown = answer["exceptionDetails"]
            said = thrown.get("exception", {})
            words = said.get("description") or said.get("value") or thrown["text"]
            raise ChromiumError(str(words).splitlines()[0])
        return answer["result"].get("value")

    def front(self) -> None:
        """Bring the tab to the front."""
        self.call("Page.bringToFront")

    def begin_with(self, script: str, *, workers: bool = False) -> None:
        """Run a script before all others, in the pages opened from now on.

        Args:
            workers: also in their workers.
        """
        self.call("Page.enable")
        self.call("Page.addScriptToEvaluateOnNewDocument", source=script)
        if workers:
            self._browser.prepare_workers(self.session, script)

    def watch_requests(self) -> None:
        """Note from now on what the page and its workers ask for."""
        self._browser.watch_requests(self.session)

    def requests(self) -> list[str]:
        """Return the addresses that they have asked for."""
        return self._browser.requests(self.session)

    def realms(self) -> list[str]:
        """Return the sessions of the page and of the workers that `begin_with` knows."""
        return [self.session, *self._browser.workers(self.session)]

    def heap_bytes(self, session: str) -> int:
        """Return the size of live objects on the JavaScript heap of the page or a worker."""
        self._browser.call("HeapProfiler.collectGarbage", session)
        return int(self._browser.call("Runtime.getHeapUsage", session)["usedSize"])

    def metrics(self) -> dict[str, float]:
        """Return the browser's own counters of this page (seconds, bytes, numbers)."""
        rows = self.call("Performance.getMetrics")["metrics"]
        return {row["name"]: row["value"] for row in rows}

    def close(self) -> None:
        """Close the tab."""
        self._browser.call("Target.closeTarget", targetId=self.target)


@contextmanager
def launched(path: Path, clip: Path | None, flags: Sequence[str] = ()) -> Iterator[Chromium]:
    """Start a browser with a new profile; it ends with the block.

    Args:
        path: the browser.
        clip: an MJPEG file, which its camera shows; None for Chromium's own picture.
        flags: more command-line flags.

    Raises:
        ChromiumError: it does not start.
    """
    own = list(flags)
    if clip is not None:
        own.append(f"--use-file-for-fake-video-capture={clip}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        own.append("--no-sandbox")  # Chromium does not start as root with it
    with tempfile.TemporaryDirectory(prefix="obscura-bench-", ignore_cleanup_errors=True) as home:
        to_read, writing = os.pipe()
        reading, to_write = os.pipe()
        command = [sys.executable, "-c", LAUNCHER, str(to_read), str(to_write), str(path)]
        command += [*FLAGS, f"--user-data-dir={home}", *own, "about:blank"]
        log = Path(home) / "log.txt"
        with log.open("wb") as said:
            process = subprocess.Popen(
                command, pass_fds=(to_read, to_write), stdout=said, stderr=said
            )
        os.close(to_read)
        os.close(to_write)
        try:
            try:
                browser = Chromium(reading, writing, log)
            except ChromiumError as error:
                raise ChromiumError(f"{path} does not start: {error}") from None
            yield browser
        finally:
            os.close(writing)  # which tells the browser to end
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            os.close(reading)
