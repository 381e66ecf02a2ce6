"""Snapshot dialog: shows the picture that was taken; saves, copies and shares it and its data."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

from obscura.errors import PictureError
from obscura.export.records import to_csv, to_json, to_record
from obscura.page.browser import canvas, files, sharing
from obscura.page.browser.dom import by_id, listen
from obscura.page.features.context import Context
from obscura.page.features.keep import words
from obscura.page.features.keep.capture import Snapshot, capture
from obscura.page.stage.annotate import annotate
from obscura.page.state.feature import Part


def start(context: Context) -> SnapshotDialog:
    """Start the feature."""
    return SnapshotDialog(context)


class SnapshotDialog(Part):
    """The dialog behind *Snapshot*."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._context = context.page, context
        self._dialog, self._preview = by_id("keep-dialog"), by_id("keep-picture")
        self._taking = False
        self._snapshot: Snapshot | None = None
        self._png: Any = None
        self._share_data: Any = None
        listen(self._dialog, "close", lambda _event: self._release())

    def run(self, command: str) -> Any:
        """See `Part`."""
        return {
            "take": self.take,
            "save": self.save,
            "copy": self.copy,
            "share": self.share,
            "json": self.save_json,
            "csv": self.save_csv,
        }[command]()

    async def take(self) -> None:
        """Take a snapshot of what is in view, and show it."""
        if self._taking:
            return
        button = by_id("snapshot")
        self._taking = True
        button.setAttribute("aria-busy", "true")
        try:
            snapshot = await capture(
                self._page.sources,
                self._page.sessions,
                self._context.analysis,
                mirrored=self._context.display.mirrored,
                read_pixels=canvas.read_pixels,
                now=time.localtime(),
            )
            png = await sharing.png_of(self._annotated(snapshot))
        finally:
            self._taking = False
            button.setAttribute("aria-busy", "false")
        if png is None:
            raise PictureError(words.NOT_ENCODED, remedy="Use a smaller picture.")
        self._show(snapshot, png)

    def save(self) -> None:
        """Save the picture."""
        self._save(self._png, "png")

    def copy(self) -> Awaitable[None] | None:
        """Put the picture on the clipboard."""
        if not sharing.can_copy_pictures():
            self._say(words.COPY_MISSING)
            return None
        return self._copied(sharing.copy_picture(self._png))

    def share(self) -> Awaitable[None]:
        """Hand the picture to another app."""
        return self._shared(sharing.share(self._share_data))

    def save_json(self) -> None:
        """Save what was found as JSON."""
        self._save(sharing.text_blob(to_json(self._record()), "application/json"), "json")

    def save_csv(self) -> None:
        """Save what was found as CSV."""
        self._save(sharing.text_blob(to_csv(self._record()), "text/csv"), "csv")

    def _annotated(self, snapshot: Snapshot) -> Any:
        drawn = canvas.new_canvas(1, 1)
        annotate(
            drawn,
            snapshot.picture,
            snapshot.update,
            snapshot.labels,
            replace(self._context.display, mirrored=snapshot.mirrored),
            self._context.layers,
        )
        return drawn

    def _show(self, snapshot: Snapshot, png: Any) -> None:
        self._release()
        # Its pixels are in the PNG by now, and may be many.
        self._snapshot, self._png = replace(snapshot, picture=None), png
        self._share_data = sharing.shareable(png, f"{snapshot.stem}.png")
        self._preview.src = files.object_url(png)
        count = len(snapshot.update.detections) if snapshot.model else None
        size = (snapshot.picture.width, snapshot.picture.height)
        by_id("keep-facts").textContent = words.facts(
            size, count, snapshot.source, mirrored=snapshot.mirrored
        )
        by_id("keep-share").hidden = self._share_data is None
        self._say("")
        if not self._dialog.open:
            self._dialog.showModal()

    def _release(self) -> None:
        """Free the memory of the snapshot."""
        files.revoke(str(self._preview.src))
        self._preview.removeAttribute("src")
        self._snapshot = self._png = self._share_data = None

    def _record(self) -> dict[str, Any]:
        assert self._snapshot is not None
        taken = self._snapshot
        return to_record(taken.update, taken.labels, source=taken.source, model=taken.model)

    def _save(self, blob: Any, ending: str) -> None:
        assert self._snapshot is not None
        name = f"{self._snapshot.stem}.{ending}"
        sharing.save(blob, name)
        self._say(words.SAVED.format(name=name))

    async def _copied(self, done: Awaitable[Any]) -> None:
        try:
            await done
        except Exception:  # noqa: BLE001  (browsers differ in what they throw)
            self._say(words.COPY_BLOCKED)
        else:
            self._say(words.COPIED)

    async def _shared(self, done: Awaitable[Any]) -> None:
        try:
            await done
        except Exception as error:  # noqa: BLE001  (as above)
            self._say("" if sharing.was_cancelled(error) else words.SHARE_FAILED)

    def _say(self, sentence: str) -> None:
        by_id("keep-status").textContent = sentence
