"""A shared screen on which nothing moves, for browsers that have none to share."""

from __future__ import annotations

import base64

from .pictures import encode, sample

PLACE = (640, 150)
"""Where the picture lies on the shared screen, which is otherwise grey."""
SIZE = (1280, 720)
SCREEN = (
    """
globalThis.shares = [];
globalThis.refusal = null;
const still = new Image();
still.src = "data:image/png;base64,PICTURE";
if (globalThis.MediaDevices) MediaDevices.prototype.getDisplayMedia = async (wishes) => {
  if (!navigator.userActivation.isActive) throw new DOMException("no press", "InvalidStateError");
  if (refusal) throw new DOMException("Permission denied", refusal);
  await still.decode();
  const screen = document.createElement("canvas");
  [screen.width, screen.height] = [WHOLE];
  const context = screen.getContext("2d");
  const draw = () => {
    context.fillStyle = "#777";
    context.fillRect(0, 0, screen.width, screen.height);
    context.drawImage(still, PLACE);
  };
  draw();
  const stream = screen.captureStream();
  const [track] = stream.getVideoTracks();
  Object.defineProperty(track, "label", { value: "screen:0:0" }); // as Chromium names them
  setTimeout(draw, 50); // once: nothing changes on this screen
  shares.push({ track, draw, wishes });
  return stream;
};
globalThis.endSharing = () => {
  const { track } = shares.at(-1);
  track.stop();
  track.dispatchEvent(new Event("ended"));
};
""".replace("PICTURE", base64.b64encode(encode(sample())).decode())
    .replace("WHOLE", "{}, {}".format(*SIZE))
    .replace("PLACE", "{}, {}".format(*PLACE))
)
"""A script for a browser that shares a screen on which nothing moves."""
