"""Canvases: draw pictures and read their pixels."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

from js import ImageData, Path2D, createImageBitmap, document, window
from pyodide.ffi import create_once_callable

from obscura.page.browser.dom import js_object

Transform = Callable[[float, float], tuple[float, ...]]

MOST_PIXELS = 16_000_000
"""Above this a photo is drawn smaller: iOS allows canvases of 16.7 million pixels."""
MOST_SIDE = 16_384
"""So it is if a side is longer: beyond some length (32,767 pixels in Firefox, 65,535 in Chromium)
canvases stay black without an error."""


def device_pixel_ratio() -> float:
    """Return how many pixels of the screen a CSS pixel has across."""
    ratio: float = window.devicePixelRatio or 1
    return ratio


def opaque_context(canvas: Any) -> Any:
    """Return the canvas's 2D context, set up for reading pixels back (kept in main memory, without
    alpha)."""
    return canvas.getContext("2d", js_object(alpha=False, willReadFrequently=True))


def new_canvas(width: int, height: int) -> Any:
    """Return a new canvas of this size."""
    canvas = document.createElement("canvas")
    canvas.width, canvas.height = width, height
    return canvas


def new_path(text: str) -> Any:
    """Return a path, given as the attribute `d` of an SVG `path`. A browser takes a long one in a
    single call, where each of its points would be a call of its own."""
    return Path2D.new(text)


def draw_opaque(canvas: Any, picture: Any) -> None:
    """Fill the canvas with a picture; what is transparent in it becomes black."""
    context = opaque_context(canvas)
    context.fillStyle = "#000"
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.drawImage(picture, 0, 0, canvas.width, canvas.height)


def draw_whole(canvas: Any, picture: Any, transform: Transform) -> tuple[int, int]:
    """Draw a picture on the canvas, which takes on its size, or a smaller one for a picture beyond
    `MOST_PIXELS` or `MOST_SIDE`.

    Args:
        transform: returns the six numbers of the canvas's transform that turns a picture of a width
            and height upright.

    Returns:
        The width and height of the upright picture in its own pixels.
    """
    width, height = picture.width, picture.height
    lying = transform(1, 1)[0] == 0  # a quarter turn
    size = (height, width) if lying else (width, height)
    canvas.width, canvas.height = shrunk(size)
    drawn = (canvas.height, canvas.width) if lying else (canvas.width, canvas.height)
    context = opaque_context(canvas)
    context.fillStyle = "#000"
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.setTransform(*transform(*drawn))
    context.drawImage(picture, 0, 0, *drawn)
    context.resetTransform()
    return size


def shrunk(size: tuple[int, int]) -> tuple[int, int]:
    """Return the width and height of a picture in pixels, made smaller as `draw_whole` does."""
    width, height = size
    shrink = min(1.0, math.sqrt(MOST_PIXELS / (width * height)), MOST_SIDE / max(size))
    return max(1, int(width * shrink)), max(1, int(height * shrink))


def still_of(video: Any, size: tuple[int, int]) -> Any:
    """Return a new canvas with the frame that a video of this size shows."""
    canvas = new_canvas(*size)
    draw_opaque(canvas, video)
    return canvas


async def small_copy(picture: Any, side: int) -> Any:
    """Return a JPEG `Blob` of a canvas, cropped to a square of so many pixels at most; None if the
    browser cannot make one. What is transparent becomes black."""
    across = min(picture.width, picture.height)
    side = min(side, across)
    small = new_canvas(side, side)
    context = small.getContext("2d", js_object(alpha=False))
    context.imageSmoothingQuality = "high"
    left, top = (picture.width - across) / 2, (picture.height - across) / 2
    context.drawImage(picture, left, top, across, across, 0, 0, side, side)
    encoded: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    small.toBlob(create_once_callable(encoded.set_result), "image/jpeg", 0.8)
    blob = await encoded
    return blob if hasattr(blob, "size") else None  # null is not None to Pyodide


def release(canvas: Any) -> None:
    """Free the memory of a canvas that is not shown; iOS keeps it for a while otherwise."""
    canvas.width = canvas.height = 0


def canvas_of(pixels: Any) -> Any:
    """Return a new canvas with an `ImageData`."""
    canvas = new_canvas(pixels.width, pixels.height)
    opaque_context(canvas).putImageData(pixels, 0, 0)
    return canvas


def read_pixels(canvas: Any) -> Any:
    """Return the canvas's `ImageData`, at its full size."""
    return opaque_context(canvas).getImageData(0, 0, canvas.width, canvas.height)


def read_mirrored(canvas: Any) -> Any:
    """As `read_pixels`, of the mirror image: what is on the left of it is on its right."""
    mirrored = new_canvas(canvas.width, canvas.height)
    context = opaque_context(mirrored)
    context.imageSmoothingEnabled = False  # the very pixels
    context.setTransform(-1, 0, 0, 1, canvas.width, 0)
    context.drawImage(canvas, 0, 0)
    pixels = read_pixels(mirrored)
    release(mirrored)
    return pixels


def copy_of(pixels: Any) -> Any:
    """Return a new `ImageData` with the same pixels, whose buffer may be transferred."""
    return ImageData.new(pixels.data.slice(), pixels.width, pixels.height)


async def decode_image(blob: Any) -> Any:
    """Return the `ImageBitmap` of a file, upright. Raises what the browser throws."""
    return await createImageBitmap(blob)
