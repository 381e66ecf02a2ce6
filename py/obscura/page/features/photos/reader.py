"""Reader: finds out what is in a photo that is not in view. Pure Python.

A photo is decoded, turned upright, and drawn at its own size as if it were shown, so that the
answer is that of the photo in view. One canvas serves all photos, and holds one at a time.
"""

from __future__ import annotations

from binascii import crc32
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.errors import ObscuraError, PictureError
from obscura.families.decode import decode
from obscura.page.features.photos.answers import Answers
from obscura.page.features.photos.collection import Collection, Photo
from obscura.page.features.photos.thumbs import SIDE
from obscura.page.live.analysis import Analysis
from obscura.page.live.results import LEAST
from obscura.update import FrameInfo


class PhotoReader:
    """Reads photos for the collection, one at a time."""

    def __init__(
        self,
        sources: Any,
        analysis: Analysis,
        answers: Answers,
        *,
        new_canvas: Callable[[], Any],
        read_pixels: Callable[[Any], Any],
        small_copy: Callable[[Any, int], Awaitable[Any]],
        release: Callable[[Any], None],
        unstored: Callable[[Exception], None],
    ) -> None:
        """
        Args:
            sources: `live.controller.SourceController`.
            new_canvas: returns a canvas that is not shown.
            read_pixels: returns the `ImageData` of a canvas.
            small_copy: returns a small copy of a canvas as a `Blob`.
            release: frees the memory of a canvas.
            unstored: called if an answer could not be read from the store, or written to it.
        """
        self._sources, self._analysis, self._answers = sources, analysis, answers
        self._new_canvas, self._read_pixels = new_canvas, read_pixels
        self._small_copy, self._release = small_copy, release
        self._unstored = unstored

    async def read(self, collection: Collection, number: int, card: ModelCard) -> Any:
        """Note in the collection what a model finds in a photo.

        Returns:
            A small copy of the photo as a `Blob`; None if it was not decoded, because its answer
            was known, or if the browser cannot make one.

        Raises:
            PictureError: the photo cannot be decoded. Others: as `SourceController.find_in`.
        """
        photo = collection.photos[number]
        iou = self._analysis.options(card).iou
        model = identity(card, iou)
        known = await self._known(photo, card, model)
        if known is not None:
            if collection.identity == model:
                collection.found(number, *known)
            return None
        with _of(photo):
            canvas, size = await self._drawn(photo)
            try:
                small = await self._small_copy(canvas, SIDE)
                frame = FrameInfo(0, 0.0, *size)
                answered = await self._sources.find_in(lambda: self._read_pixels(canvas), frame)
            finally:
                self._release(canvas)
        if answered is None or answered[0].card is not card or collection.identity != model:
            return small  # another model was chosen meanwhile, for which it waits
        found = decode(answered[0].outputs, card, size, threshold=LEAST, iou=iou)
        collection.found(number, size, found)
        await self._keep(photo, model, size, collection.table.of(number))
        return small

    async def small(self, photo: Photo) -> Any:
        """Return a small copy of a photo as a `Blob`; None if the browser cannot make one. Errors
        as of `SourceOpener.photo`."""
        with _of(photo):
            canvas, _ = await self._drawn(photo)
            try:
                return await self._small_copy(canvas, SIDE)
            finally:
                self._release(canvas)

    async def _drawn(self, photo: Photo) -> tuple[Any, tuple[int, int]]:
        """Return a canvas with a photo, and the photo's own size."""
        decoded = await self._sources.decoded(photo.file)
        canvas = self._new_canvas()
        try:
            size: tuple[int, int] = decoded.draw(canvas)
        finally:
            decoded.stop()
        return canvas, size

    async def _known(
        self, photo: Photo, card: ModelCard, model: str
    ) -> tuple[tuple[int, int], Detections] | None:
        try:
            known = await self._answers.find(model, photo.key)
        except Exception as error:  # noqa: BLE001  (whatever the browser throws)
            self._unstored(error)
            return None
        if known is None or (known[1].class_id >= len(card.labels)).any():
            return None
        return known

    async def _keep(
        self, photo: Photo, model: str, size: tuple[int, int], found: Detections
    ) -> None:
        try:
            await self._answers.add(model, photo.key, size, found)
        except Exception as error:  # noqa: BLE001  (as above)
            self._unstored(error)


@contextmanager
def _of(photo: Photo) -> Iterator[None]:
    """Have what a browser throws, such as for a canvas that it has no memory for, be an error of
    this photo: the others go on."""
    try:
        yield
    except ObscuraError:
        raise
    except Exception as error:
        raise PictureError(f"{photo.path} cannot be read", error) from error


def identity(card: ModelCard, iou: float | None) -> str:
    """Return what tells answers of a model from others: also from those of one that has the same
    name, or reads its outputs in another way.

    Args:
        iou: the overlap above which the worse of two boxes is dropped; None for the card's.
    """
    facts = (card.family, card.input, card.open, card.labels, card.iou if iou is None else iou)
    return f"{card.name} {card.file.sha256[:16]} {crc32(repr(facts).encode()):08x}"
