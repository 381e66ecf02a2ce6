"""Steps that are tried in each browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from browsers import videos
from browsers.chromium import ChromiumError
from browsers.drivers import PATIENCE_S, Driver, DriverError
from browsers.page import MADE, Refused, look, overlap, until
from builder.serve import SiteServer

PERSON = (20.0, 14.0, 364.0, 512.0)
"""The astronaut in assets/sample.jpg by eye, elbow to elbow and hair to the lower edge, without the
helmet beside her: x1, y1, x2, y2 in its 512 x 512 pixels."""

TURNED = {
    "square-90.mp4": (10.0, 7.0, 182.0, 256.0),
    "square-180.mp4": (10.0, 7.0, 182.0, 256.0),
    "square-270.mp4": (10.0, 7.0, 182.0, 256.0),
    videos.CLIP.name: videos.CLIP_PERSON,
}
"""Videos beside this file that are turned by their metadata in a way that keeps their size, and the
astronaut in each as browsers show it. They are made of assets/sample.jpg."""

FRAMES = 10
RECORDED = 5
TYPES = {"png": "PNG", "jpeg": "JPEG", "webp": "WebP"}
"""Of pictures, as the page offers them."""
STEPS = (
    *("starts", "photo", "snapshot", "turned", "analysis", "data", "saved video"),
    *("camera", "recording", "offline"),
)
"""Those of which there are screenshots."""

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
KEEP = """
const dialog = at("keep-dialog");
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

RECORD = """
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
    attempt("frames", lambda: videos.frames(driver, site))
    attempt("analysis", lambda: videos.analysis(driver))
    attempt("data", lambda: videos.data(driver))
    attempt("saved video", lambda: videos.saved(driver, site))
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
    kept = driver.evaluate(MADE + KEEP)
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
    made = driver.evaluate(MADE + RECORD)
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
