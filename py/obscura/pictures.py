"""Pictures in CPython: reading files into RGBA arrays as browsers do, and drawing boxes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from obscura import png_colour
from obscura.detections import Detections
from obscura.drawing import colour, ink, place_labels
from obscura.errors import PictureError
from obscura.label_font import runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

SUFFIXES = frozenset(
    (
        *(".jpg", ".jpeg", ".jfif", ".jpe", ".mpo", ".png", ".apng", ".webp", ".gif", ".bmp"),
        *(".dib", ".ico", ".tif", ".tiff", ".avif", ".jp2", ".j2k", ".ppm", ".pgm", ".pbm"),
        *(".pnm", ".tga", ".qoi", ".heic", ".heif"),
    )
)
"""Endings of pictures in a folder, in small letters."""

INTACT = "Copy or download it again."
"""What to do about a file that is damaged."""
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8")
"""Of JPEG, PNG and GIF files, which are damaged where Pillow does not know them."""
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")


class PictureTooLarge(PictureError):
    """A picture has more pixels than are decoded. It has the code of its base class."""


def open_picture(
    file: str | Path | BinaryIO, *, name: str | None = None, most_pixels: int | None = None
) -> Image:
    """Read a picture: its first frame, upright, in sRGB.

    Args:
        file: path, or what is read from its beginning and can be sought in.
        name: what messages call it; None for its path.
        most_pixels: more are refused before any is decoded; None for 178 million.

    Raises:
        PictureError: the file is missing, damaged, too large, of a format that Pillow cannot read,
            or has values that are not brightnesses; the message names it.
    """
    pil = _pillow()
    path: object = file if name is None else name
    try:
        with warnings.catch_warnings():
            # Of pictures that are large, but not too large.
            warnings.simplefilter("ignore", pil.Image.DecompressionBombWarning)
            with pil.Image.open(file) as image:
                if most_pixels is not None and image.width * image.height > most_pixels:
                    raise PictureTooLarge(
                        "The picture is too large",
                        f"{path}, {image.width} x {image.height}",
                        remedy=f"Make it smaller than {most_pixels / 1e6:.0f} megapixels.",
                    )
                if image.info.get("default_image"):  # of an animated PNG: not its first frame
                    image.seek(1)
                image.info.update(_coded_colours(image, file))
                pil.ImageOps.exif_transpose(image, in_place=True)
                return in_srgb(image)
    except pil.UnidentifiedImageError as error:
        raise _unknown_kind(file, path) from error
    except pil.Image.DecompressionBombError as error:
        raise PictureTooLarge(
            "The picture is too large", path, remedy="Make it smaller than 178 megapixels."
        ) from error
    except OSError as error:
        if error.errno is not None:
            raise PictureError(
                f"The picture cannot be opened: {error.strerror}", path, remedy="Check its path."
            ) from error
        raise _damaged(path, error) from error
    except (EOFError, SyntaxError, ValueError) as error:  # of Pillow's readers on broken files
        raise _damaged(path, error) from error


def upright(image: Image) -> Image:
    """Return a copy of a Pillow image, rotated by its EXIF orientation."""
    turned: Image = _pillow().ImageOps.exif_transpose(image)
    return turned


def in_srgb(image: Image) -> Image:
    """Return a Pillow image in sRGB: the same image, unless it has another colour profile.

    Browsers do this conversion too; phones write Display P3. A PNG can also name its colours in
    chunks of its own (`png_colour`). An invalid profile is ignored, as in browsers.

    Raises:
        PictureError: as :func:`to_rgba`.
    """
    named = png_colour.gamma_profile(image.info)
    profile = image.info.get("icc_profile") or named
    if not profile:
        return image
    pil = _pillow()
    whole = _eight_bit(image)
    colours, alpha = whole, None
    if whole.has_transparency_data:
        grey = whole.mode in ("L", "LA")
        whole = whole.convert("LA" if grey else "RGBA")
        colours, alpha = whole.convert("L" if grey else "RGB"), whole.getchannel("A")
    # The profile of a palette is that of its colours; those of a PNG's chunks have three.
    if colours.mode == "P" or profile is named or image.info.get("coded"):
        colours = colours.convert("RGB")
    try:
        converted: Image = pil.ImageCms.profileToProfile(
            colours,
            io.BytesIO(profile),
            pil.ImageCms.createProfile("sRGB"),
            renderingIntent=pil.ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
        )
    except (pil.ImageCms.PyCMSError, ValueError):
        return image
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def to_rgba(image: Image) -> NDArray[np.uint8]:
    """Return a Pillow image as ``(height, width, 4)`` uint8 RGBA, opaque (see :func:`opaque`).

    Numbers with more than 8 bits are scaled: 16-bit grey as browsers do; floats and 32-bit
    integers from the range that they lie in, 0..1 (floats alone), 0..255 or 0..65535.

    Raises:
        PictureError: they lie in none of these.
    """
    image = _eight_bit(image)
    if image.mode != "RGB" or image.has_transparency_data:
        # A copy, because Pillow's own cannot be written to.
        return opaque(np.array(image.convert("RGBA")))
    # As Pillow holds it, with a fourth byte that nothing is said of.
    data = image.tobytes("raw", "RGBX")
    pixels = np.frombuffer(data, np.uint8).reshape(image.height, image.width, 4).copy()
    if not _is_opaque(pixels):
        pixels[..., 3] = 255
    return pixels


def _eight_bit(image: Image) -> Image:
    """Return a grey image of more than 8 bits as one of 8, and any other as it is."""
    if image.mode.startswith("I;16"):
        return _grey(np.asarray(image) >> 8)
    if image.mode not in ("I", "F"):
        return image
    values = np.asarray(image)
    low, high = float(values.min()), float(values.max())
    tops = (1, 255, 65535) if image.mode == "F" else (255, 65535)
    top = next((top for top in tops if low >= 0 and high <= top), None)
    if top is None:  # also where a value is not a number
        raise PictureError(
            "The picture's values are not brightnesses",
            f"they go from {low:g} to {high:g}",
            remedy="Save it as PNG, or scale its values to 0..255.",
        )
    return _grey(values * (255 / top) + 0.5 if top != 65535 else values // 256)


def _grey(values: NDArray[Any]) -> Image:
    image: Image = _pillow().Image.fromarray(values.clip(0, 255).astype(np.uint8))
    return image


def opaque(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return ``(h, w, 3)`` RGB or ``(h, w, 4)`` RGBA pixels as opaque ``(h, w, 4)`` RGBA.

    Transparent pixels become black, as on the opaque canvas that the page captures with. Opaque
    RGBA pixels are returned as they are, not copied.

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
    has_alpha = pixels.shape[2] == 4
    is_opaque = has_alpha and _is_opaque(pixels)
    if is_opaque and pixels.flags.c_contiguous:
        return pixels
    rgba = np.full((*pixels.shape[:2], 4), 255, np.uint8)
    rgba[..., :3] = pixels[..., :3]
    if has_alpha and not is_opaque:
        alpha = pixels[..., 3:].astype(np.uint16)
        rgba[..., :3] = (pixels[..., :3] * alpha + 127) // 255
    return rgba


def _is_opaque(pixels: NDArray[np.uint8]) -> bool:
    """Whether the fourth byte of all ``(h, w, 4)`` pixels is 255."""
    if not pixels.flags.c_contiguous:
        return bool(pixels[..., 3].min() == 255)
    # Four bytes at a time, which takes a quarter of the time, and as often for each picture.
    bits = np.bitwise_and.reduce(pixels.view(np.uint32), axis=None)
    return bool(bits.reshape(1).view(np.uint8)[3] == 255)


def annotated(image: Image, detections: Detections, labels: Sequence[str]) -> Image:
    """Return a copy of an (upright) Pillow image with boxes and labels drawn on it.

    Sizes grow with the picture, so that lines and text look the same on every one. A class is drawn
    as its number if this machine has no font for its name (`label_font.without_font`).

    Args:
        image: the picture.
        detections: in its pixels, best first.
        labels: names of the classes.

    Raises:
        PictureError: as :func:`to_rgba`.
    """
    pil = _pillow()
    canvas: Image = pil.Image.fromarray(to_rgba(image)).convert("RGB")
    draw = pil.ImageDraw.Draw(canvas)
    unit = max(1.0, max(canvas.size) / 1000)
    pad, line = 5 * unit, round(2 * unit)
    height = 16 * unit + pad

    texts = [
        _label(labels[class_id], class_id, score, 16 * unit)
        for class_id, score in zip(
            detections.class_id.tolist(), detections.score.tolist(), strict=True
        )
    ]
    lengths = [sum(font.getlength(piece) for piece, font in text) for text in texts]
    widths = np.array(lengths, np.float32) + np.float32(2 * pad)
    chips = place_labels(detections.xyxy, widths, height, *canvas.size)
    rows = list(
        zip(
            detections.xyxy.tolist(),
            detections.class_id.tolist(),
            texts,
            chips.tolist(),
            widths.tolist(),
            strict=True,
        )
    )
    # Worst first, so that the best lie on top; labels above all boxes.
    for (x1, y1, x2, y2), class_id, *_ in reversed(rows):
        casing = (x1 - line / 2, y1 - line / 2, x2 + line / 2, y2 + line / 2)
        draw.rectangle(casing, outline="#000", width=2 * line)
        draw.rectangle((x1, y1, x2, y2), outline=colour(class_id), width=line)
    for _, class_id, text, (x, y), width in reversed(rows):
        fill = colour(class_id)
        draw.rectangle((x, y, x + width, y + height), fill=fill)
        left, base = x + pad, y + 0.76 * height
        for piece, font in text:
            draw.text((left, base), piece, fill=ink(fill), font=font, anchor="ls")
            left += font.getlength(piece)
    return canvas


def _label(name: str, class_id: int, score: float, size: float) -> list[tuple[str, Any]]:
    """Return a label as pieces of text, each with its font."""
    pieces = runs(name, size) or runs(f"#{class_id}", size) or []
    return [*pieces, *(runs(f" {score:.0%}", size) or [])]


def _coded_colours(image: Image, source: str | Path | BinaryIO) -> dict[str, Any]:
    """Return what Pillow leaves out of a PNG's `info`: the profile that its chunk cICP stands for,
    which counts before its ICC profile."""
    if image.format != "PNG":
        return {}
    with _bytes_of(source) as file:
        coded = png_colour.coded_profile(file)
    return {} if coded is None else {"icc_profile": coded, "coded": True}


@contextmanager
def _bytes_of(source: str | Path | BinaryIO) -> Iterator[BinaryIO]:
    """Open a file at its beginning; one that is open is left where it was."""
    if isinstance(source, (str, Path)):
        with Path(source).open("rb") as file:
            yield file
        return
    before = source.tell()
    source.seek(0)
    try:
        yield source
    finally:
        source.seek(before)


def _unknown_kind(source: str | Path | BinaryIO, path: object) -> PictureError:
    with _bytes_of(source) as file:
        head = file.read(12)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return PictureError(
            "The picture is HEIC, which cannot be read here", path, remedy="Save it as JPEG first."
        )
    if head.startswith(_BEGINNINGS) or (head[:4], head[8:]) == (b"RIFF", b"WEBP"):
        return _damaged(path)
    return PictureError("The file is not a picture that can be read here", path)


def _damaged(path: object, error: Exception | None = None) -> PictureError:
    reason = "" if error is None else f": {error}"
    return PictureError(f"The picture is damaged{reason}", path, remedy=INTACT)


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
