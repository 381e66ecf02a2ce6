"""Sharing: files that leave the page because a person saves, copies or shares them."""

from __future__ import annotations

import asyncio
from typing import Any

from js import Blob, File, Object, document, navigator, setTimeout, window
from pyodide.ffi import create_once_callable, to_js

from obscura.page.browser import canvas, files
from obscura.page.browser.dom import js_object

REVOKE_MS = 60_000
"""How long the browser may take to begin saving a file."""
QUALITY = 0.92
"""Of JPEG and WebP, 0 to 1: what browsers take for JPEG by themselves."""


async def picture_of(drawn: Any, media_type: str = "image/png") -> Any:
    """Return a canvas as a `Blob` of a media type; None if the browser cannot make one of this
    type and size."""
    encoded: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    drawn.toBlob(create_once_callable(encoded.set_result), media_type, QUALITY)
    blob = await encoded
    if not hasattr(blob, "size"):  # null is not None to Pyodide
        return None
    return blob if str(blob.type) == media_type else None  # else it made a PNG instead


def can_encode(media_type: str) -> bool:
    """Whether the browser makes pictures of a media type."""
    address = str(canvas.new_canvas(1, 1).toDataURL(media_type))
    return address.startswith(f"data:{media_type};")


async def encoded_again(png: Any, media_type: str) -> Any:
    """Return a PNG as a `Blob` of another media type; None if the browser cannot make one."""
    bitmap = await canvas.decode_image(png)
    drawn = canvas.new_canvas(bitmap.width, bitmap.height)
    try:
        canvas.draw_opaque(drawn, bitmap)
        return await picture_of(drawn, media_type)
    finally:
        bitmap.close()
        canvas.release(drawn)


def text_blob(text: str, kind: str) -> Any:
    """Return text as a `Blob` of a media type, in UTF-8."""
    return Blob.new(to_js([text]), js_object(type=f"{kind};charset=utf-8"))


def save(blob: Any, name: str) -> None:
    """Have the browser save a blob as a file of this name."""
    link = document.createElement("a")
    link.href, link.download = files.object_url(blob), name
    document.body.append(link)  # older Firefox ignores a link that is not in the page
    link.click()
    link.remove()
    setTimeout(create_once_callable(lambda: files.revoke(str(link.href))), REVOKE_MS)


def can_copy_pictures() -> bool:
    """Whether pictures can be put on the clipboard."""
    return hasattr(window, "ClipboardItem") and hasattr(
        getattr(navigator, "clipboard", None), "write"
    )


def copy_picture(png: Any) -> Any:
    """Put a PNG on the clipboard; return an awaitable that raises what the browser throws. Call it
    while a press is handled: browsers forbid it at other times."""
    item = window.ClipboardItem.new(Object.fromEntries(to_js([["image/png", png]])))
    return navigator.clipboard.write(to_js([item]))


def shareable(blob: Any, name: str) -> Any:
    """Return what `share` takes for a blob as a file; None if the browser cannot share it."""
    if not hasattr(navigator, "canShare"):
        return None
    file = File.new(to_js([blob]), name, js_object(type=blob.type))
    data = js_object(files=[file])
    return data if navigator.canShare(data) else None


def share(data: Any) -> Any:
    """Open the system's share sheet; return an awaitable that raises what the browser throws. Call
    it while a press is handled."""
    return navigator.share(data)


def was_cancelled(error: BaseException) -> bool:
    """Whether a person closed the share sheet."""
    return str(getattr(error, "name", "")) == "AbortError"
