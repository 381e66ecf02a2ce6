"""Hiding in the browser: by one key, in photos, and in all that is kept of them."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from obscura.redaction.paint import CELLS

from .conftest import OpenRoom
from .pictures import encode, sample
from .room import Room
from .test_keep import picture, saved, take

FACE = (190, 80, 265, 180)
"""Of the sample picture: inside the face."""

SHOWN = """() => {
  const canvas = document.getElementById("redacted");
  return [canvas.width, canvas.height, canvas.toDataURL("image/png")];
}"""


def shown(room: Room) -> Image.Image:
    """Return what the canvas shows that people see."""
    _, _, url = room.page.evaluate(SHOWN)
    return Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB")


def colours(image: Image.Image, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Return the distinct colours of a part of a picture."""
    pixels = np.asarray(image.crop(box)).reshape(-1, 3)
    return np.unique(pixels, axis=0)


def until_hidden(room: Room) -> None:
    """Wait until faces are looked for and covered, and not the whole picture."""
    room.until("now.hidden && !now.hidden.whole && now.hidden.boxes.length === 1")


def test_one_key_hides_faces_and_all_that_is_kept_is_covered(new_room: OpenRoom) -> None:
    room = new_room(cold=True, accept_downloads=True).open("?backend=wasm&redact_how=pixelate")
    room.until_state("ready")

    room.page.keyboard.press("h")
    until_hidden(room)
    assert room.at("redact").is_checked()
    assert room.at("sample").get_attribute("aria-hidden") == "true"
    assert room.at("redacted").get_attribute("aria-hidden") is None

    # A photo with all that a file can tell of a place and a person.
    exif = Image.Exif()
    exif[0x010E] = "a secret"
    photo = sample().resize((768, 768))
    thumbnail = encode(sample().resize((160, 160)), "JPEG")
    exif.get_ifd(0x8769)[0x927C] = thumbnail
    room.read(encode(photo, "JPEG", quality=95, exif=exif), "secret.jpg", kind="image/jpeg")
    until_hidden(room)
    face = tuple(round(edge * 1.5) for edge in FACE)
    after = shown(room)
    assert after.size == photo.size
    assert len(colours(after, face)) <= CELLS * CELLS  # type: ignore[arg-type]
    unchanged = np.asarray(after)[450:] == np.asarray(photo)[450:]
    assert unchanged.mean() > 0.3, "the rest is shown"

    take(room)
    name, data = saved(room, "keep-save")
    assert name.endswith(".png")
    assert b"secret" not in data
    assert b"eXIf" not in data
    kept = picture(room)[1]
    assert len(colours(kept, (face[0] + 8, face[1] + 40, face[2] - 8, face[3] - 8))) <= CELLS**2
    room.page.keyboard.press("Escape")

    # One person is shown by keyboard alone, and hidden again.
    room.at("redact-pick").press("Enter")
    room.page.locator("#redact-choices button").first.press("Enter")
    room.until("now.hidden.boxes.length === 0")
    room.until_text("redact-note", r"^Person \d+ is shown\.$")
    assert len(colours(shown(room), face)) > 1000  # type: ignore[arg-type]
    room.at("redact-all").press("Enter")
    until_hidden(room)
    room.until_text("redact-note", r"^Everybody is hidden again\.$")

    room.page.keyboard.press("h")
    room.page.wait_for_function("() => document.body.dataset.veiled === 'no'")
    room.at("redacted").wait_for(state="hidden")  # once the feature follows the setting
