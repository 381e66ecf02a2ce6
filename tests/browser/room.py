"""The page as a visitor meets it: open it, wait for what it says, press, give it files."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from playwright.sync_api import Locator, Page, Route
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from .pictures import encode, sample

PATIENCE = 60_000
"""Milliseconds to wait for anything: test machines may be small and busy."""

GIVE = """([way, name, type, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const bag = new DataTransfer();
  bag.items.add(new File([bytes], name, { type }));
  const target = document.getElementById("stage");
  const options = { bubbles: true, cancelable: true };
  if (way === "paste") {
    target.dispatchEvent(new ClipboardEvent("paste", { ...options, clipboardData: bag }));
    return;
  }
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const refused = target.dispatchEvent(new DragEvent(kind, { ...options, dataTransfer: bag }));
    if (refused && kind !== "dragenter") throw new Error(`the browser would open the ${kind}`);
  }
}"""


ENGINE = "**/assets/engine.*.js"
"""The script of the engine's worker."""

SETTINGS = "obscura.settings"
"""Where the page keeps what a person chose, in localStorage."""


COUNT_ENGINES = """
globalThis.engines = 0;
globalThis.mostEngines = 0;
globalThis.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    globalThis.mostEngines = Math.max(mostEngines, ++globalThis.engines);
  }
  terminate() {
    globalThis.engines -= 1;
    super.terminate();
  }
};
"""
"""A script for `new_room(init=...)` that counts the engines that are alive, and the most ever."""


COUNT_RUNS = """
globalThis.runs = new Map(); // of each engine, those under way
globalThis.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    const underWay = new Set();
    runs.set(this, underWay);
    // Before the page's own listener, which may send the next frame at once.
    this.addEventListener("message", ({ data }) => underWay.delete(data?.id));
  }
  postMessage(message, ...rest) {
    if (message.call === "run") runs.get(this).add(message.id);
    super.postMessage(message, ...rest);
  }
  terminate() {
    runs.delete(this);
    super.terminate();
  }
};
"""
"""A script for `new_room(init=...)` that `Room.until_idle` needs."""


NO_GAPS = """
{
  const { get } = Object.getOwnPropertyDescriptor(VideoFrame.prototype, "timestamp");
  let [latest, steady] = [0, 0];
  Object.defineProperty(VideoFrame.prototype, "timestamp", {
    get() {
      const given = get.call(this);
      steady += Math.min(given - latest, 500_000);
      latest = given;
      return steady;
    },
  });
}
"""
"""A script for `new_room(init=...)` that makes no two captured frames further apart than half a
second: after two seconds in which a slow machine analysed nothing, nobody knows who went and who
came meanwhile, and whoever is there has another number and counts once more."""


def without_room(database: str) -> str:
    """A script for `new_room(init=...)`: nothing more can be written to a database."""
    return f"""
    {{
      const {{ transaction }} = IDBDatabase.prototype;
      IDBDatabase.prototype.transaction = function (...args) {{
        if (args[1] === "readwrite" && this.name === "{database}") {{
          throw new DOMException("no room", "QuotaExceededError");
        }}
        return transaction.apply(this, args);
      }};
    }}
    """


def device_memory(gigabytes: float | None) -> str:
    """A script for `new_room(init=...)`: how much memory the browser says that the device has; None
    for one that says nothing."""
    value = "undefined" if gigabytes is None else f"{gigabytes:g}"
    how = f"{{ get: () => {value}, configurable: true }}"
    return f'Object.defineProperty(Navigator.prototype, "deviceMemory", {how});\n'


def device_cores(count: int) -> str:
    """A script for `new_room(init=...)`: how many cores the browser says that the device has."""
    how = f"{{ get: () => {count}, configurable: true }}"
    return f'Object.defineProperty(Navigator.prototype, "hardwareConcurrency", {how});\n'


WITHOUT_RELAXED_SIMD = """
{
  const { validate } = WebAssembly;
  const asks = (bytes) => bytes.length < 64 && Array.from(bytes).join().includes("253,133,2");
  WebAssembly.validate = (bytes) => !asks(bytes) && validate(bytes); // not f32x4.relaxed_madd
}
"""
"""A script for `new_room(init=...)`: a browser that has no use for LiteRT."""


def remembering(text: str) -> str:
    """A script for `new_room(init=...)`: what an earlier visit left in the store."""
    kept = f"localStorage.setItem({json.dumps(SETTINGS)}, {json.dumps(text)})"
    return f"if (location.protocol === 'http:' && !localStorage.length) {kept};"


