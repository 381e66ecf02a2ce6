"""The history of counts in the browser: written every few seconds, and when the page is hidden."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from obscura.counting import Counter, Shapes
from obscura.page.browser import records, storage
from obscura.page.browser.boot import boot
from obscura.page.browser.dom import every, on_hidden, run_now
from obscura.page.features.context import Context
from obscura.page.features.count import is_passing
from obscura.page.features.count.history import History
from obscura.page.features.count.ledger import Ledger
from obscura.page.words import text
from obscura.update import Update

WRITE_MS = 4_000
"""Between two writes; a page that ends without notice loses what was counted since the last."""


class StoredHistory(History):
    """A `History` that is stored in the browser's database."""

    def __init__(
        self, context: Context, say: Callable[[str], None], loaded: Callable[[], None]
    ) -> None:
        """
        Args:
            say: shows a sentence about what could not be stored or read.
            loaded: called when stored counts have been added.
        """
        assert context.page is not None
        self._page = context.page
        url = context.build.store_url
        super().__init__(
            records.RecordDatabase(records.COUNTS, lambda: boot.load(url)),
            now_s=time.time,
            may_store=lambda: not storage.keeps_nothing(),
            passing=lambda name: name == f"video {text.SAMPLE_CLIP}" or is_passing(name),
            say=say,
            loaded=loaded,
        )
        every(WRITE_MS, self._write_soon)
        on_hidden(self._write_soon)

    def enter(self, name: str, shapes: Shapes) -> Ledger:
        """Count at a camera or video from now on, and read what is stored of it."""
        ledger = super().enter(name, shapes)
        self._write_soon()
        return ledger

    def count(self, update: Update, labels: Sequence[str], counter: Counter) -> None:
        """Add an analysed frame of the camera or video in view."""
        sources = self._page.sources
        # The clock of frames goes on when a video begins again; its own does not.
        media_s = sources.position_s if sources.is_video else update.frame.time_s
        self.take(update, labels, counter, media_s)

    def _write_soon(self) -> None:
        # At once as far as the first wait, which a page that is about to close still reaches.
        run_now(self.flush())
