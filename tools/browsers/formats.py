"""Try which kinds of pictures and videos are read: by the page in each installed browser, and by
the library; print the tables of docs/formats.md.

    .venv/bin/python build.py run tools/browsers/formats.py [--write]

Needs the built page in dist/, ffmpeg with the usual encoders, and the packages of the tests. Every
file is made from assets/sample.jpg, and counts as read if the person is found where she is.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from browsers import drivers
from browsers.chromium import ChromiumError
from browsers.clip import CLIP, write_clip
from browsers.command import BROWSERS
from browsers.page import Refused, look, overlap, until
from builder.build import ROOT
from builder.serve import serving
from obscura import Detector
from obscura.errors import ObscuraError

DOCUMENT = ROOT / "docs" / "formats.md"
MARKS = {
    kind: (f"<!-- {kind}: by trial -->", f"<!-- /{kind} -->") for kind in ("pictures", "videos")
}
WIDTH, HEIGHT = 384, 512
PERSON = (20.0, 14.0, 364.0, 512.0)
"""Where the person is in the left part of the sample picture, of WIDTH x HEIGHT pixels."""
MODEL = "cocossd"
PATIENCE_S = 30
"""Seconds in which a file must be read."""

Save = dict[str, object]
QUARTER, LYING = 6, Image.Transpose.ROTATE_90


def exif(orientation: int, *, long: bool = False) -> bytes:
    """Return an EXIF block with this orientation, in 16 or 32 bits."""
    if long:
        return b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x04\0\x01\0\0\0" + bytes(
            [orientation, *[0] * 7]
        )
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


PICTURES: dict[str, tuple[str, str, str | None, Save]] = {
    # name: ending, format, mode ("lying": a quarter turn that EXIF takes back), how it is saved
    "JPEG": (".jpg", "JPEG", None, {}),
    "JPEG, progressive": (".jpg", "JPEG", None, {"progressive": True}),
    "JPEG, CMYK": (".jpg", "JPEG", "CMYK", {}),
    "JPEG, turned by EXIF": (".jpg", "JPEG", "lying", {"exif": exif(QUARTER)}),
    "JPEG, turned by EXIF in 32 bits": (
        ".jpg",
        "JPEG",
        "lying",
        {"exif": exif(QUARTER, long=True)},
    ),
    "PNG": (".png", "PNG", None, {}),
    "PNG, palette": (".png", "PNG", "P", {}),
    "PNG, 16 bits, grey": (".png", "PNG", "I;16", {}),
    "PNG, turned by EXIF": (".png", "PNG", "lying", {"exif": exif(QUARTER)}),
    "PNG, animated": (".png", "PNG", "animated", {}),
    "WebP": (".webp", "WEBP", None, {}),
    "WebP, lossless": (".webp", "WEBP", None, {"lossless": True}),
    "WebP, turned by EXIF": (".webp", "WEBP", "lying", {"exif": exif(QUARTER)}),
    "WebP, animated": (".webp", "WEBP", "animated", {}),
    "AVIF": (".avif", "AVIF", None, {}),
    "AVIF, turned": (".avif", "AVIF", "lying", {"exif": exif(QUARTER)}),
    "GIF": (".gif", "GIF", None, {}),
    "GIF, animated": (".gif", "GIF", "animated", {}),
    "BMP": (".bmp", "BMP", None, {}),
    "ICO": (".ico", "ICO", None, {"sizes": [(192, 256)]}),
    "TIFF": (".tif", "TIFF", None, {}),
    "TIFF, floats 0..1": (".tif", "TIFF", "F", {}),
    "TIFF, 32-bit integers": (".tif", "TIFF", "I", {}),
    "JPEG 2000": (".jp2", "JPEG2000", None, {}),
    "PPM": (".ppm", "PPM", None, {}),
    "TGA": (".tga", "TGA", None, {}),
    "QOI": (".qoi", "QOI", None, {}),
}
H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")
SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:duration=2", "-shortest")
VIDEOS: dict[str, tuple[str, tuple[str, ...]]] = {
    # name: ending, arguments of ffmpeg
    "MP4, H.264": (".mp4", H264),
    "MP4, H.264, 10 bits": (".mp4", ("-c:v", "libx264", "-pix_fmt", "yuv420p10le")),
    "MP4, HEVC": (".mp4", ("-c:v", "libx265", "-tag:v", "hvc1", "-pix_fmt", "yuv420p")),
    "MP4, AV1": (".mp4", ("-c:v", "libsvtav1", "-pix_fmt", "yuv420p")),
    "MP4, VP9": (".mp4", ("-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p")),
    "QuickTime, H.264": (".mov", H264),
    "QuickTime, ProRes": (".mov", ("-c:v", "prores_ks")),
    "WebM, VP8": (".webm", ("-c:v", "libvpx", "-pix_fmt", "yuv420p")),
    "WebM, VP9": (".webm", ("-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p")),
    "WebM, AV1": (".webm", ("-c:v", "libsvtav1", "-pix_fmt", "yuv420p")),
    "Ogg, Theora": (".ogv", ("-c:v", "libtheora", "-pix_fmt", "yuv420p")),
    "Matroska, H.264": (".mkv", H264),
    "3GP, H.264": (".3gp", H264),
    "AVI, MPEG-4": (".avi", ("-c:v", "mpeg4")),
    "MPEG-TS, H.264": (".ts", H264),
    "MPEG-PS, MPEG-2": (".mpg", ("-c:v", "mpeg2video")),
    "MP4, sound alone": (".mp4", (*SOUND, "-map", "1:a", "-c:a", "aac")),
}


# ---- the files -----------------------------------------------------------------------------------


def sample() -> Image.Image:
    """Return the part of the sample picture with the person."""
    with Image.open(ROOT / "assets" / "sample.jpg") as image:
        return image.convert("RGB").crop((0, 0, WIDTH, HEIGHT))


def picture(form: str, mode: str | None, save: Save) -> bytes:
    """Return the sample picture in a format."""
    image, more = sample(), dict(save)
    if mode == "lying":
        image = image.transpose(LYING)
    elif mode == "animated":
        more |= {"save_all": True, "append_images": [Image.new("RGB", image.size)], "duration": 90}
    elif mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    elif mode == "F":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.float32) / 255)
    elif mode is not None:
        image = (image.convert("L") if mode == "I" else image).convert(mode)
    file = io.BytesIO()
    image.save(file, form, **more)
    return file.getvalue()


def make_video(target: Path, arguments: tuple[str, ...]) -> None:
    """Write two seconds of the sample picture."""
    still = target.with_name("still.png")
    sample().save(still)
    shown = ["-loop", "1", "-t", "2", "-r", "15", "-i", str(still)]
    command = ["ffmpeg", "-y", "-loglevel", "error", *shown, *arguments, str(target)]
    subprocess.run(command, check=True, capture_output=True)


def files(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Make each file; yield "pictures" or "videos", its name in the table, and its path."""
    for number, (name, (ending, form, mode, save)) in enumerate(PICTURES.items()):
        path = folder / f"picture-{number}{ending}"
        path.write_bytes(picture(form, mode, save))
        yield "pictures", name, path
    for number, (name, (ending, arguments)) in enumerate(VIDEOS.items()):
        path = folder / f"video-{number}{ending}"
        make_video(path, arguments)
        yield "videos", name, path


