"""Steps with a video file: all its frames read, analysed, written as data, and saved as a video."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from browsers.drivers import Driver
from browsers.page import MADE, Refused, overlap, until
from builder.serve import SiteServer

CLIP = Path(__file__).parent / "turned" / "wide-180.mp4"
"""The video of these steps, which is turned by its metadata."""
CLIP_FRAMES, CLIP_RATE = 20, 10
"""Of each video in that folder: its frames, and how many there are in a second."""
CLIP_PERSON = (20.0, 30.0, 259.0, 332.0)
"""The astronaut in it as browsers show it."""
SAME_S = 0.001
"""Times of one frame differ by no more than this, by how files round them."""
PATIENCE_S = 300
"""Seconds that the analysis may take on a slow computer."""

DECODE = """
// Firefox runs this with arrays of its own, which are not those of the page that blobs give.
Object.defineProperty(Uint8Array, Symbol.hasInstance, { value: ArrayBuffer.isView });
const decode = async (blob) => {
  const { open } = await import("./assets/SCRIPT");
  const reader = typeof VideoDecoder === "function" ? await open(blob) : null;
  if (!reader || reader.decodes === false) return null;
  const times = [];
  for await (const sample of reader.samples()) {
    times.push(sample.timestamp);
    sample.close();
  }
  const { width, height } = reader;
  const duration = await reader.duration();
  reader.close();
  return { width, height, times, duration };
};
"""
"""Decode all frames of a video; return its upright size and their times; null if the browser cannot
and its video element has to do."""

READ = """
const bytes = Uint8Array.from(atob("BYTES"), (letter) => letter.charCodeAt(0));
return await decode(new Blob([bytes]));
"""

EXPORT = """
at("export-open").click();
if (!(await until(() => at("export-dialog").open && !at("export-choices").hidden)))
  return { error: at("export-empty").textContent };
const files = {};
for (const kind of ["jsonl", "csv", "coco", "yolo", "session"]) {
  const count = made.length;
  at(`export-${kind}`).click();
  if (!(await until(() => made.length > count)))
    return { error: `${kind}: ${at("export-status").textContent || "nothing was made"}` };
  files[kind] = made.at(-1);
}
at("export-dialog").close();
URL.createObjectURL = make;
const texts = {};
for (const kind in files) texts[kind] = await files[kind].text();
return { ...texts, yolo: texts.yolo.slice(0, 2), session: texts.session.slice(0, 2) };
"""
"""Write what was found in each format; return the texts, and how archives begin."""

SAVE = """
at("record-whole").click();
const said = () => at("record-note-text").textContent;
const shown = () => at("record-dialog").open && !at("record-row").hidden;
if (!(await until(shown))) return { error: said() || "no video within 60 s" };
if (!(await until(() => made.length && at("record-video").readyState > 0)))
  return { error: "it cannot be played" };
const blob = made.at(-1);
const head = await blob.slice(4, 8).text();
const found = { ...(await decode(blob)), kind: head === "ftyp" ? "MP4" : "WebM" };
at("record-delete").click();
URL.createObjectURL = make;
return found;
"""
"""Make a video of what was analysed, and decode it; return its frames."""


def _decode(site: SiteServer) -> str:
    """Return the script that decodes, with the page's own reader."""
    (script,) = site.site.glob("assets/media.*.js")
    return DECODE.replace("SCRIPT", script.name)


def _check_times(times: list[float]) -> None:
    wanted = [index / CLIP_RATE for index in range(CLIP_FRAMES)]
    if len(times) != CLIP_FRAMES:
        raise Refused(f"it has {len(times)} of {CLIP_FRAMES} frames")
    if any(abs(a - b) > SAME_S for a, b in zip(times, wanted, strict=True)):
        raise Refused(f"the times of the frames are {times}")


def frames(driver: Driver, site: SiteServer) -> str:
    """Decode every frame of a video."""
    data = base64.b64encode(CLIP.read_bytes()).decode()
    read = driver.evaluate(_decode(site) + READ.replace("BYTES", data))
    if read is None:
        return "by the video element"
    _check_times(read["times"])
    return "every one"


def analysis(driver: Driver) -> str:
    """Open the video, and have every frame of it analysed; it stays in view."""
    driver.give("photo", CLIP)
    until(driver, lambda now: now["state"] == "running" and now["frames"] > 0, "playing")
    driver.evaluate('document.getElementById("analyse-all").click();')

    def is_done(now: dict[str, Any]) -> bool:
        return bool(now.get("analysed") and now["analysed"]["done"])

    done = until(driver, is_done, "analysed", PATIENCE_S)["analysed"]["frames"]
    if done != CLIP_FRAMES:
        raise Refused(f"it analysed {done} of {CLIP_FRAMES} frames")
    return "every frame"


def data(driver: Driver) -> str:
    """Write what was found in the video in view as data, and read it again."""
    made = driver.evaluate(MADE + EXPORT)
    if made.get("error"):
        raise Refused(made["error"])
    records = [json.loads(line) for line in made["jsonl"].splitlines()]
    _check_times([record["time_s"] for record in records])
    for record in records:
        rows = [row for row in record["detections"] if row["label"] == "person"]
        edges = ("x1", "y1", "x2", "y2")
        best = max((overlap([row[edge] for edge in edges], CLIP_PERSON) for row in rows), default=0)
        if best < 0.7:
            raise Refused(f"the box of frame {record['frame']} is not where the person is")
    count = sum(len(record["detections"]) for record in records)
    if len(made["csv"].splitlines()) != count + 1:
        raise Refused("the CSV has other rows than the JSON Lines")
    if len(json.loads(made["coco"])["annotations"]) != count:
        raise Refused("the COCO file has other rows than the JSON Lines")
    if {made["yolo"], made["session"]} != {"PK"}:
        raise Refused("what should be zip archives begins otherwise")
    return "yes"


def saved(driver: Driver, site: SiteServer) -> str:
    """Make a video of the one in view, with the boxes of each frame, and decode it; close it."""
    try:
        made = driver.evaluate(_decode(site) + MADE + SAVE)
    finally:
        driver.evaluate('document.getElementById("start").click();')
        until(driver, lambda now: now["state"] == "ready", "stopped")
    if made.get("error"):
        raise Refused(made["error"])
    _check_times(made["times"])
    length = CLIP_FRAMES / CLIP_RATE
    # WebM files name the time of the last frame, not its end.
    if not length - 1 / CLIP_RATE - SAME_S <= made["duration"] <= length + SAME_S:
        raise Refused(f"it lasts {made['duration']} s in place of {length}")
    return f"yes, {made['kind']}"
