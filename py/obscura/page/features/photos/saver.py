"""Saver: saves what was found in pictures, with progress, while the page goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

from obscura.page.browser import files, sharing
from obscura.page.browser.blobs import BlobFile
from obscura.page.browser.clock import now_ms
from obscura.page.features.photos import saving, words
from obscura.page.features.photos.collection import Choice, Collection
from obscura.page.features.photos.dialog import PhotosDialog
from obscura.page.words.times import stamp

TURN_MS = 12.0
"""For how long the page's thread is held at most, about."""


class CancelledSaving(Exception):
    """It must not go on; the sentence says why."""


class Saver:
    """Saves one file at a time."""

    def __init__(self, dialog: PhotosDialog, veiled: Callable[[], bool]) -> None:
        """
        Args:
            veiled: whether parts of pictures are to be hidden.
        """
        self._dialog, self._veiled = dialog, veiled
        self._busy = self._cancelled = False

    def cancel(self) -> None:
        """Cancel what is being saved."""
        self._cancelled = True

    async def save(
        self, collection: Collection, numbers: Sequence[int], choice: Choice, form: str
    ) -> None:
        """Save these pictures in a form, one of `saving.FORMS`."""
        if self._busy:
            return
        made = saving.wanted(collection, numbers, form)
        if not made:
            self._dialog.say(words.NOTHING_TO_SAVE)
            return
        self._busy, self._cancelled = True, False
        self._dialog.say(words.saving(form))
        self._dialog.show_saving(0.0)
        try:
            name, missing = await self._saved(collection, made, choice, form)
            sentence = words.saved(name, len(made), len(numbers) - len(made), missing)
        except CancelledSaving as reason:
            sentence = str(reason)
        except MemoryError:
            sentence = words.NO_ROOM
        finally:
            self._busy = False
            self._dialog.show_saving(None)
        self._dialog.say(sentence)

    async def _saved(
        self, collection: Collection, numbers: Sequence[int], choice: Choice, form: str
    ) -> tuple[str, int]:
        """Return the name of the file, and how many pictures could not be read."""
        spec, identity, out = saving.FORMS[form], collection.identity, BlobFile()
        turn_ms, done = now_ms(), 0

        async def read(file: Any) -> bytes:
            data = await files.read_part(file, 0, int(file.size))
            out.holds(data, file)
            return data

        async def step() -> None:
            nonlocal turn_ms, done
            done += 1
            if now_ms() - turn_ms > TURN_MS:
                self._dialog.show_saving(done / len(numbers))
                await asyncio.sleep(0)
                turn_ms = now_ms()
            self._check(spec, stale=collection.identity != identity)

        self._check(spec, stale=False)
        items = (
            (collection.photos[number], saving.record(collection, number, choice))
            for number in numbers
        )
        missing = await saving.write(
            form, items, collection.labels, cast("Any", out), read=read, step=step
        )
        name = f"{stamp()}.{spec.ending}"
        sharing.save(out.blob(spec.kind), name)
        return name, missing

    def _check(self, spec: saving.Form, *, stale: bool) -> None:
        """Raise CancelledSaving where this must not go on.

        Args:
            stale: whether another model is in use: its answers and the other's do not mix.
        """
        if spec.pictures and self._veiled():
            raise CancelledSaving(words.VEILED)
        if self._cancelled or stale:
            raise CancelledSaving(words.CANCELLED)
