"""Keeping: writes answers to the device from time to time, and says once if that fails."""

from __future__ import annotations

from collections.abc import Callable

from obscura.page.browser import records, storage
from obscura.page.browser.boot import boot
from obscura.page.browser.dom import every, on_hidden, run_now
from obscura.page.features.photos.answers import Answers

WRITE_MS = 4_000


class Keeping:
    """The answers of this visit and of those before.

    Attributes:
        answers: where they are found and added.
    """

    def __init__(self, store_url: str, unstored: Callable[[], None]) -> None:
        """
        Args:
            store_url: of the code that opens databases.
            unstored: called when an answer cannot be read or written, the first time.
        """
        self._database = records.RecordDatabase(records.PHOTOS, lambda: boot.load(store_url))
        self.answers = Answers(self._database)
        self._unstored, self._said = unstored, False
        every(WRITE_MS, self._write_soon)
        on_hidden(self._write_soon)

    async def forget(self) -> None:
        """Delete them."""
        self.answers.forget()
        await self._database.clear()

    def failed(self, _error: Exception) -> None:
        """An answer could not be read or written; the page goes on without."""
        if not self._said:
            self._said = True
            self._unstored()

    def _write_soon(self) -> None:
        run_now(self._write())

    async def _write(self) -> None:
        """Store the answers that are not stored yet."""
        if storage.keeps_nothing():
            return
        try:
            await self.answers.flush()
        except Exception as error:  # noqa: BLE001  (whatever the browser throws)
            self.failed(error)
