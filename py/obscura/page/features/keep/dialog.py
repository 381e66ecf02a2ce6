"""Snapshot dialog: shows the picture that was taken; saves, copies and shares it and its data."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

from obscura.errors import PictureError
from obscura.export.records import to_csv, to_json, to_record
from obscura.page.browser import canvas, files, sharing
from obscura.page.browser.dom import by_id, listen
from obscura.page.features.context import Context
from obscura.page.features.keep import MEDIA_TYPES, words
from obscura.page.features.keep.capture import Snapshot, capture
from obscura.page.features.keep.versions import PNG, Versions
from obscura.page.stage import annotate
from obscura.page.state.feature import Part
from obscura.page.words.text import megabytes


def start(context: Context) -> SnapshotDialog:
    """Start the feature."""
    return SnapshotDialog(context)


class SnapshotDialog(Part):
    """The dialog behind *Snapshot*."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._context = context.page, context
        self._dialog, self._preview = by_id("keep-dialog"), by_id("keep-picture")
        self._buttons = [by_id(name) for name in ("keep-save", "keep-copy", "keep-share")]
        self._taking = False
        self._snapshot: Snapshot | None = None
        self._versions: Versions | None = None
        self._picture: Any = None  # as it is shown
        self._png: Any = None  # the same as PNG, for the clipboard
        self._share_data: Any = None
        self._kind = "png"  # of that, as the settings name it
        self._types = [name for name, kind in MEDIA_TYPES.items() if sharing.can_encode(kind)]
        for option in list(by_id("keep_type").options):
            if str(option.value) not in self._types:
                option.remove()
        for control in ("keep_type", "keep_boxes"):
            listen(by_id(control), "change", lambda _event: self._show())
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
            # Begun before anything else can be drawn on the page's own picture.
            plain = asyncio.ensure_future(self._png_of(self._plain(snapshot)))
            marked = await self._png_of(self._annotated(snapshot))
        finally:
            self._taking = False
            button.setAttribute("aria-busy", "false")
        if marked is None:
            raise PictureError(words.NOT_ENCODED, remedy="Use a smaller picture.")
        self._release()
        self._versions = Versions(marked, plain, sharing.encoded_again)
        self._describe(snapshot)
        # Its pixels are in these by now, and may be many.
        self._snapshot = replace(snapshot, picture=None)
        await self._show()
        if not self._dialog.open:
            self._dialog.showModal()

    def save(self) -> None:
        """Save the picture."""
        self._save(self._picture, self._kind)

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

    @property
    def _wanted(self) -> tuple[str, bool]:
        """The type that is to be saved, and whether with boxes."""
        settings = self._context.preferences.current
        kind = settings.keep_type if settings.keep_type in self._types else "png"
        return str(kind), bool(settings.keep_boxes)

    def _annotated(self, snapshot: Snapshot) -> Any:
        """Return a new canvas of the snapshot, with all that lies over the picture."""
        drawn = canvas.new_canvas(1, 1)
        annotate.annotate(
            drawn,
            snapshot.picture,
            snapshot.update,
            snapshot.labels,
            replace(self._context.display, mirrored=snapshot.mirrored),
            self._context.layers,
        )
        return drawn

    def _plain(self, snapshot: Snapshot) -> Any:
        """Return a new canvas of the snapshot without boxes."""
        drawn = canvas.new_canvas(1, 1)
        annotate.copy(drawn, snapshot.picture, mirrored=snapshot.mirrored)
        return drawn

    async def _png_of(self, drawn: Any) -> Any:
        """Return a canvas as PNG, None if the browser cannot make it; and free the canvas."""
        try:
            return await sharing.picture_of(drawn, PNG)
        finally:
            canvas.release(drawn)

    def _describe(self, snapshot: Snapshot) -> None:
        count = len(snapshot.update.detections) if snapshot.model else None
        size = (snapshot.picture.width, snapshot.picture.height)
        by_id("keep-facts").textContent = words.facts(
            size, count, snapshot.source, mirrored=snapshot.mirrored
        )

    async def _show(self) -> None:
        """Show the snapshot as it is wanted, once that is made."""
        versions, (kind, boxes) = self._versions, self._wanted
        if versions is None:
            return
        by_id("keep_type").value = kind
        self._busy(words.PREPARING)
        picture, png = await versions.picture(MEDIA_TYPES[kind], boxes=boxes)
        if versions is not self._versions or (kind, boxes) != self._wanted:
            return  # it was closed, or is wanted otherwise by now
        self._busy("")
        if picture is not None or png is not None:
            self._put(png if picture is None else picture, png, kind, boxes=boxes)
        if picture is None:
            self._say(words.NOT_THIS_TYPE.format(name=words.TYPES[kind]))
            self._set_enabled(False)

    def _put(self, picture: Any, png: Any, kind: str, *, boxes: bool) -> None:
        """Put a picture in view."""
        assert self._snapshot is not None
        self._picture, self._png, self._kind = picture, png, kind
        # Some browsers share PNG and JPEG alone: better another type than none.
        self._share_data = sharing.shareable(picture, self._name(kind)) or sharing.shareable(
            png, self._name("png")
        )
        files.revoke(str(self._preview.src))
        self._preview.src = files.object_url(picture)
        self._preview.alt = words.alt(boxes=boxes)
        by_id("keep-size").textContent = megabytes(int(picture.size))
        by_id("keep-share").hidden = self._share_data is None

    def _busy(self, sentence: str) -> None:
        """Say that another picture is being made, or "" that it is there."""
        self._dialog.setAttribute("aria-busy", "true" if sentence else "false")
        self._set_enabled(not sentence)
        self._say(sentence)

    def _set_enabled(self, enabled: bool) -> None:
        for button in self._buttons:
            button.disabled = not enabled

    def _release(self) -> None:
        """Free the memory of the snapshot."""
        files.revoke(str(self._preview.src))
        self._preview.removeAttribute("src")
        self._snapshot = self._versions = self._picture = self._png = self._share_data = None

    def _record(self) -> dict[str, Any]:
        assert self._snapshot is not None
        taken = self._snapshot
        return to_record(taken.update, taken.labels, source=taken.source, model=taken.model)

    def _name(self, kind: str) -> str:
        """Return the name of a file of a kind."""
        assert self._snapshot is not None
        return f"{self._snapshot.stem}.{words.ENDINGS.get(kind, kind)}"

    def _save(self, blob: Any, kind: str) -> None:
        name = self._name(kind)
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
