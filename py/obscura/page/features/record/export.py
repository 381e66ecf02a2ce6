"""Export: makes a video of a whole file that was analysed, while the page goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from obscura.page.browser import canvas, disk, files, recorder, storage
from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import by_id
from obscura.page.features.context import Context
from obscura.page.features.record import words
from obscura.page.features.record.drawing import Drawing, even
from obscura.page.features.record.room import LEAST
from obscura.page.features.record.whole import Cancelled, encode_all, shown
from obscura.page.live.results import Results
from obscura.update import Update


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
        self._running = self._wanted = False
        self._why = ""

    def offer(self) -> None:
        """Offer to make a video, once all of the one in view is analysed."""
        by_id("record-whole").hidden = self._running or self._results is None

    def cancel(self) -> None:
        """Make it no further."""
        self._wanted, self._why = False, words.CANCELLED

    async def start(self) -> None:
        """Make a video of what is in view."""
        results = self._results
        if self._running or results is None:
            return
        if self._hides:
            self._say(words.HIDE_ON)
            return
        self._running = self._wanted = True
        by_id("record-cancel").hidden = False
        self.offer()
        self._say(words.MAKING_BEGINS)
        try:
            await self._make(results, await self._file())
        finally:
            self._running = False
            by_id("record-cancel").hidden = True
            self.offer()

    @property
    def _results(self) -> Results | None:
        """What was found in the video in view, if that is all of it."""
        results = self._context.results
        complete = results is not None and results.head.complete and self._page.sources.is_video
        return results if complete else None

    @property
    def _hides(self) -> bool:
        return self._page.sources.redactor is not None or bool(self._page.sources.veiled)

    async def _file(self) -> Any:
        given = self._page.sources.given
        return (await files.fetch_blob(given))[0] if isinstance(given, str) else given

    async def _make(self, results: Results, file: Any) -> None:
        reader = await self._writer.reader(file)
        if reader is None:
            self._say(words.NOT_READ)
            return
        try:
            await self._encode(results, file, reader)
        finally:
            reader.close()

    async def _encode(self, results: Results, file: Any, reader: Any) -> None:
        free = await storage.room()
        if free is not None and free < max(LEAST, int(file.size)):
            self._say(words.NO_ROOM)
            return
        size = even((int(reader.width), int(reader.height)))
        codec = await self._writer.codec(*size)
        if codec is None:
            self._say(words.NO_ENCODER)
            return
        start_s = float(await reader.first())
        sound = await self._writer.sound(file, 0.0)
        drawing = Drawing(size, canvas.new_canvas, self._context.display)
        stem = time.strftime("obscura-%Y-%m-%d-%H%M%S", time.localtime())
        name = f"{stem}.{recorder.CODECS[codec]}"
        try:
            encoder = await self._writer.encoder(
                drawing.canvas, name, codec, whole=True, sound=sound
            )
            made = await self._run(results, reader, encoder, drawing, start_s)
        except Exception:  # noqa: BLE001  (whatever browsers throw that store nothing)
            self._say(words.NOT_STORED)
            return
        finally:
            drawing.close()
            if sound is not None:
                sound.close()
        if not made:
            await disk.delete(name)
            return
        self._say("")
        lost = sound is not None and encoder.silent
        await self._dialog.show(name, words.NO_SOUND if lost else "")

    async def _run(
        self, results: Results, reader: Any, encoder: Any, drawing: Drawing, start_s: float
    ) -> bool:
        """Encode all; return whether it is done, and say why if it is not."""
        begun, duration = now_ms(), float(await reader.duration()) - start_s
        said = 0.0

        def draw(sample: Any, update: Update) -> None:
            drawing.draw(sample.draw, self._shown(update, results), results.head.labels)

        def progress(at: float) -> None:
            nonlocal said
            now = now_ms()
            if now - said > 500:
                said = now
                self._say(words.making(min(at / (duration or 1), 1), (now - begun) / 1000))

        def wanted() -> bool:
            if self._hides:
                self._wanted, self._why = False, words.HIDE_ON
            return self._wanted

        try:
            await encode_all(
                reader.samples(),
                results,
                encoder,
                draw,
                start_s=start_s,
                size=(int(reader.width), int(reader.height)),
                progress=progress,
                wanted=wanted,
            )
            await encoder.finish()
        except Exception as error:  # noqa: BLE001  (whatever browsers throw)
            with suppress(Exception):  # as above
                await encoder.cancel()
            self._say(self._why if isinstance(error, Cancelled) else words.reason(str(error)))
            return False
        return True

    def _shown(self, update: Update, results: Results) -> Update:
        card = self._page.sessions.card
        if card is None or card.name != results.head.model:
            return update
        return shown(update, self._context.analysis.options(card), card)
