"""Steps that are tried in each browser."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from browsers.chromium import ChromiumError
from browsers.drivers import PATIENCE_S, Driver, DriverError
from builder.serve import SiteServer

PERSON = (20.0, 14.0, 364.0, 512.0)
"""The astronaut in assets/sample.jpg by eye, elbow to elbow and hair to the lower edge, without the
helmet beside her: x1, y1, x2, y2 in its 512 x 512 pixels."""

TURNED = {
    "square-90.mp4": (10.0, 7.0, 182.0, 256.0),
    "square-180.mp4": (10.0, 7.0, 182.0, 256.0),
    "square-270.mp4": (10.0, 7.0, 182.0, 256.0),
    "wide-180.mp4": (20.0, 30.0, 259.0, 332.0),
}
"""Videos beside this file that are turned by their metadata in a way that keeps their size, and the
astronaut in each as browsers show it. They are made of assets/sample.jpg."""

FRAMES = 10
RECORDED = 5
TYPES = {"png": "PNG", "jpeg": "JPEG", "webp": "WebP"}
"""Of pictures, as the page offers them."""
STEPS = ("starts", "photo", "snapshot", "turned", "camera", "recording", "offline")

CLIP_FRAMES, CLIP_RATE = 20, 10
"""Of each of those videos: its frames, and how many there are in a second."""

ANSWERED = re.compile(r"Yes|No\b.+|Not yet: (?!saving files).+")
"""What the page says once it knows whether it works offline."""

LOOK = """
const adapter = await window.navigator.gpu?.requestAdapter().catch(() => null);
return {
  gpu: Boolean(adapter),
  offers: "onbeforeinstallprompt" in window,
  isolated: window.crossOriginIsolated,
};
"""
NOW = """
const now = window.obscura?.snapshot?.() ?? { state: "loading", frames: 0, detections: [] };
const told = (id) => document.getElementById(id)?.textContent ?? "";
return JSON.stringify({
  ...now, caption: told("caption"), offline: told("fact-offline"), why: told("notice-why"),
});
"""
KEEP = """
const made = [];
const make = URL.createObjectURL;
URL.createObjectURL = (blob) => (made.push(blob), make.call(URL, blob));
const at = (id) => document.getElementById(id);
const dialog = at("keep-dialog");
const until = async (condition) => {
  for (let i = 0; i < 600 && !condition(); i++) await new Promise((done) => setTimeout(done, 100));
  return condition();
};
const after = async (change) => {
  const count = made.length;
  change();
  await until(() => made.length > count);
  return made[count];
};
const press = (id) => after(() => at(id).click());
const size = async (blob) => {
  const { width, height } = await createImageBitmap(blob);
  return [width, height];
};
const shown = await press("snapshot");
if (!(await until(() => dialog.open))) return { error: "no snapshot within 60 s" };
const json = await (await press("keep-json")).text();
const csv = await (await press("keep-csv")).text();
const same = (await press("keep-save")) === shown;
const said = at("keep-status").textContent;
const plain = await press("keep_boxes");
const boxes = plain?.size !== shown.size;
await press("keep_boxes");
const types = {};
const select = at("keep_type");
for (const kind of [...select.options].map(({ value }) => value).reverse()) {
  const choose = () => {
    select.value = kind;
    select.dispatchEvent(new Event("change"));
  };
  const blob = await after(choose);
  types[kind] = blob ? [blob.type, ...(await size(blob))] : ["nothing"];
}
dialog.close();
URL.createObjectURL = make;
return { size: await size(shown), json, csv, said, same, boxes, types };
"""
"""Take a snapshot of what is in view, save it and its data, and have it made in every type that is
offered, PNG last, and without boxes; return what was made."""

READ = """
// Firefox runs this with arrays of its own, which are not those of the page that blobs give.
Object.defineProperty(Uint8Array, Symbol.hasInstance, { value: ArrayBuffer.isView });
const { open } = await import("./assets/SCRIPT");
const bytes = Uint8Array.from(atob("BYTES"), (letter) => letter.charCodeAt(0));
const reader = typeof VideoDecoder === "function" ? await open(new Blob([bytes])) : null;
if (!reader || reader.decodes === false) return null;
const times = [];
for await (const sample of reader.samples()) {
  times.push(sample.timestamp);
  sample.close();
}
const { width, height } = reader;
reader.close();
return { width, height, times };
"""
"""Decode all frames of a video; return its upright size and their times; null if the browser cannot
and its video element has to do."""


RECORD = """
const at = (id) => document.getElementById(id);
const until = async (condition) => {
  for (let i = 0; i < 600 && !condition(); i++) await new Promise((done) => setTimeout(done, 100));
  return condition();
};
const made = [];
const make = URL.createObjectURL;
URL.createObjectURL = (blob) => (made.push(blob), make.call(URL, blob));
at("record").click();
const shown = () => at("record-dialog").open && !at("record-row").hidden;
if (!(await until(shown))) return { error: at("record-note-text").textContent || "no recording" };
const video = at("record-video");
if (!(await until(() => video.readyState > 0))) return { error: "it cannot be played" };
const { duration } = video;
video.currentTime = duration / 2;
if (!(await until(() => !video.seeking))) return { error: "it cannot be sought in" };
const head = await made.at(-1).slice(4, 8).text();
const found = { duration, at: video.currentTime, kind: head === "ftyp" ? "MP4" : "WebM" };
at("record-delete").click();
URL.createObjectURL = make;
return found;
"""
"""Stop recording, wait for the video, and seek to its middle; return what it is."""


WHOLE = """
const at = (id) => document.getElementById(id);
const until = async (condition) => {
  for (let i = 0; i < 1200 && !condition(); i++) await new Promise((done) => setTimeout(done, 100));
  return condition();
};
const made = [];
const make = URL.createObjectURL;
URL.createObjectURL = (blob) => (made.push(blob), make.call(URL, blob));
const note = () => at("record-note").hidden ? "" : at("record-note-text").textContent;
at("record-whole").click();
await until(() => at("record-cancel").hidden === false);
const shown = () => at("record-dialog").open && made.length > 0;
await until(() => shown() || (at("record-cancel").hidden && note()));
URL.createObjectURL = make;
if (!shown()) return { error: note() || "no video" };
const { open } = await import("./assets/SCRIPT");
const reader = await open(made.at(-1));
const times = [...(await reader.times())];
const head = await made.at(-1).slice(4, 8).text();
reader.close();
at("record-delete").click();
return { times, kind: head === "ftyp" ? "MP4" : "WebM" };
"""
"""Save the analysed video in view as a video; return its kind, and when its frames show."""


class Refused(Exception):
    """A step failed; the message is shown in the table."""


def check(
    driver: Driver, site: SiteServer, sample: Path, shots: Path | None = None
) -> dict[str, str]:
    """Drive the page through all steps; a failed step is reported, and the others continue.

    Args:
        sample: the bundled picture, for the file picker.
        shots: a folder for pictures of each step.

    Returns:
        the text of each column of the table; "yes" if the step passed.
    """
    told: dict[str, str] = {}
    facts: dict[str, Any] = {}

    def attempt(name: str, work: Callable[[], str]) -> None:
        try:
            told[name] = work()
        except Refused as refused:
            told[name] = f"no: {refused}"
        except (DriverError, ChromiumError) as error:
            told[name] = f"no: the browser said: {error}"
        if shots and name in STEPS:
            try:
                driver.screenshot(shots / f"{name}.png")
            except (DriverError, ChromiumError) as error:
                print(f"browsers: no picture of {name}: {error}", flush=True)

    def begin() -> str:
        driver.open(site.url)
        now = until(driver, lambda now: now["state"] == "ready", "ready")
        facts.update(driver.evaluate(LOOK))
        return "yes" if now["backend"] else "no: no engine was opened"

    attempt("starts", begin)
    attempt("photo", lambda: photo(driver, sample))
    attempt("snapshot", lambda: snapshot(driver))
    attempt("turned", lambda: turned(driver))
    attempt("frames", lambda: frames(driver, site))
    attempt("whole video", lambda: whole(driver, site))
    attempt("camera", lambda: camera(driver))
    attempt("recording", lambda: recording(driver))

    def engine() -> str:
        now = look(driver)
        isolated = "isolated" if facts.get("isolated") else "not isolated"
        return f"{now.get('backend')}, threads: {now.get('threads')}, {isolated}"

    attempt("engine", engine)
    told["WebGPU"] = "yes" if facts.get("gpu") else "no adapter"
    told["install"] = "from the page" if facts.get("offers") else "from the browser's menu, if any"
    attempt("offline", lambda: offline(driver, site, sample))
    return told


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


def photo(driver: Driver, sample: Path) -> str:
    """Open the sample picture with the file picker, and compare the boxes with the person in it."""
    driver.give("photo", sample)
    now = until(
        driver, lambda now: now["state"] == "still" and now["caption"] == sample.name, "read"
    )
    rows = now["detections"]
    if [row["label"] for row in rows] != ["person"]:
        raise Refused(f"it found {', '.join(row['label'] for row in rows) or 'nothing'}")
    if overlap(rows[0]["box"], PERSON) < 0.5:
        raise Refused("the box is not where the person is")
    return "yes"


def snapshot(driver: Driver) -> str:
    """Take a snapshot of the photo in view, and save it and its data."""
    kept = driver.evaluate(KEEP)
    if "error" in kept:
        raise Refused(kept["error"])
    if kept["size"] != [512, 512] or not kept["same"]:
        raise Refused(f"the picture has the size {kept['size']}")
    (row,) = json.loads(kept["json"])["detections"]
    if overlap([row[edge] for edge in ("x1", "y1", "x2", "y2")], PERSON) < 0.5:
        raise Refused("the box is not where the person is")
    names, line = kept["csv"].splitlines()
    values = dict(zip(names.split(","), line.split(","), strict=True))
    if values["label"] != "person" or float(values["x2"]) != row["x2"]:
        raise Refused("the CSV has other values than the JSON")
    if not re.search(r"obscura-[\d-]+\.png", kept["said"]):
        raise Refused(f"it says {kept['said']!r}")
    if not kept["boxes"]:
        raise Refused("without boxes it is the same picture")
    for kind, made in kept["types"].items():
        if made != [f"image/{kind}", 512, 512]:
            raise Refused(f"as {kind} it is {made}")
    return f"yes: {', '.join(TYPES[kind] for kind in reversed(kept['types']))}"


def turned(driver: Driver) -> str:
    """Play videos that are turned by their metadata, and compare the boxes with what is shown."""
    for name, person in TURNED.items():
        driver.give("photo", Path(__file__).parent / "turned" / name)
        now = until(
            driver, lambda now: now["state"] == "running" and now["frames"] > 0, f"playing {name}"
        )
        now = until(driver, lambda now: bool(now["detections"]), f"finding anything in {name}")
        best = max((overlap(row["box"], person) for row in now["detections"]), default=0.0)
        if best < 0.7:
            raise Refused(f"in {name} the box is not where the person is")
        driver.evaluate('document.getElementById("start").click();')
        until(driver, lambda now: now["state"] == "ready", "stopped")
    return "yes"


def frames(driver: Driver, site: SiteServer) -> str:
    """Decode every frame of a video, with the page's own reader."""
    (script,) = site.site.glob("assets/media.*.js")
    clip = Path(__file__).parent / "turned" / "wide-180.mp4"
    data = base64.b64encode(clip.read_bytes()).decode()
    read = driver.evaluate(READ.replace("SCRIPT", script.name).replace("BYTES", data))
    if read is None:
        return "by the video element"
    wanted = [index / CLIP_RATE for index in range(CLIP_FRAMES)]
    if len(read["times"]) != CLIP_FRAMES:
        raise Refused(f"it reads {len(read['times'])} of {CLIP_FRAMES} frames")
    if any(abs(a - b) > 0.001 for a, b in zip(read["times"], wanted, strict=True)):
        raise Refused(f"the times of the frames are {read['times']}")
    return "every one"