class Held:
    """Requests that the network keeps waiting until they are released."""

    def __init__(self, page: Page, pattern: str) -> None:
        self._routes: list[Route] = []
        self._open = False
        page.route(pattern, self._meet)

    def release(self) -> None:
        """Let them through, and all that follow."""
        self._open = True
        for route in self._routes:
            route.continue_()

    def _meet(self, route: Route) -> None:
        if self._open:
            route.continue_()
        else:
            self._routes.append(route)


class Room:
    """One visit to the page."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        # From now on the browser hands file pickers over. Asked for only when a picker is expected,
        # that may come too late for a key that opens one at once, and the picker is never seen.
        page.on("filechooser", lambda _chooser: None)

    def open(self, query: str = "") -> Room:
        """Go to the page; returns as soon as its markup is there."""
        self.page.goto(self.url + query, wait_until="domcontentloaded")
        return self

    def reload(self) -> Room:
        """Load the page again."""
        self.page.reload(wait_until="domcontentloaded")
        return self

    def leave(self) -> Room:
        """Go to an empty page of the same site. What a page that was open here wrote last may come
        later, from a process of its own."""
        empty = "<link rel='icon' href='data:,'>"
        self.page.route(
            "**/empty.html", lambda route: route.fulfill(content_type="text/html", body=empty)
        )
        self.page.goto(f"{self.url}empty.html")
        return self

    def at(self, name: str) -> Locator:
        """The element with this id."""
        return self.page.locator(f"#{name}")

    def before_engine(self, script: str) -> None:
        """Run a script in each engine's worker that starts from now on, before its own."""

        def answer(route: Route) -> None:
            response = route.fetch()
            route.fulfill(response=response, body=f"{script}\n{response.text()}")

        self.page.route(ENGINE, answer)

    def hold(self, pattern: str) -> Held:
        """Keep matching requests waiting."""
        return Held(self.page, pattern)

    # ---- what it says ----------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """`obscura.snapshot()`, by way of JSON, so that what is not JSON is missing here too."""
        answer: dict[str, Any] = json.loads(
            self.page.evaluate("() => JSON.stringify(obscura.snapshot())")
        )
        return answer

    def until(self, condition: str) -> dict[str, Any]:
        """Wait for a condition in JavaScript, in which `now` is the snapshot; return that."""
        look = f"""() => {{
          const now = globalThis.obscura?.snapshot(); // none yet while the page is loaded again
          return now && ({condition}) && JSON.stringify(now);
        }}"""
        try:
            seen = self.page.wait_for_function(look, timeout=PATIENCE).json_value()
        except PlaywrightTimeout:
            raise AssertionError(f"waited in vain for {condition}: {self._story()}") from None
        now: dict[str, Any] = json.loads(seen)
        return now

    def until_many(self, number: str, count: int, step: int = 5) -> None:
        """Wait until a number of the snapshot, in JavaScript as for `until`, is this high, however
        long that takes as long as it rises by a step in time."""
        for least in (*range(step, count, step), count):
            self.until(f"({number}) >= {least}")

    def until_async(self, script: str, arg: Any = None) -> None:
        """Wait until an async function of the page returns something true. `wait_for_function`
        takes the promise itself for that, and waits for nothing."""
        limit = time.monotonic() + PATIENCE / 1000
        while not self.page.evaluate(script, arg):
            assert time.monotonic() < limit, f"waited in vain for {script}: {self._story()}"
            self.page.wait_for_timeout(50)

    def until_state(self, *states: str) -> dict[str, Any]:
        """Wait for one of these states; an error card that nobody asked for ends the wait."""
        now = self.until(f"{json.dumps([*states, 'error'])}.includes(now.state)")
        assert now["state"] in states, self._story()
        return now

    def until_error(self, code: str) -> str:
        """Wait for an error card, hold it to its form, and return its whole text."""
        now = self.until("now.state === 'error'")
        assert now["error"]["code"] == code, self._story()
        assert self.at("notice").is_visible()
        assert self.at("notice-title").inner_text() == now["error"]["message"] != ""
        assert len(self.at("notice-why").inner_text()) > 20, "a card says why"
        assert self.at("notice-action").inner_text(), "a card has a way on"
        assert not self.at("notice-details").is_visible(), "details are folded"
        return self.at("notice").inner_text()

    def until_idle(self) -> None:
        """Wait until no frame is under way. A picture is paused once the frame that it shows has
        its answer, and browsers may show one more, which then is analysed, too."""
        self.page.evaluate("() => { globalThis.calm = 0; }")
        self.page.wait_for_function(
            """() => {
              calm = [...runs.values()].some(({ size }) => size) ? 0 : calm + 1;
              return calm > 10;
            }"""
        )

    def until_text(self, name: str, pattern: str) -> None:
        """Wait until an element's text matches a pattern, in capitals or not."""
        self.page.wait_for_function(
            """([name, pattern]) =>
              RegExp(pattern, "i").test(document.getElementById(name).textContent)""",
            arg=[name, pattern],
        )

    def labels(self) -> list[str]:
        """What is detected, best first."""
        return [row["label"] for row in self.snapshot()["detections"]]

    def ticks(self, count: int) -> None:
        """Let the screen be painted so many times."""
        self.page.evaluate(
            """async (count) => {
              for (let i = 0; i < count; i++) await new Promise(requestAnimationFrame);
            }""",
            count,
        )

    def _story(self) -> str:
        details = self.at("notice-details").text_content()
        return f"{json.dumps(self.snapshot())} {details or ''}".strip()

    # ---- what a visitor does ---------------------------------------------------------------------

    def start(self) -> dict[str, Any]:
        """Press Start and wait until frames are analysed."""
        self.at("start").click()
        return self.until_live()

    def until_live(self) -> dict[str, Any]:
        """Wait until frames of a live picture are analysed."""
        now = self.until("(now.state === 'running' && now.frames > 0) || now.state === 'error'")
        assert now["state"] == "running", self._story()
        return now

    def stop(self) -> None:
        """Press Stop and wait for the start page."""
        self.at("start").click()
        self.until_state("ready")

    def choose(self, name: str) -> dict[str, Any]:
        """Choose a model in the panel, and wait until it is in use."""
        self.at("model").select_option(name)
        return self.until_model(name)

    def until_model(self, name: str) -> dict[str, Any]:
        """Wait until a model is in use, and none on its way."""
        now = self.until(
            f"(now.model === {json.dumps(name)} && now.opening === null && !now.error)"
            " || (now.error && now.opening === null)"
        )
        assert now["error"] is None, self._story()
        return now

    def use_others(self, name: str) -> None:
        """Use two other models, the first of all last, so that this one has no session any more."""
        others = [model["name"] for model in self.snapshot()["models"] if model["name"] != name]
        for other in others[1::-1]:
            self.choose(other)

    def home(self) -> None:
        """Put away whatever the last test left open, as far as the page can."""
        if self.at("notice").is_visible():
            self.at("notice-dismiss").click()
        if self.at("start-text").inner_text() == "Stop":
            self.stop()

    def give(
        self, data: bytes, name: str = "photo.png", kind: str = "image/png", way: str = "picker"
    ) -> None:
        """Give the page a file by "picker", "drop" or "paste"."""
        if way == "picker":
            file = {"name": name, "mimeType": kind, "buffer": data}
            self.at("photo").set_input_files(files=[file])
            return
        self.page.evaluate(GIVE, [way, name, kind, base64.b64encode(data).decode()])

    def read(self, data: bytes, name: str = "photo.png", **how: str) -> dict[str, Any]:
        """Give the page a picture of a name not used before, and wait for its answer."""
        self.give(data, name, **how)
        caption = f"document.getElementById('caption').textContent === {json.dumps(name)}"
        now = self.until(f"(now.state === 'still' && {caption}) || now.state === 'error'")
        assert now["state"] == "still", self._story()
        return now

    def move(self, slider: str, value: float) -> None:
        """Move a slider, as a hand would."""
        self.at(slider).fill(f"{value:g}")

    def pick(self, *files: tuple[str, bytes]) -> None:
        """Give the page files, by name and contents, with the picker of the models page."""
        self.at("own-files").set_input_files(
            files=[{"name": name, "mimeType": "", "buffer": data} for name, data in files]
        )


ANSWERED = r"^(Yes|No\b.+|Not yet: (?!saving files).+)"
"""What the page says once it knows whether it works offline."""


def settled(room: Room) -> str:
    """Wait until the page knows whether it works offline; return what it says, in small letters."""
    room.until_state("ready")
    room.until_text("fact-offline", ANSWERED)
    return (room.at("fact-offline").text_content() or "").lower()


def sees_the_person(room: Room) -> None:
    """Assert that the page detects the person in a photo and on the camera."""
    assert [row["label"] for row in room.read(encode(sample()))["detections"]] == ["person"]
    room.start()
    room.until("now.detections.some((found) => found.label === 'person')")


def another_tab(room: Room) -> Room:
    """Return a second page in the same browser."""
    return Room(room.page.context.new_page(), room.url)
