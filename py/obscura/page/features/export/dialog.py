"""Export dialog: what was kept, saved in the formats that people and programs read."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import PurePath
from typing import Any, BinaryIO, cast

from obscura.page.browser import sharing
from obscura.page.browser.blobs import BlobFile
from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import by_id, listen, make
from obscura.page.browser.stills import PicturesError, Stills
from obscura.page.features.export import words, writing
from obscura.page.features.export.shelf import Kept, kept
from obscura.page.features.export.writing import CancelledExport, Turns, Wanted
from obscura.page.live.results import Results, Store

ALL, SHOWN = "all", "shown"
WITH_PICTURES = ("coco", "yolo")


class ExportDialog:
    """The dialog behind *Export*."""

    def __init__(
        self,
        store: Store,
        spawn: Callable[[Awaitable[Any]], Any],
        *,
        present: Callable[[], list[tuple[str, Results]]],
        threshold: Callable[[], float],
        wanted: Callable[[Results, bool], Wanted],
        pictures: Callable[[], Awaitable[Stills]],
        has_pictures: Callable[[Results], bool],
        facts: Callable[[Results, Callable[[float], None]], Awaitable[dict[str, Any]]],
        deleted: Callable[[str], None],
    ) -> None:
        """
        Args:
            present: returns the results that are in memory, with their titles.
            threshold: returns the lowest score that is shown now.
            wanted: returns what is to be written of results; all rows if the flag is True.
            pictures: returns the pictures of the file in view; raises PicturesError.
            has_pictures: whether the file of the pictures of results is in view.
            facts: returns what a session says of their source; reports the part that is done.
            deleted: called with the key of results that are deleted.
        """
        self._store, self._spawn, self._present = store, spawn, present
        self._threshold, self._wanted, self._facts = threshold, wanted, facts
        self._on_deleted, self._pictures, self._has_pictures = deleted, pictures, has_pictures
        self._dialog, self._of, self._rows = (
            by_id("export-dialog"),
            by_id("export-of"),
            by_id("export-rows"),
        )
        self._shelf: list[Kept] = []
        self._hidden: Kept | None = None  # deleted once the dialog closes
        self._chosen: Results | None = None
        self._busy = self._cancelled = False
        listen(self._of, "change", lambda _event: self._choose())
        listen(self._dialog, "close", lambda _event: self._closed())

    async def open(self) -> None:
        """Show it."""
        if self._dialog.open:
            return
        self._say("")
        self._show_progress(None)
        self._dialog.showModal()
        await self._list()

    def cancel(self) -> None:
        """Cancel what is being written."""
        self._cancelled = True

    async def export(self, form: str) -> None:
        """Write what is chosen in a format, and save it."""
        results = self._chosen
        if self._busy or results is None:
            return
        self._busy, self._cancelled = True, False
        self._show_progress(0.0, form)
        pictures = form in WITH_PICTURES and self._wants_pictures(results)
        try:
            count, out = await self._written(form, results, pictures=pictures)
        except CancelledExport:
            self._say(words.CANCELLED)
            return
        except PicturesError as error:
            self._say(str(error))
            return
        finally:
            self._busy = False
            self._show_progress(None)
        if form == "events" and not count:
            self._say(words.NO_EVENTS)
            return
        name = f"{_stem(results.head.name)}.{writing.ending(form, pictures=pictures)}"
        sharing.save(out.blob(writing.media_type(name)), name)
        self._say(words.SAVED.format(name=name))

    async def _written(
        self, form: str, results: Results, *, pictures: bool
    ) -> tuple[int, BlobFile]:
        """Return how much was written, and the file."""

        def progress(done: float) -> None:
            if self._cancelled:
                raise CancelledExport
            self._show_progress(done, form)

        wanted, out = self._wanted(results, self._rows.value == ALL), BlobFile()
        if form == "session":
            wanted.facts.update(await self._facts(results, progress))
        turns = Turns(results, now_ms=now_ms, progress=progress, cancelled=lambda: self._cancelled)
        stills = await self._pictures() if pictures else None
        try:
            if stills is not None:
                wanted = replace(wanted, picture=stills.at)
            count = await writing.write(form, turns, results.head, wanted, cast("BinaryIO", out))
        finally:
            if stills is not None:
                await stills.close()
        return count, out

    def _wants_pictures(self, results: Results) -> bool:
        return bool(by_id("export-pictures").checked) and self._has_pictures(results)

    async def delete(self) -> None:
        """Delete what is chosen; it can be undone until the dialog closes."""
        key = self._chosen.key if self._chosen else ""
        found = next((each for each in self._shelf if each.key == key), None)
        if found is None:
            return
        await self._delete_hidden()
        self._hidden = found
        self._on_deleted(found.key)
        await self._list()
        self._say(words.DELETED.format(name=found.name))
        by_id("export-undo").hidden = False
        by_id("export-undo").focus()  # the button that was pressed may be gone

    async def undo(self) -> None:
        """Bring back what was deleted last."""
        if self._hidden is None:
            return
        name, self._hidden = self._hidden.name, None
        by_id("export-undo").hidden = True
        await self._list()
        self._say(words.RESTORED.format(name=name))
        self._of.focus()

    async def forget(self) -> None:
        """Delete all that is kept."""
        for each in await kept(self._store):
            results = await Results.opened(self._store, each.key)
            if results is not None:
                await results.delete()

    # ---- the list --------------------------------------------------------------------------------

    async def _list(self) -> None:
        """List what was kept, that of the source in view first."""
        try:
            hidden = self._hidden.key if self._hidden else None
            self._shelf = [each for each in await kept(self._store) if each.key != hidden]
        except Exception:  # noqa: BLE001  (browsers that store nothing throw what they like)
            self._shelf = []
        present = self._present()
        here = {results.key for _, results in present}
        options = [make("option", text=title, value=results.key) for title, results in present]
        options += [
            make("option", text=_title(each), value=each.key)
            for each in self._shelf
            if each.key not in here
        ]
        self._of.replaceChildren(*options)
        by_id("export-empty").hidden = bool(options)
        by_id("export-empty").textContent = words.NOTHING_KEPT
        by_id("export-choices").hidden = not options
        await self._open_chosen()

    def _choose(self) -> Awaitable[None]:
        self._say("")
        return self._open_chosen()

    async def _open_chosen(self) -> None:
        key = str(self._of.value or "")
        found = {results.key: results for _, results in self._present()}.get(key)
        if found is None and key:
            found = await Results.opened(self._store, key)
        if key != str(self._of.value or ""):
            return
        self._chosen = found
        stored = {each.key for each in self._shelf}
        by_id("export-delete").hidden = found is None or key not in stored
        if found is None:
            return
        head = found.head
        begin_s = head.starts[0] if head.starts else 0.0
        model = str(head.source.get("title") or head.model)
        by_id("export-facts").textContent = words.facts(
            head.frames, begin_s, found.end_s, model, head.least
        )
        by_id("export-with-pictures").hidden = not self._has_pictures(found)
        shown = max(self._threshold(), head.least)
        now = self._rows.value
        self._rows.replaceChildren(
            make("option", text=words.shown(shown), value=SHOWN),
            make("option", text=words.everything(head.least), value=ALL),
        )
        self._rows.value = now or SHOWN

    def _closed(self) -> Awaitable[None]:
        self.cancel()
        return self._delete_hidden()

    async def _delete_hidden(self) -> None:
        hidden, self._hidden = self._hidden, None
        by_id("export-undo").hidden = True
        if hidden is not None:
            results = await Results.opened(self._store, hidden.key)
            if results is not None:
                await results.delete()

    # ---- what is said ----------------------------------------------------------------------------

    def _show_progress(self, done: float | None, form: str = "") -> None:
        """Show how far an export is; None if there is none."""
        by_id("export-progress").hidden = done is None
        by_id("export-forms").disabled = done is not None
        if done is not None:
            by_id("export-bar").value = done
            what = words.FORMS[form]
            self._say(words.WORKING.format(what=what, percent=round(done * 100)))

    def _say(self, sentence: str) -> None:
        if by_id("export-status").textContent != sentence:
            by_id("export-status").textContent = sentence


def _title(each: Kept) -> str:
    when = time.strftime("%d %b %Y, %H:%M", time.localtime(each.began_s))
    return f"{each.name or 'Camera'}, {when}"


def _stem(name: str) -> str:
    """Return the beginning of the names of files about a camera or video."""
    stem = re.sub(r"[^\w.-]+", "-", PurePath(name).stem[:100]).strip("-.")
    return stem or time.strftime("obscura-%Y-%m-%d-%H%M%S", time.localtime())
