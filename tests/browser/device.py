"""A device that can be made to fail, and that a person uses over and over."""

from __future__ import annotations

from typing import Any

from .room import Room

DEVICE = """
globalThis.device = {
  size: [512, 512], tracks: [], engines: [], timers: [], days: 0, away: 0, hidden: false,
};
Object.defineProperty(document, "hidden", { get: () => device.hidden });
// A camera that looks at the sample picture and can be turned and taken away.
if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => {
  const context = document.createElement("canvas").getContext("2d");
  let shown = 0;
  const draw = () => {
    const [width, height] = device.size;
    if (context.canvas.width !== width || context.canvas.height !== height) {
      Object.assign(context.canvas, { width, height });
    }
    context.drawImage(document.getElementById("sample"), 0, 0, width, height);
    context.fillRect((shown += 1) % width, 0, 1, 1);
    if (track.readyState === "live") setTimeout(draw, 33);
  };
  const stream = context.canvas.captureStream();
  const [track] = stream.getVideoTracks();
  device.tracks.push(track);
  draw();
  return stream;
};
device.kill = Worker.prototype.terminate;
globalThis.Worker = class extends Worker {
  constructor(...args) { super(...args); device.engines.push(this); }
};
const now = Date.now.bind(Date);
Date.now = () => now() + device.away + device.days * 86_400_000;
// Timers, which can be let run as often as they would in so many seconds.
const every = setInterval;
globalThis.setInterval = (call, ms, ...rest) => {
  device.timers.push({ call, ms });
  return every(call, ms, ...rest);
};
device.pass = (seconds) => {
  for (const { call, ms } of device.timers) {
    for (let time = ms; time <= 1000 * seconds; time += ms) call();
  }
};
const steady = performance.now.bind(performance);
performance.now = () => steady() + device.away;
"""
"""A device that can be made to fail."""


TRACKS = "() => device.tracks.map((track) => track.readyState)"
"""The states of all cameras since `start_and_stop` began."""


def start_and_stop(room: Room, times: int) -> None:
    """Start the camera and stop it, again and again."""
    room.page.evaluate(
        """async (times) => {
      device.tracks.length = 0;
      const until = async (state) => {
        while (obscura.snapshot().state !== state) await new Promise((go) => setTimeout(go, 5));
      };
      for (let time = 0; time < times; time++) {
        start.click();
        await until("running");
        start.click();
        await until("ready");
      }
    }""",
        times,
    )


def change_models(room: Room, times: int) -> None:
    """Choose one of three models after the other, one more than there may be engines: so each is
    opened again."""
    names = [model["name"] for model in room.snapshot()["models"]][-3:]
    room.page.evaluate(
        """async ([names, times]) => {
      for (let time = 1; time <= times; time++) {
        const name = names[time % names.length];
        model.value = name;
        model.dispatchEvent(new Event("change", { bubbles: true }));
        for (;;) {
          const now = obscura.snapshot();
          if (now.error) throw new Error(now.error.message);
          if (now.model === name && now.opening === null) break;
          await new Promise((go) => setTimeout(go, 5));
        }
      }
    }""",
        [names, times],
    )


def go_on(room: Room, frames: int = 3) -> dict[str, Any]:
    """See so many more frames analysed, and the person found in the last."""
    before = room.snapshot()["frames"]
    return room.until(
        f"now.state === 'running' && now.frames >= {before + frames}"
        " && now.detections[0]?.label === 'person'"
    )
