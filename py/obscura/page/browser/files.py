"""Files and addresses: blobs of this site, and addresses of blobs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from js import URL, AbortSignal, Blob, File, Uint8Array, document, fetch, location
from pyodide.ffi import JsException, to_js

from obscura.page.browser.dom import js_object

PATIENCE_MS = 120_000
"""How long a file may take that nobody waits for."""


def resolve(address: str) -> tuple[str, bool]:
    """Return an address in full, and whether it is on this site. Raises what the browser throws for
    text that is not an address."""
    url = URL.new(address, document.baseURI)
    return str(url.href), url.origin == location.origin


async def fetch_blob(url: str) -> tuple[Any, int]:
    """Return the `Blob` at an address and the HTTP status; the blob is None for a failure. Raises
    what the browser throws when there is no connection."""
    response = await fetch(url)
    return (await response.blob() if response.ok else None), int(response.status)


async def bring(urls: Iterable[str]) -> bool:
    """Fetch files for the browser's cache; return whether all have come, none of them late. What
    does not come is asked for once more, past a copy that the browser may have of it."""
    for url in urls:
        if not (await _arrives(url, "default") or await _arrives(url, "reload")):
            return False
    return True


async def _arrives(url: str, cache: str) -> bool:
    try:
        signal = AbortSignal.timeout(PATIENCE_MS)
        response = await fetch(url, js_object(signal=signal, cache=cache))
        await response.arrayBuffer()
    except JsException:
        return False
    return bool(response.ok)


async def read_part(blob: Any, start: int, stop: int) -> bytes:
    """Return these bytes of a blob, fewer at its end. Raises what the browser throws when the file
    cannot be read any more."""
    return bytes((await blob.slice(start, stop).arrayBuffer()).to_bytes())


def with_part(blob: Any, start: int, part: bytes) -> Any:
    """Return a `Blob` with other bytes from `start` on. Boundary: only those are copied."""
    data = Uint8Array.new(len(part))
    data.assign(part)
    pieces = [blob.slice(0, start), data, blob.slice(start + len(part))]
    return Blob.new(to_js(pieces), js_object(type=blob.type))


def set_path(file: Any, path: str) -> None:
    """Note the path of a file within the folder that it was found in."""
    file.obscuraPath = path


def path_of(file: Any) -> str:
    """Return the path of a file within the folder that was given, else its name."""
    for known in (getattr(file, "obscuraPath", ""), getattr(file, "webkitRelativePath", "")):
        if known:
            return str(known)
    return str(file.name)


def named(blob: Any, name: str) -> Any:
    """Return a `File` with a blob's contents. Boundary: nothing is copied."""
    return File.new(to_js([blob]), name, js_object(type=blob.type))


def object_url(blob: Any) -> str:
    """Return a `blob:` address of a blob, valid until it is revoked."""
    return str(URL.createObjectURL(blob))


def revoke(url: str) -> None:
    """Free a `blob:` address; any other is left alone."""
    if url.startswith("blob:"):
        URL.revokeObjectURL(url)


async def download(url: str, fresh: bool = False) -> Any:
    """Return the file at an address as an `ArrayBuffer`.

    Args:
        fresh: past the browser's cache.

    Raises:
        OSError: the server has no such file. What the browser throws when there is no connection.
    """
    response = await fetch(url, cache="reload" if fresh else "default")
    if not response.ok:
        raise OSError(f"{response.status} {response.statusText}".strip())
    return await response.arrayBuffer()
