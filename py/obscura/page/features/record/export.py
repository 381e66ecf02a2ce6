"""Export: makes videos of whole files that were analysed, as a person asks for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from obscura.page.browser import files, recorder
from obscura.page.browser.dom import by_id
from obscura.page.features.context import Context
from obscura.page.features.record import words
from obscura.page.features.record.making import Making
from obscura.page.live.results import Results
from obscura.page.live.sources import same_origin


class Export:
    """Makes one video at a time."""

    def __init__(
        self, context: Context, writer: recorder.Writer, dialog: Any, say: Callable[[str], None]
    ) -> None:
        """
        Args:
            dialog: `dialog.RecordDialog`.
            say: shows a sentence; "" for none.
        """
        assert context.page is not None
        self._page, self._context = context.page, context
        self._writer, self._dialog, self._say = writer, dialog, say
        self._making: Making | None = None
        self._turn = asyncio.Lock()  # of those that are made

    @property
    def running(self) -> bool:
        """Whether a video is being made."""
        return self._making is not None

    def offer(self) -> None:
        """Offer to make a video, once all of the one in view is analysed."""
        by_id("record-whole").hidden = self._making is not None or self._results is None

    def cancel(self) -> None:
        """Make it no further."""
        if self._making is not None:
            self._making.cancel(words.CANCELLED)

    async def stop(self) -> None:
        """Make it no further, and wait until nothing is written any more."""
        self.cancel()
        async with self._turn:
            return

    async def check(self) -> None:
        """See whether it can go on: call it every second."""
        self.offer()
        if self._making is not None:
            await self._making.check()

    async def start(self) -> None:
        """Make a video of what is in view."""
        results = self._results
        if self._making is not None or results is None:
            return
        if self._hides:
            self._say(words.HIDE_ON)
            return
        making = self._making = Making(
            self._context, self._writer, results, self._say, lambda: self._hides
        )
        by_id("record-cancel").hidden = False
        given = self._page.sources.given  # now: another one may be in view once it is its turn
        self.offer()
        self._say(words.MAKING_BEGINS)
        async with self._turn:
            await self._make(making, given)

    async def _make(self, making: Making, given: Any) -> None:
        try:
            file = await self._file(given)
            made = file is not None and await making.run(file)
            if file is None:
                self._say(words.NOT_FETCHED)
        finally:
            self._making = None
            by_id("record-cancel").hidden = True
            self.offer()
        if made:
            self._say(making.said)
            await self._dialog.finish(making.name, said=making.said)

    @property
    def _results(self) -> Results | None:
        """What was found in the video in view, if that is all of it."""
        results = self._context.results
        complete = results is not None and results.head.complete and self._page.sources.is_video
        return results if complete else None

    @property
    def _hides(self) -> bool:
        return self._page.sources.redactor is not None or bool(self._page.sources.veiled)

    async def _file(self, given: Any) -> Any:
        """Return a source's file; None if it is not to be had any more."""
        if not isinstance(given, str):
            return given
        try:
            return (await files.fetch_blob(same_origin(given)))[0]
        except Exception:  # noqa: BLE001  (whatever browsers throw without a connection)
            return None