def whole(driver: Driver, site: SiteServer) -> str:
    """Analyse all frames of a video, and save it as a video with its boxes."""
    (script,) = site.site.glob("assets/media.*.js")
    driver.give("photo", Path(__file__).parent / "turned" / "wide-180.mp4")
    until(driver, lambda now: now["state"] == "running" and now["frames"] > 0, "playing")
    driver.evaluate('document.getElementById("analyse-all").click();')
    until(driver, lambda now: (now["analysed"] or {}).get("done", False), "analysed")
    made = driver.evaluate(WHOLE.replace("SCRIPT", script.name))
    driver.evaluate('document.getElementById("start").click();')
    until(driver, lambda now: now["state"] == "ready", "stopped")
    if made.get("error"):
        raise Refused(made["error"])
    wanted = [index / CLIP_RATE for index in range(CLIP_FRAMES)]
    if len(made["times"]) != CLIP_FRAMES:
        raise Refused(f"it has {len(made['times'])} of {CLIP_FRAMES} frames")
    if any(abs(a - b) > 0.001 for a, b in zip(made["times"], wanted, strict=True)):
        raise Refused(f"the times of its frames are {made['times']}")
    return f"every frame, {made['kind']}"


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Return intersection over union of two boxes; obscura.boxes needs numpy."""
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = sum((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (a, b))
    return width * height / (areas - width * height)


def camera(driver: Driver) -> str:
    """Press Start and wait for frames of the browser's own fake camera."""
    driver.evaluate('document.getElementById("start").click();')
    until(driver, lambda now: now["state"] == "running" and now["frames"] >= FRAMES, "running")
    driver.evaluate('document.getElementById("start").click();')
    until(driver, lambda now: now["state"] == "ready", "stopped")
    return "yes"


