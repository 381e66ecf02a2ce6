"""Making: one video of a whole file that was analysed, while the page goes on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import copy
from typing import Any

from obscura.page.browser import canvas, disk, recorder, storage
from obscura.page.browser.clock import now_ms
from obscura.page.features.context import Context
from obscura.page.features.record import words
from obscura.page.features.record.drawing import Drawing, even
from obscura.page.features.record.names import new_name
from obscura.page.features.record.room import LEAST, MOST_IN_MEMORY, RESERVE, reaches_s
from obscura.page.features.record.whole import (
    Cancelled,
    EncoderBroke,
    Seen,
    SourceBroke,
    encode_all,
    tracks_of,
)
from obscura.page.live.analysis import DecodeOptions
from obscura.page.live.results import Results
from obscura.page.stage.layers import BoxLayer
from obscura.update import Update

SAID_EVERY_MS = 500


class Making:
    """Attributes:
    name: of the file that it is written to.
    said: a sentence about what was made; "" for none.
    """

    def __init__(
        self,
        context: Context,
        writer: recorder.Writer,
        results: Results,
        say: Callable[[str], None],
        hides: Callable[[], bool],
    ) -> None:
        """What is in view, and how, may change from now on.

        Args:
            results: of all frames.
            say: shows a sentence.
            hides: returns whether something is to be hidden now: then it is made no further.
        """
        self._context, self._writer, self._results, self._say = context, writer, results, say
        self._hides = hides
        self._display = copy(context.display)
        self._options, self._card = self._decoding()
        labels = results.head.labels
        apart = (each.apart(labels) for each in context.layers if hasattr(each, "apart"))
        self._followers = list(apart)
        boxes = [each for each in context.layers if isinstance(each, BoxLayer)]
        self._layers = [*boxes, *self._followers]
        self._tracking = bool(context.preferences.current.track)
        self._numbered = getattr(context.page.sources.kept, "card", None) is None  # type: ignore[union-attr]
        self._why = ""  # why it is not wanted any more
        self._reached_s = self._duration_s = 0.0
        self._breaks_off = "broken_s" in results.head.source  # as it was found to be
        self._encoder: Any = None
        self._warning = ""
        self.name = self.said = ""

    def cancel(self, why: str) -> None:
        """Make it no further.

        Args:
            why: a sentence.
        """
        self._why = self._why or why

    async def check(self) -> None:
        """See whether there is still room: call it every second."""
        if self._encoder is None or self._why:
            return
        free = await self._room()
        if free is None:
            return
        reached_s = reaches_s(free, self._encoder.written, self._reached_s)
        if free < RESERVE:
            self.cancel(words.FULL)
        elif reached_s < self._duration_s:
            fills_up = words.FILLS_UP_MEMORY if self._encoder.in_memory else words.FILLS_UP
            self._warning = fills_up.format(
                time=words.clock(reached_s), whole=words.clock(self._duration_s)
            )

    async def _room(self) -> int | None:
        """Return the bytes that may still be written, and `RESERVE`; None if that is not known."""
        if self._encoder.in_memory:
            return MOST_IN_MEMORY - int(self._encoder.written) + RESERVE
        return await storage.room()

    async def run(self, file: Any) -> bool:
        """Make it of a file; return whether there is one then. Why not was said."""
        reader = await self._writer.reader(file)
        if reader is None or not reader.decodes:
            self._say(words.NOT_READ)
            return False
        try:
            return await self._made(file, reader)
        finally:
            reader.close()

    def _decoding(self) -> tuple[DecodeOptions, Any]:
        """Return the options for what was found, and the card of the model that found it."""
        page, head = self._context.page, self._results.head
        assert page is not None
        for card in (getattr(page.sources.kept, "card", None), page.sessions.card):
            if card is not None and card.name == head.model:
                return self._context.analysis.options(card), card
        return DecodeOptions(threshold=head.settings.get("threshold")), None

    async def _made(self, file: Any, reader: Any) -> bool:
        free = await storage.room()
        if free is not None and free < max(LEAST, int(file.size)):
            self._say(words.NO_ROOM)
            return False
        size = even((int(reader.width), int(reader.height)))
        codec = await self._writer.codec(*size)
        if codec is None:
            self._say(words.NO_ENCODER)
            return False
        start_s = float(await reader.first())
        self._duration_s = float(await reader.duration()) - start_s
        self._breaks_off = self._breaks_off or bool(reader.cut)
        tracks = await tracks_of(self._results) if self._tracking and self._numbered else {}
        seen = Seen(self._options, self._card, tracks if self._tracking else None)
        more = []
        try:
            sound = await self._writer.sound(file, 0.0)
        except Exception:  # noqa: BLE001  (whatever browsers throw for a damaged one)
            sound, more = None, [words.SOUND_LOST]
        drawing = Drawing(size, canvas.new_canvas, self._display, self._layers)
        self.name = new_name(recorder.CODECS[codec])
        try:
            self._encoder = await self._writer.encoder(
                drawing.canvas, self.name, codec, live=False, sound=sound
            )
            made = await self._written(reader, drawing, seen, start_s, codec)
        except Exception:  # noqa: BLE001  (whatever browsers throw that cannot encode)
            self._say(words.NO_ENCODER)
            return False
        finally:
            drawing.close()
            if sound is not None:
                sound.close()
        if not made:
            await disk.delete(self.name)
        else:
            lost = sound is not None and self._encoder.silent
            more += [words.NO_SOUND] * lost + [words.IN_MEMORY] * self._encoder.in_memory
            self.said = " ".join([self.said, *more]).strip()
        return made

    async def _written(
        self, reader: Any, drawing: Drawing, seen: Seen, start_s: float, codec: str
    ) -> bool:
        """Encode all frames that there are; return False if nothing is to be kept, and say why."""
        frames = 0
        begun_ms = said_ms = now_ms()

        def draw(sample: Any, update: Update) -> None:
            every, shown = seen.of(update)
            for each in self._followers:
                each.follow(every, shown)
            drawing.draw(sample.draw, shown, self._results.head.labels)

        def progress(at: float) -> None:
            nonlocal frames, said_ms
            frames, self._reached_s = frames + 1, at
            if self._hides():
                self.cancel(words.HIDE_ON)
            now = now_ms()
            if now - said_ms > SAID_EVERY_MS:
                said_ms = now
                share = min(at / (self._duration_s or 1), 1)
                said = words.making(share, (now - begun_ms) / 1000)
                self._say(f"{said}. {self._warning}" if self._warning else said)

        error: Exception | None = None
        try:
            await encode_all(
                reader.samples(),
                self._results,
                self._encoder,
                draw,
                start_s=start_s,
                size=(int(reader.width), int(reader.height)),
                progress=progress,
                wanted=lambda: not self._why,
            )
        except Exception as raised:  # noqa: BLE001  (whatever browsers throw)
            error = raised
        kept = (
            bool(frames)
            and isinstance(error, EncoderBroke | SourceBroke | Cancelled | None)
            and self._why in ("", words.FULL)
        )
        if not kept:
            with suppress(Exception):  # as above
                await self._encoder.cancel()
            self._say(self._why or words.reason(str(error)))
            return False
        try:
            await self._encoder.finish(complete=error is None and not self._breaks_off)
        except Exception as raised:  # noqa: BLE001  (as above)
            error = error or EncoderBroke(str(raised))
        self.said = self._about(error)
        if isinstance(error, EncoderBroke) and not words.is_full(str(error)):
            self._writer.failed.add(codec)
        return True

    def _about(self, error: Exception | None) -> str:
        """Return what to say about what was made."""
        at = {"time": words.clock(self._reached_s), "whole": words.clock(self._duration_s)}
        if self._why or (isinstance(error, EncoderBroke) and words.is_full(str(error))):
            full = words.FULL_AT_MEMORY if self._encoder.in_memory else words.FULL_AT
            return full.format(**at)
        if isinstance(error, EncoderBroke):
            return words.ENCODER_FAILED.format(**at)
        if error is not None or self._breaks_off:
            return words.BREAKS_OFF.format(**at)
        return ""
