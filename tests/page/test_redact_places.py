"""Every place in the page that draws, copies or keeps a picture is known, with what keeps it from
showing what is to be hidden. Whoever adds one says so here."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DRAWS = re.compile(
    r"drawImage|putImageData|createImageBitmap|toBlob|convertToBlob|toDataURL|captureStream"
    r"|MediaRecorder|createObjectURL|object_url\b|requestPictureInPicture|still_of\(|ImageCapture"
)
PLACES = {
    "py/obscura/page/browser/canvas.py": "draws photos on #picture, and stills for sources.picture",
    "py/obscura/page/browser/cropped.py": "a part of a screen, for #video, under the veil",
    "py/obscura/page/browser/files.py": "makes addresses of files that are played, listed or saved",
    "py/obscura/page/browser/frames.py": "captures for the engine; 16 pixels, to see which way up",
    "py/obscura/page/browser/recorder.py": "holds frames to be recorded, none while any is hidden",
    "py/obscura/page/browser/media.py": "draws for the model; plays a file that is never shown",
    "py/obscura/page/browser/screen.py": "gives stills to sources.picture, which asks the redactor",
    "py/obscura/page/browser/sharing.py": "encodes the redacted snapshot",
    "py/obscura/page/browser/remote_link.py": "draws for the model, on a server: agreed to, whole",
    "py/obscura/page/browser/stills.py": "pictures of exports, none while any part is hidden",
    "py/obscura/page/features/photos/part.py": "small pictures, under the veil",
    "py/obscura/page/features/keep/dialog.py": "shows the snapshot, which is redacted",
    "py/obscura/page/features/record/dialog.py": "shows the recording, which is redacted",
    "py/obscura/page/features/record/part.py": "draws what the redactor shows, where there is one",
    "py/obscura/page/features/redact/canvas.py": "the redactor",
    "py/obscura/page/live/sources.py": "plays files in #video, under the veil",
    "py/obscura/page/models/ask.py": "draws sources.picture, which is redacted",
    "py/obscura/page/stage/annotate.py": "draws the snapshot, which is redacted",
    "assets/engine.js": "draws for the model, in a worker",
    "assets/common/sample.js": "reads the sample picture for the self-check",
}


def test_every_place_that_draws_or_keeps_a_picture_is_known() -> None:
    files = [
        *(ROOT / "py" / "obscura" / "page").rglob("*.py"),
        *(each for each in (ROOT / "assets").rglob("*.js") if ".min." not in each.name),
    ]
    draw = {
        each.relative_to(ROOT).as_posix()
        for each in files
        if DRAWS.search(each.read_text(encoding="utf-8"))
    }

    assert draw == set(PLACES), "say what keeps it from showing what is to be hidden"


def test_under_the_veil_originals_are_neither_seen_nor_dragged_nor_saved() -> None:
    style = (ROOT / "assets" / "style.css").read_text(encoding="utf-8")
    rules = re.findall(r'\[data-veiled="yes"\][^{]*\{[^}]*\}', style)
    veil = next(rule for rule in rules if ".media:not(#redacted)" in rule)

    assert "#photos-grid img" in veil
    assert "opacity: 0;" in veil
    assert "pointer-events: none;" in veil, "no menu, no dragging"
    page = (ROOT / "index.html").read_text(encoding="utf-8")
    assert re.search(r'<video id="video"[^>]*disablepictureinpicture', page)
