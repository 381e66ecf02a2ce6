"""Files and addresses: blobs of this site, and addresses of blobs."""

from __future__ import annotations

from typing import Any

from js import URL, document, fetch, location


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