def recording(driver: Driver) -> str:
    """Record the browser's own fake camera, and seek in what was recorded."""
    driver.evaluate('document.getElementById("start").click();')
    until(driver, lambda now: now["state"] == "running" and now["frames"] > 0, "running")
    driver.evaluate("document.getElementById('record').click();")
    until(driver, lambda now: (now["recording"] or {}).get("frames", 0) >= RECORDED, "recording")
    made = driver.evaluate(RECORD)
    driver.evaluate('document.getElementById("start").click();')
    until(driver, lambda now: now["state"] == "ready", "stopped")
    if made.get("error"):
        raise Refused(made["error"])
    if not 0 < made["at"] < made["duration"] < PATIENCE_S:
        raise Refused(f"it lasts {made['duration']} s, and was sought to {made['at']} s")
    return f"yes, {made['kind']}"


def offline(driver: Driver, site: SiteServer, sample: Path) -> str:
    """Wait until the page works offline, stop the server, reload; try a photo and the camera."""
    driver.open(site.url)
    until(
        driver,
        lambda now: now["state"] == "ready" and ANSWERED.match(now["offline"]) is not None,
        "kept",
    )
    kept = look(driver)["offline"]
    if not kept.startswith("Yes"):
        raise Refused(kept.removeprefix("No").lstrip(":, "))
    site.hang_up()
    driver.open(site.url)
    until(driver, lambda now: now["state"] == "ready", "ready without its server")
    photo(driver, sample)
    return camera(driver)
