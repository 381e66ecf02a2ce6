"""The command ``python3 -m obscura redact``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from obscura import pictures
from obscura.detector import Detector
from obscura.errors import ObscuraError
from obscura.evaluation.command import count, filled, fraction
from obscura.redaction import video
from obscura.redaction.cover import Cover
from obscura.redaction.errors import RedactionError
from obscura.redaction.files import Item, plan, written
from obscura.redaction.geometry import CoverOptions
from obscura.redaction.paint import HOWS, paint
from obscura.redaction.thresholds import tracker_options
from obscura.tracking import Tracker
from obscura.update import FrameInfo, Update

if TYPE_CHECKING:
    from PIL.Image import Image

HELP = "Cover people or other objects in a picture, a video or a folder of them."
WHAT = "person"
"""What is covered unless somebody says otherwise."""
NOTHING = "nothing found to cover"
PATIENCE_S, BETWEEN_S = 0.5, 0.1
"""Progress is shown after the one, and then as often as the other."""
LOSSLESS = frozenset((".png", ".bmp", ".ppm", ".tif", ".tiff"))
PAGES = frozenset({"GIF", "PNG", "WEBP", "AVIF", "TIFF"})
"""Formats whose further pictures are more than previews of the first."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add = parser.add_argument
    add("source", type=filled, metavar="IN", help="a picture, a video, or a folder of them")
    add("--out", type=filled, required=True, metavar="OUT", help="the copy, or a folder for copies")
    add(
        "--what",
        type=_names,
        default=[WHAT],
        metavar="A,B",
        help=f"the classes to cover (default: {WHAT})",
    )
    add("--how", choices=HOWS, default="fill", help="default: %(default)s, which leaves nothing")
    add("--strict", action="store_true", help="cover the whole picture while anything is uncertain")
    add("--model", type=filled, default="cocossd", metavar="M", help="default: %(default)s")
    add(
        "--threshold",
        type=fraction,
        metavar="T",
        help="minimum score to cover, 0 to 1 (default: half of the model's)",
    )
    add("--mute", action="store_true", help="leave out the sound of videos")
    add("--threads", type=count, default=0, metavar="N", help="default: one per core")


class _Progress:
    """Shows progress on a terminal, after half a second."""

    def __init__(self) -> None:
        self._began = self._shown = time.monotonic()

    def show(self, done: str, index: int, total: int) -> None:
        """Show how many frames were analysed or covered."""
        now = time.monotonic()
        if sys.stderr.isatty() and now - self._began > PATIENCE_S and now - self._shown > BETWEEN_S:
            of_all = f"{index} of {total}" if total else f"{index}"
            sys.stderr.write(f"\r\x1b[K{of_all} frames {done}")
            sys.stderr.flush()
            self._shown = now

    def clear(self) -> None:
        """Remove the line, before anything else is printed."""
        if self._shown > self._began:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
        self._began = self._shown = time.monotonic()


class _Run:
    """One run of the command."""

    def __init__(self, arguments: argparse.Namespace, detector: Detector) -> None:
        self.arguments, self.detector = arguments, detector
        self.tracking = tracker_options(detector.card, arguments.threshold)
        detector.threshold = self.tracking.live
        # The labels as the model spells them.
        labels = frozenset(detector.labels[each] for each in detector.classes or ())
        self.options = CoverOptions(labels=labels, strict=arguments.strict)
        # A track may waver between classes, so all are detected.
        detector.classes = None
        self.progress = _Progress()

    def redact(self, item: Item) -> str:
        """Write the redacted copy of a file; return what was covered in it, in words.

        Raises:
            ObscuraError: there is no copy.
        """
        if item.kind is None:
            raise RedactionError("Not a picture or video that can be read here", item.source)
        with written(item.target) as path:
            if item.kind == "video":
                return self._video(item.source, path)
            return self._picture(item.source, path, item.target.suffix)

    def _video(self, source: Path, target: Path) -> str:
        self.detector.flip = False
        job = video.Job(
            self.detector.detect,
            Tracker(self.tracking),
            self.detector.labels,
            self.options,
            self.arguments.how,
            self.arguments.mute,
            self.progress.show,
        )
        done = video.redact(source, target, job)
        if not done.covered:
            return NOTHING
        failed = f" ({done.failed} of them whole, not analysed)" if done.failed else ""
        return f"covered in {done.covered} of {done.frames} frames{failed}"

    def _picture(self, source: Path, target: Path, suffix: str) -> str:
        image = _only(source)
        pixels = pictures.to_rgba(image)
        height, width = pixels.shape[:2]
        self.detector.flip = True  # finds more
        found = self.detector.detect(pixels)
        found = found[found.score >= np.float32(self.tracking.birth)]
        update = Update(FrameInfo(0, 0.0, width, height), found)
        covered = Cover(self.options).update(update, self.detector.labels, still=True)
        paint(pixels, covered.xyxy, self.arguments.how)
        _save(pixels[..., :3], target, suffix)
        areas = len(covered.xyxy)
        return f"{areas} area{'s' if areas > 1 else ''} covered" if areas else NOTHING


def run(arguments: argparse.Namespace) -> int:
    """Redact, and print what became of each file; return 1 if there is no copy of one."""
    items = plan(Path(arguments.source), Path(arguments.out))
    failed = 0
    with Detector(arguments.model, classes=arguments.what, threads=arguments.threads) as detector:
        redaction = _Run(arguments, detector)
        for item in items:
            try:
                words = redaction.redact(item)
            except ObscuraError as error:
                failed += 1
                redaction.progress.clear()
                print(f"obscura: {error}", file=sys.stderr)
                continue
            finally:
                redaction.progress.clear()
            print(f"{item.source}: {words}, saved as {item.target}")
    if failed and len(items) > 1:
        print(
            f"obscura: {failed} of {len(items)} files were not redacted and not copied.",
            file=sys.stderr,
        )
    return 1 if failed else 0


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    filled("".join(names))
    return names


def _only(source: Path) -> Image:
    """Return the picture of a file that has one, upright, in sRGB, without its metadata.

    Raises:
        RedactionError: it has several, of which people would miss all but the first.
        PictureError: it cannot be read.
    """
    image = pictures.open_picture(source)
    from PIL import Image as Pillow

    with Pillow.open(source) as whole:
        try:
            count = getattr(whole, "n_frames", 1)
        except (OSError, EOFError, SyntaxError, ValueError) as error:
            raise RedactionError(f"The picture is damaged: {error}", source) from error
        if whole.format in PAGES and count > 1:
            raise RedactionError(
                f"The file has {count} pictures, and only single pictures are redacted",
                source,
                remedy="Save it as a video, or each picture as a file.",
            )
    return image


def _save(pixels: video.Pixels, target: Path, suffix: str) -> None:
    """Write pixels, and nothing else, to a file."""
    from PIL import Image as Pillow

    # JPEG, WebP and AVIF; the others lose nothing and know no quality.
    options: dict[str, Any] = {} if suffix.lower() in LOSSLESS else {"quality": 92}
    try:
        Pillow.fromarray(np.ascontiguousarray(pixels)).save(target, **options)
    except (OSError, ValueError) as error:
        raise RedactionError(f"The copy cannot be written: {error}", target) from error
