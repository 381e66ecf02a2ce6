"""Lines and zones as files: saved, opened, and fetched from where the address says."""

from __future__ import annotations

from typing import Any

from obscura.counting import Shapes, ShapesError
from obscura.counting.shapes import from_json, to_json
from obscura.page.browser import files, sharing
from obscura.page.features.count import words

MOST_BYTES = 2_000_000
"""Of a file; 100 zones of 100 corners take a quarter of it."""


class AddressShapesError(ShapesError):
    """The lines and zones that the address gives cannot be used."""

    code = "shapes-address"
    remedy = "Correct the address."


def save(shapes: Shapes) -> None:
    """Have the browser save shapes as a file."""
    sharing.save(sharing.text_blob(to_json(shapes), "application/json"), words.FILE_NAME)


async def read(file: Any) -> Shapes:
    """Return the shapes of a file that a person gave.

    Raises:
        ShapesError: it is not valid. What the browser throws when it cannot be read any more.
    """
    content = await files.read_part(file, 0, MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ShapesError(words.TOO_LARGE, remedy="Choose another file.")
    return from_json(content)


async def fetch(given: str) -> Shapes:
    """Return the shapes that the address gives.

    Args:
        given: JSON text, or the address of a file of this site, relative to the page.

    Raises:
        AddressShapesError: they are not valid, or there is no such file.
    """
    try:
        if given.lstrip().startswith("{"):
            return from_json(given)
        return await read(await _fetched(given))
    except AddressShapesError:
        raise
    except ShapesError as error:
        raise AddressShapesError(error.cause, error.value, remedy=error.remedy) from error


async def _fetched(address: str) -> Any:
    try:
        url, ours = files.resolve(address)
    except Exception as error:
        raise AddressShapesError(words.MISSING, address) from error
    if not ours:
        raise AddressShapesError(words.FOREIGN, address, remedy="Put it on this one.")
    try:
        blob, status = await files.fetch_blob(url)
    except Exception as error:
        raise AddressShapesError(words.MISSING, address, remedy="Check the connection.") from error
    if blob is None:
        raise AddressShapesError(words.MISSING, f"{address}: {status}")
    return blob