# ---- trials --------------------------------------------------------------------------------------


def verdict(label_and_box: list[tuple[str, list[float]]]) -> str:
    """Return what a table says of these detections, best first."""
    # An icon is smaller than the picture that it was made from.
    people = [box for label, box in label_and_box if label == "person"]
    if not people:
        return "read, but nothing found"
    scale = 1 if max(people[0]) > HEIGHT / 2 + 1 else 2
    right = overlap([edge * scale for edge in people[0]], PERSON) >= 0.7
    return "yes" if right else "on its side"


def by_library(path: Path, detector: Detector) -> str:
    """Return whether the library reads a picture."""
    try:
        rows = detector.detect(path).to_records(detector.labels)
    except ObscuraError:
        return "no"
    return verdict([(row["label"], row["box"]) for row in rows])


def by_page(kind: str, path: Path, driver: drivers.Driver) -> str:
    """Return whether the page reads a file in this browser."""
    aim: Callable[[dict[str, Any]], bool] = (
        (lambda now: now["state"] == "still" and now["caption"] == path.name)
        if kind == "pictures"
        else (lambda now: now["state"] == "running" and bool(now["detections"]))
    )
    try:
        driver.give("photo", path)
        rows = until(driver, aim, "read", PATIENCE_S)["detections"]
        if kind == "videos":
            driver.evaluate('document.getElementById("start").click();')
            until(driver, lambda now: now["state"] == "ready", "stopped")
    except (Refused, drivers.DriverError, ChromiumError):
        error = look(driver).get("error")
        if error is None:
            raise
        driver.evaluate('document.getElementById("notice-dismiss").click();')
        return "no"
    return verdict([(row["label"], row["box"]) for row in rows])


def trials(dist: Path, folder: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Return, for pictures and videos, what each reader says of each file."""
    made = list(files(folder))
    told: dict[str, dict[str, dict[str, str]]] = {
        kind: {name: {} for each, name, _ in made if each == kind} for kind in MARKS
    }
    clip = write_clip(ROOT / "build" / CLIP)
    for browser in BROWSERS.values():
        with serving(dist) as site, browser(clip) as driver:
            driver.open(f"{site.url}?model={MODEL}")
            until(driver, lambda now: now["state"] == "ready", "ready")
            for kind, name, path in made:
                print(f"formats: {driver.version}: {name}", flush=True)
                told[kind][name][driver.version] = by_page(kind, path, driver)
    with Detector(ROOT / "models" / MODEL) as detector:
        for kind, name, path in made:
            if kind == "pictures":
                told[kind][name]["library"] = by_library(path, detector)
    return told


# ---- the tables ----------------------------------------------------------------------------------


def table(kind: str, rows: dict[str, dict[str, str]]) -> str:
    """Return a table in Markdown: a row per file, a column per reader."""
    readers = list(next(iter(rows.values())))
    lines = [f"| {kind} | {' | '.join(readers)} |", "|---" * (len(readers) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(cells.values())} |" for name, cells in rows.items()]
    return "\n".join(lines)


def write(path: Path, tables: dict[str, str]) -> None:
    """Put the tables in their places in a document."""
    text = path.read_text(encoding="utf-8")
    for kind, lines in tables.items():
        begin, end = MARKS[kind]
        before, rest = text.split(begin)
        text = f"{before}{begin}\n{lines}\n{end}{rest.split(end)[1]}"
    path.write_text(text, encoding="utf-8")


def main() -> None:
    """Try everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--write", action="store_true", help="write the tables to docs/formats.md")
    parser.add_argument("--site", type=Path, default=ROOT / "dist", help="the built page")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        told = trials(options.site, Path(folder))
    tables = {kind: table(kind, rows) for kind, rows in told.items()}
    print("\n\n".join(tables.values()))
    if options.write:
        write(DOCUMENT, tables)


if __name__ == "__main__":
    main()
