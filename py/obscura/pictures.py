"""Pictures in CPython: reading files into RGBA arrays as browsers do, and drawing boxes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from obscura.detections import Detections
from obscura.drawing import colour, ink, place_labels
from obscura.errors import PictureError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif")
)

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")


def open_picture(path: str | Path) -> Image:
    """Read a picture file: its first frame, upright, in sRGB.

    Raises:
        PictureError: the file is missing, damaged or of a format that Pillow cannot read; the
            message names it.
    """
    pil = _pillow()
    try:
        with pil.Image.open(path) as image:
            return in_srgb(upright(image))
    except pil.UnidentifiedImageError as error:
        raise _unknown_kind(Path(path)) from error
    except pil.Image.DecompressionBombError as error:
        raise PictureError(
            "The picture is too large", path, remedy="Make it smaller than 178 megapixels."
        ) from error
    except OSError as error:
        if error.errno is not None:
            raise PictureError(
                f"The picture cannot be opened: {error.strerror}", path, remedy="Check its path."
            ) from error
        raise PictureError(f"The picture is damaged: {error}", path) from error
    except (SyntaxError, ValueError) as error:  # what Pillow's readers raise on broken files
        raise PictureError(f"The picture is damaged: {error}", path) from error


def upright(image: Image) -> Image:
    """Return a copy of a Pillow image, rotated by its EXIF orientation."""
    turned: Image = _pillow().ImageOps.exif_transpose(image)
    return turned


def in_srgb(image: Image) -> Image:
    """Return a Pillow image in sRGB: the same image, unless it has another colour profile.

    Browsers do this conversion too; phones write Display P3. An invalid profile is ignored, as in
    browsers.
    """
    profile = image.info.get("icc_profile")
    if not profile:
        return image
    pil = _pillow()
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        converted: Image = pil.ImageCms.profileToProfile(
            image,
            io.BytesIO(profile),
            pil.ImageCms.createProfile("sRGB"),
            renderingIntent=pil.ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode=mode,
        )
    except (pil.ImageCms.PyCMSError, ValueError):
        return image
    return converted


def to_rgba(image: Image) -> NDArray[np.uint8]:
    """Return a Pillow image as ``(height, width, 4)`` uint8 RGBA, opaque (see :func:`opaque`)."""
    if image.mode.startswith("I"):  # 16-bit grey: Pillow would clip, browsers scale
        grey = np.asarray(image).astype(np.uint32) >> 8
        image = _pillow().Image.fromarray(grey.clip(0, 255).astype(np.uint8))
    return opaque(np.asarray(image.convert("RGBA")))


def opaque(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return ``(h, w, 3)`` RGB or ``(h, w, 4)`` RGBA pixels as opaque ``(h, w, 4)`` RGBA.

    Transparent pixels become black, as on the opaque canvas that the page captures with.

    Raises:
        ValueError: the array is of another shape or type.
    """
    if (
        pixels.dtype != np.uint8
        or pixels.ndim != 3
        or pixels.shape[2] not in (3, 4)
        or not pixels.size
    ):
        raise ValueError(
            "picture: wanted uint8 of shape (height, width, 3 or 4), "
            f"got {pixels.dtype} {pixels.shape}"
        )
    rgba = np.full((*pixels.shape[:2], 4), 255, np.uint8)
    rgba[..., :3] = pixels[..., :3]
    if pixels.shape[2] == 4 and pixels[..., 3].min() < 255:
        alpha = pixels[..., 3:].astype(np.uint16)
        rgba[..., :3] = (pixels[..., :3] * alpha + 127) // 255
    return rgba


def annotated(image: Image, detections: Detections, labels: Sequence[str]) -> Image:
    """Return a copy of an (upright) Pillow image with boxes and labels drawn on it.

    Sizes grow with the picture, so that lines and text look the same on every one.

    Args:
        image: the picture.
        detections: in its pixels, best first.
        labels: names of the classes.
    """
    pil = _pillow()
    canvas: Image = pil.Image.fromarray(to_rgba(image)).convert("RGB")
    draw = pil.ImageDraw.Draw(canvas)
    unit = max(1.0, max(canvas.size) / 1000)
    font = pil.ImageFont.load_default(size=16 * unit)
    pad, line = 5 * unit, round(2 * unit)
    height = 16 * unit + pad

    names = [
        f"{labels[class_id]} {score:.0%}"
        for class_id, score in zip(detections.class_id, detections.score, strict=True)
    ]
    widths = np.array([font.getlength(name) + 2 * pad for name in names], np.float32)
    chips = place_labels(detections.xyxy, widths, height, *canvas.size)
    rows = list(
        zip(
            detections.xyxy.tolist(),
            detections.class_id.tolist(),
            names,
            chips,
            widths,
            strict=True,
        )
    )
    # Worst first, so that the best lie on top; labels above all boxes.
    for (x1, y1, x2, y2), class_id, *_ in reversed(rows):
        casing = (x1 - line / 2, y1 - line / 2, x2 + line / 2, y2 + line / 2)
        draw.rectangle(casing, outline="#000", width=2 * line)
        draw.rectangle((x1, y1, x2, y2), outline=colour(class_id), width=line)
    for _, class_id, name, (x, y), width in reversed(rows):
        fill = colour(class_id)
        draw.rectangle((x, y, x + width, y + height), fill=fill)
        draw.text((x + pad, y + height / 2), name, fill=ink(fill), font=font, anchor="lm")
    return canvas


def _unknown_kind(path: Path) -> PictureError:
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return PictureError(
            "The picture is HEIC, which cannot be read here", path, remedy="Save it as JPEG first."
        )
    return PictureError("The file is not a picture that can be read here", path)


def _pillow() -> Any:
    """Import Pillow on first use, because detection on arrays does not need it."""
    try:
        import PIL
        import PIL.Image
        import PIL.ImageCms
        import PIL.ImageDraw
        import PIL.ImageFont
        import PIL.ImageOps
    except ImportError as error:
        raise PictureError(
            "Pillow is missing", remedy="Install it: python3 -m pip install pillow"
        ) from error
    return PIL
