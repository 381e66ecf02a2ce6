"""Pictures for the page, all made from the bundled one, and where its person is."""

from __future__ import annotations

import io
from base64 import b64encode
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]

PERSON = (20.0, 14.0, 364.0, 512.0)
"""The astronaut in assets/sample.jpg by eye, elbow to elbow and hair to the lower edge, without the
helmet beside her: x1, y1, x2, y2 in its 512 x 512 pixels."""

CLIP_SIZE = (640, 480)


def sample() -> Image.Image:
    """The bundled picture."""
    with Image.open(ROOT / "assets" / "sample.jpg") as image:
        return image.convert("RGB")


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """A picture as a file's bytes; PNG, so that no decoder can differ from another."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def on_camera() -> tuple[Image.Image, tuple[float, float, float, float]]:
    """What the fake camera sees: the picture on a grey wall, and the person's place in it."""
    wall = Image.new("RGB", CLIP_SIZE, (96, 96, 96))
    side = CLIP_SIZE[1]
    left = (CLIP_SIZE[0] - side) // 2
    wall.paste(sample().resize((side, side), Image.Resampling.LANCZOS), (left, 0))
    x1, y1, x2, y2 = (edge * side / 512 for edge in PERSON)
    return wall, (left + x1, y1, left + x2, y2)


def overlap(a: tuple[float, ...] | list[float], b: tuple[float, ...] | list[float]) -> float:
    """Intersection over union of two boxes x1, y1, x2, y2."""
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = sum((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (a, b))
    return width * height / (areas - width * height)


def film(page: Any, width: int, height: int, frames: str) -> bytes:
    """Return a WebM video of the sample picture, recorded by the browser.

    Args:
        frames: JavaScript that draws `image` on `context` and awaits its frames.
    """
    script = f"""async (picture) => {{
      const image = new Image();
      image.src = picture;
      await image.decode();
      const size = {{ width: {width}, height: {height} }};
      const canvas = Object.assign(document.createElement("canvas"), size);
      const context = canvas.getContext("2d");
      const kind = {{ mimeType: "video/webm;codecs=vp8" }};
      const recorder = new MediaRecorder(canvas.captureStream(), kind);
      const chunks = [];
      recorder.ondataavailable = (event) => chunks.push(event.data);
      const stopped = new Promise((resolve) => {{ recorder.onstop = resolve; }});
      recorder.start();
      {frames}
      recorder.stop();
      await stopped;
      return Array.from(new Uint8Array(await new Blob(chunks).arrayBuffer()));
    }}"""
    picture = f"data:image/png;base64,{b64encode(encode(sample())).decode()}"
    return bytes(page.evaluate(script, picture))
