"""Cameras that tests plug in and out, each of which sees the person of the sample picture."""

from __future__ import annotations

import base64
import json

from .pictures import encode, sample

SCRIPT = """
globalThis.tracks = []; // of all cameras that were ever opened
globalThis.refusal = ""; // name of the error of the next camera that is asked for
if (globalThis.MediaDevices) {
  const plugged = NAMES;
  const person = new Image();
  person.src = "data:image/png;base64,PICTURE";
  const devices = MediaDevices.prototype;
  const changed = () => navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  devices.enumerateDevices = async () => Object.entries(plugged).map(
    ([deviceId, label]) => ({ deviceId, label, kind: "videoinput", groupId: "" }));
  devices.getUserMedia = async (wishes) => {
    const id = wishes.video.deviceId?.exact ?? Object.keys(plugged)[0];
    if (refusal) throw new DOMException("no", refusal);
    if (!(id in plugged)) throw new DOMException("not there", "OverconstrainedError");
    await person.decode();
    const picture = document.createElement("canvas");
    [picture.width, picture.height] = [320, 320];
    const context = picture.getContext("2d");
    let number = 0;
    const draw = () => {
      context.drawImage(person, 0, 0, 320, 320);
      context.fillRect(number++ % 300, 0, 4, 4);
    };
    draw();
    const [track] = picture.captureStream().getVideoTracks();
    const drawing = setInterval(() => {
      if (track.readyState === "ended") clearInterval(drawing);
      else draw();
    }, 50);
    track.getSettings = () => ({ deviceId: id });
    Object.defineProperty(track, "label", { value: plugged[id] });
    tracks.push(track);
    return new MediaStream([track]);
  };
  globalThis.plugs = (id) => id in plugged;
  globalThis.plug = (id, name) => { plugged[id] = name; changed(); };
  globalThis.lose = (id) => {
    for (const track of tracks.filter((each) => each.getSettings().deviceId === id)) {
      if (track.readyState === "ended") continue;
      track.stop();
      track.dispatchEvent(new Event("ended"));
    }
  };
  globalThis.unplug = (id) => {
    lose(id);
    delete plugged[id];
    changed();
  };
}
"""


def plugged(**names: str) -> str:
    """A script for `new_room(init=...)`: these cameras are connected; names by device id."""
    picture = base64.b64encode(encode(sample().resize((320, 320)))).decode()
    return SCRIPT.replace("NAMES", json.dumps(names)).replace("PICTURE", picture)
