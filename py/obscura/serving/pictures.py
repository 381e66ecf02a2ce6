"""Pictures of requests: bytes to pixels, refusing what is not to be decoded."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from obscura import pictures
from obscura.errors import PictureError
from obscura.pictures import PictureTooLarge
from obscura.serving.parts import too_many_parts
from obscura.serving.refusal import Refusal

RAW = "application/x-rgba"
"""Content type of raw pixels."""

_NAME = "the body"
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM")


def check_kind(body: bytes) -> None:
    """Refuse what does not begin as a picture that is read here.

    Raises:
        Refusal: 415.
    """
    known = (
        body.startswith(_BEGINNINGS)
        or (body[:4], body[8:12]) == (b"RIFF", b"WEBP")
        or (body[4:8] == b"ftyp" and body[8:12] in (b"avif", b"avis"))
    )
    if not known:
        raise Refusal(
            415,
            "picture-kind",
            "The body is not a picture that is read here",
            remedy=f"Send JPEG, PNG, WebP, GIF, BMP or AVIF, or raw pixels as {RAW}.",
        )


def decoded(body: bytes, most_pixels: int) -> NDArray[np.uint8]:
    """Return a picture as ``(height, width, 4)`` RGBA, upright, in sRGB.

    Raises:
        Refusal: 422, it has too many pixels, by its header, or too many parts, or is damaged.
    """
    if too_many_parts(body):
        raise Refusal(
            422,
            "picture",
            "The picture has too many parts",
            remedy="Save and send it again.",
        )
    try:
        image = pictures.open_picture(io.BytesIO(body), name=_NAME, most_pixels=most_pixels)
        return pictures.to_rgba(image)
    except PictureTooLarge as error:
        raise Refusal(422, "picture-pixels", error.cause, remedy=error.remedy) from None
    except PictureError as error:
        raise Refusal(422, "picture", error.cause, remedy=error.remedy) from None
    except Exception:  # noqa: BLE001  Pillow's readers meet broken files in many ways
        raise Refusal(422, "picture", "The picture is damaged", remedy=pictures.INTACT) from None


def raw(body: bytes, width: int | None, height: int | None, most_pixels: int) -> NDArray[np.uint8]:
    """Return raw pixels as ``(height, width, 4)`` RGBA, without a copy.

    Raises:
        Refusal: 422, the size is missing, too large, or not that of the body.
    """
    if width is None or height is None:
        raise Refusal(
            422,
            "parameters",
            "Raw pixels lack their size",
            remedy="Add ?width= and &height=.",
        )
    if width * height > most_pixels:
        raise too_many(most_pixels)
    if len(body) != 4 * width * height:
        raise Refusal(
            422,
            "parameters",
            f"{width} x {height} pixels are {4 * width * height} bytes, not {len(body)}",
            remedy="Send 4 bytes a pixel: red, green, blue and alpha.",
        )
    return np.frombuffer(body, np.uint8).reshape(height, width, 4)


def too_many(most_pixels: int) -> Refusal:
    """Return the refusal of a picture with more pixels."""
    return Refusal(
        422,
        "picture-pixels",
        "The picture is too large",
        remedy=f"Make it smaller than {most_pixels / 1e6:.0f} megapixels.",
    )
