"""Export dialog: what was kept, saved in the formats that people and programs read."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
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
from obscura.page.words.times import stamp

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
        deleting: Callable[[str, bool], None],
    ) -> None:
        """
        Args:
            present: returns the results that are in memory, with the names of their sources.
            threshold: returns the lowest score that is shown now.
            wanted: returns what is to be written of results; all rows if the flag is True.
            pictures: returns the pictures of the file in view; raises PicturesError.
            has_pictures: whether the file of the pictures of results is in view.
            facts: returns what a session says of their source; reports the part that is done.
            deleting: see `Context.deleting`.
        """
        self._store, self._spawn, self._present = store, spawn, present
        self._threshold, self._wanted, self._facts = threshold, wanted, facts
        self._deleting, self._pictures, self._has_pictures = deleting, pictures, has_pictures
        self._dialog, self._of, self._rows = (
            by_id("export-dialog"),
            by_id("export-of"),
            by_id("export-rows"),
        )
        self._shelf: list[Kept] = []
        # Deleted once the dialog or the page closes.
        self._hidden: tuple[Kept, Results] | None = None
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
                wanted = replace(wanted, picture=self._from(stills, results))
            count = await writing.write(form, turns, results.head, wanted, cast("BinaryIO", out))
        finally:
            if stills is not None:
                await stills.close()
        return count, out

    def _from(self, stills: Stills, results: Results) -> Callable[[float], Awaitable[bytes | None]]:
        async def at(time_s: float) -> bytes | None:
            if not self._has_pictures(results):  # no more: parts of them are to be hidden by now
                raise PicturesError(words.NO_PICTURES)
            return await stills.at(time_s)

        return at

    def _wants_pictures(self, results: Results) -> bool:
        return bool(by_id("export-pictures").checked) and self._has_pictures(results)

    async def delete(self) -> None:
        """Delete what is chosen; it can be undone until the dialog closes."""
        results = self._chosen
        found = [each for each in self._shelf if results is not None and each.key == results.key]
        if results is None or not found or self._busy:
            return
        await self.delete_hidden()
        with suppress(Exception):  # only then what was not stored yet cannot be brought back
            await results.flush()
        self._hidden = found[0], results
        self._deleting(results.key, True)
        await self._list()
        self._say(words.DELETED.format(name=_name(found[0])))
        by_id("export-undo").hidden = False
        by_id("export-undo").focus()  # the button that was pressed may be gone

    async def undo(self) -> None:
        """Bring back what was deleted last."""
        if self._hidden is None:
            return
        (listed, results), self._hidden = self._hidden, None
        self._deleting(results.key, False)
        by_id("export-undo").hidden = True
        await self._list()
        self._say(words.RESTORED.format(name=_name(listed)))
        self._of.focus()

    # ---- the list --------------------------------------------------------------------------------

    async def _list(self) -> None:
        """List what was kept, that of the source in view first."""
        try:
            hidden = self._hidden[0].key if self._hidden else None
            self._shelf = [each for each in await kept(self._store) if each.key != hidden]
        except Exception:  # noqa: BLE001  (browsers that store nothing throw what they like)
            self._shelf = []
        present = self._present()
        here = {results.key for _, results in present}
        listed = [
            (results.key, words.source(name, words.NOW, len(results), results.head.complete))
            for name, results in present
        ]
        listed += [(each.key, _title(each)) for each in self._shelf if each.key not in here]
        options = [make("option", text=title, value=key) for key, title in listed]
        self._of.replaceChildren(*options)
        by_id("export-empty").hidden = bool(options)
        by_id("export-empty").textContent = words.NOTHING_KEPT
        if not options:
            by_id("export-choices").hidden = True
        try:
            await self._open_chosen()
        finally:  # only now: what is chosen is known
            shown = bool(self._of.options.length) and bool(self._dialog.open)
            by_id("export-choices").hidden = not shown

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
        self._chosen = None  # until it is listed again
        by_id("export-choices").hidden = by_id("export-empty").hidden = True
        return self.delete_hidden()

    async def delete_hidden(self) -> None:
        """Delete for good what was deleted last: it cannot be brought back any more."""
        hidden, self._hidden = self._hidden, None
        by_id("export-undo").hidden = True
        if hidden is not None:
            try:
                await hidden[1].delete()
            finally:
                self._deleting(hidden[1].key, False)

    # ---- what is said ----------------------------------------------------------------------------

    def _show_progress(self, done: float | None, form: str = "") -> None:
        """Show how far an export is; None if there is none."""
        by_id("export-progress").hidden = done is None
        by_id("export-forms").disabled = done is not None
        if done is not None:
            by_id("export-bar").value = done
            by_id("export-percent").textContent = words.percent(done)  # changes too often to say
            self._say(words.WORKING.format(what=words.FORMS[form]))

    def _say(self, sentence: str) -> None:
        if by_id("export-status").textContent != sentence:
            by_id("export-status").textContent = sentence


def _title(each: Kept) -> str:
    when = time.strftime("%d %b %Y, %H:%M", time.localtime(each.began_s)) if each.began_s else ""
    return words.source(_name(each), when, each.frames, each.complete)


def _name(each: Kept) -> str:
    return each.name or words.CAMERA


def _stem(name: str) -> str:
    """Return the beginning of the names of files about a camera or video."""
    stem = re.sub(r"[^\w.-]+", "-", PurePath(name).stem[:100]).strip("-.")
    return stem or stamp()
