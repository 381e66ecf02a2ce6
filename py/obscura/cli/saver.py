"""Copies of pictures with boxes drawn on them, and crops of what was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from obscura import label_font, pictures
from obscura.detections import Detections
from obscura.export.errors import OutputError

CROPS = ".jpg"


class Folder:
    """A folder for pictures, in which neither inputs nor copies of the same run are overwritten."""

    def __init__(self, folder: Path, option: str) -> None:
        """
        Args:
            option: the option that named it, for messages.

        Raises:
            OutputError: it cannot be made.
        """
        self._remedy = f"Name another folder with {option}."
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"The folder cannot be created: {error.strerror}", folder, remedy=self._remedy
            ) from error
        self._folder, self._real = folder, folder.resolve()
        self._taken: set[str] = set()

    def target(self, source: str, ending: str = "") -> Path:
        """Return where a copy of a source goes: as PNG if Pillow cannot write its format.

        Args:
            source: its path or address.
            ending: put behind its name.
        """
        from PIL import Image

        path = Path(source)
        writable = Image.registered_extensions().get(path.suffix.lower()) in Image.SAVE
        suffix = path.suffix if writable else ".png"
        stem = f"{path.stem}{ending}"
        # What lies beside the source may be another input, which is then read later.
        beside = path.exists() and path.resolve().parent == self._real
        target, number = self._folder / f"{stem}{suffix}", 1
        # Ignores case, because the file systems of macOS and Windows do.
        while target.name.casefold() in self._taken or (beside and target.exists()):
            number += 1
            target = self._folder / f"{stem}-{number}{suffix}"
        self._taken.add(target.name.casefold())
        return target

    def save(self, image: Any, target: Path) -> Path:
        """Write a Pillow image.

        Raises:
            OutputError: it cannot be written.
        """
        try:
            image.save(target)
        except OSError as error:
            raise OutputError(
                f"The copy cannot be saved: {error.strerror or error}", target, remedy=self._remedy
            ) from error
        return target


class Fonts:
    """Reports, once each, names that are drawn as numbers because no font has their letters."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def missing(self, names: Iterable[str]) -> list[str]:
        """Return a sentence for each name that was not reported yet."""
        without = label_font.without_font(set(names) - self._told)
        self._told.update(without)
        return [
            f'No font on this machine has the letters of "{name}", so its number is drawn. Install '
            "one that has them, such as Noto Sans."
            for name in without
        ]


def drawn(pixels: Any, found: Detections, labels: Sequence[str]) -> Any:
    """Return a Pillow image of a frame with its boxes and labels."""
    from PIL import Image

    return pictures.annotated(Image.fromarray(pixels), found, labels)


def crops(pixels: Any, found: Detections) -> list[Any]:
    """Return a Pillow image of each detection, in their order; those without area left out."""
    from PIL import Image

    height, width = pixels.shape[:2]
    image = Image.fromarray(pixels[..., :3])
    made = []
    for x1, y1, x2, y2 in found.xyxy.tolist():
        left, top = max(0, int(x1)), max(0, int(y1))
        right, bottom = min(width, int(x2 + 1)), min(height, int(y2 + 1))
        if left < right and top < bottom:
            made.append(image.crop((left, top, right, bottom)))
    return made
