"""Dialog of a recording: finishes it, shows it, saves, shares and deletes it; and the line that
offers one which is not saved yet, also of an earlier visit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from obscura.page.browser import disk, files, sharing
from obscura.page.browser.dom import by_id, listen
from obscura.page.features.record import words
from obscura.page.features.record.names import WORKING, plain, saved_as, when


class RecordDialog:
    """Shows one recording at a time."""

    def __init__(self, writer: Any, spawn: Callable[[Awaitable[Any]], Any]) -> None:
        """
        Args:
            writer: `browser.recorder.Writer`.
        """
        self._writer, self._spawn = writer, spawn
        self._dialog, self._video = by_id("record-dialog"), by_id("record-video")
        self._bar = by_id("record-progress")
        self._name = self._left = ""
        self._file: Any = None
        self._share_data: Any = None
        self._saved: set[str] = set()
        self._turn = asyncio.Lock()  # of those that are finished
        listen(self._dialog, "close", lambda _event: self._closed())

    def run(self, command: str) -> Any:
        """Carry out a command of the feature's row."""
        return {
            "save": self.save,
            "share": self.share,
            "delete": self.delete,
            "open": self.open_left,
        }[command]()

    async def finish(
        self, working: str, sound: Any = None, said: str = "", *, open_dialog: bool = True
    ) -> None:
        """Make a plain file of one that was written as it came, and show it.

        Args:
            sound: of the video that was recorded, to be added; as `Writer.sound` returns it.
            said: a sentence to show with it; "" for none.
            open_dialog: whether to open the dialog meanwhile; else the recording is offered then.
        """
        self._writer.own.add(working)
        try:
            await self._finished(working, sound, said, open_dialog=open_dialog)
        finally:
            self._writer.own.discard(working)

    async def _finished(self, working: str, sound: Any, said: str, *, open_dialog: bool) -> None:
        async with self._turn:
            # Somebody may look at another one.
            aside = not open_dialog or (bool(self._dialog.open) and bool(self._name))
            if not aside:
                self._release()
                self._busy(words.FINISHING)
                if not self._dialog.open:
                    self._dialog.showModal()
            name, seconds, fault = await self._made_whole(working, sound)
            self._writer.own.discard(working)
            if aside or not self._dialog.open or self._name:
                await self.offer()
            elif seconds:
                await self._show(name, seconds, f"{said} {fault}".strip())
            else:
                await self._refuse(fault)

    async def settle(self) -> None:
        """Wait until nothing is being finished."""
        async with self._turn:
            return

    async def _made_whole(self, working: str, sound: Any) -> tuple[str, float, str]:
        """Return the name of the file that is there then, its seconds, and a sentence about it;
        no seconds if it is not to be had."""
        release = await self._writer.claim(working)
        if release is None:
            return working, 0.0, words.ELSEWHERE
        try:
            return await self._copied(working, sound)
        finally:
            await release()

    async def _copied(self, working: str, sound: Any) -> tuple[str, float, str]:
        try:
            blob = await disk.file(working)
        except Exception:  # noqa: BLE001  (whatever browsers throw for a file that is gone)
            return working, 0.0, words.GONE
        name, in_memory = plain(working), disk.in_memory(working)
        seconds = 0.0
        with suppress(Exception):  # the device is full, or whatever browsers throw then
            seconds = await self._writer.make_whole(
                blob, name, self._progress, sound, in_memory=in_memory
            )
        if seconds:
            await disk.delete(working)
            return name, seconds, ""
        length, _size = await self._length(working)
        if length:
            return working, length, words.NOT_WHOLE
        if length is None:
            return working, 0.0, words.NOT_NOW
        await disk.delete(working)
        return working, 0.0, words.UNREADABLE

    async def offer(self) -> None:
        """Offer the latest recording that is not saved."""
        own = {*self._saved, *self._writer.own, *map(plain, self._writer.own), self._name}
        for name in reversed(await disk.names()):
            seconds, size = (None, 0) if name in own else await self._length(name)
            if seconds:
                self._left = name
                by_id("record-left-text").textContent = words.LEFT.format(
                    date=when(name), facts=words.facts(seconds, size)
                )
                by_id("record-left").hidden = False
                return
            if seconds is not None:  # nothing of it can be read
                await disk.delete(name)
        by_id("record-left").hidden = True

    async def _length(self, name: str) -> tuple[float | None, int]:
        """Return the seconds and bytes of a recording; None if it is not to be had now."""
        try:
            blob = await disk.file(name)
            return await self._writer.duration_s(blob), int(blob.size)
        except Exception:  # noqa: BLE001  (whatever browsers throw for a file that is gone)
            return None, 0

    async def open_left(self) -> None:
        """Show the recording that is offered."""
        by_id("record-left").hidden = True
        name = self._left
        if name.startswith(WORKING):
            await self.finish(name)
            return
        self._release()
        self._busy(words.OPENING)
        if not self._dialog.open:
            self._dialog.showModal()
        seconds, _size = await self._length(name)
        await self._show(name, seconds or 0.0, "")

    def save(self) -> None:
        """Save the video."""
        name = saved_as(self._name)
        sharing.save(self._file, name)
        self._saved.add(self._name)
        self._say(words.SAVED.format(name=name))

    async def share(self) -> None:
        """Hand the video to another app."""
        try:
            await sharing.share(self._share_data)
        except Exception as error:  # noqa: BLE001  (browsers differ in what they throw)
            self._say("" if sharing.was_cancelled(error) else words.SHARE_FAILED)

    async def delete(self) -> None:
        """Delete the recording."""
        name = self._name
        self._dialog.close()
        await disk.delete(name)
        await self.offer()

    async def _show(self, name: str, seconds: float, why: str) -> None:
        file = None
        with suppress(Exception):  # whatever browsers throw for a file that is gone
            file = await disk.file(name)
        if not self._dialog.open or self._name:  # closed meanwhile, or it shows another one
            await self.offer()
            return
        if file is None or not seconds:
            await self._refuse(words.GONE if file is None else words.NOT_NOW)
            return
        self._busy("")
        self._name, self._file = name, file
        self._share_data = sharing.shareable(self._file, saved_as(name))
        self._video.src = files.object_url(self._file)
        by_id("record-facts").textContent = words.facts(seconds, int(self._file.size))
        by_id("record-share").hidden = self._share_data is None
        self._say(why)
        by_id("record-save").focus()

    async def _refuse(self, why: str) -> None:
        """Say that there is nothing to show."""
        self._busy(why)
        self._bar.hidden = True
        await self.offer()

    def _closed(self) -> None:
        """What was saved is deleted once the browser has had time to copy it; the rest is offered
        again."""
        if self._name in self._saved:
            self._spawn(self._delete_later(self._name))
        self._release()
        self._spawn(self.offer())

    async def _delete_later(self, name: str) -> None:
        await asyncio.sleep(sharing.REVOKE_MS / 1000)
        await disk.delete(name)

    def _release(self) -> None:
        files.revoke(str(self._video.src))
        self._video.removeAttribute("src")
        self._video.load()
        self._name, self._file, self._share_data = "", None, None

    def _busy(self, sentence: str) -> None:
        for name in ("record-row", "record-video", "record-facts"):
            by_id(name).hidden = bool(sentence)
        self._bar.hidden = not sentence
        self._progress(0.0)
        self._say(sentence)

    def _progress(self, share: float) -> None:
        self._bar.value = share

    def _say(self, sentence: str) -> None:
        by_id("record-status").textContent = sentence
