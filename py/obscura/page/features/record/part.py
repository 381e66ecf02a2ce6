"""Recording: starts and stops it, and gives it each frame with its boxes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from obscura.page.browser import canvas, disk, files, recorder, storage
from obscura.page.browser.awake import Awake
from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import by_id, every, on_visibility
from obscura.page.features.context import Context
from obscura.page.features.record import words
from obscura.page.features.record.dialog import RecordDialog
from obscura.page.features.record.drawing import Drawing, even
from obscura.page.features.record.export import Export
from obscura.page.features.record.names import new_name
from obscura.page.features.record.recording import HeldFrames, Recording
from obscura.page.features.record.room import LEAST, WARNED_S, seconds_left, seconds_left_in_memory
from obscura.page.state.feature import Part
from obscura.page.state.scene import Kind
from obscura.update import FrameInfo, Update

CHECKED_EVERY_MS = 1000
FORGETTING_S = 10.0
"""Seconds that what is written may take to end before all is deleted."""
HIDDEN_S = 1.0
"""Seconds in a hidden tab that are worth a word."""


def start(context: Context) -> Record:
    """Start the feature."""
    return Record(context)


class Record(Part):
    """Records what is in view: a sink, and a watcher of frames."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._context = context.page, context
        build = context.build
        self._writer = recorder.Writer(build.media_url, build.disk_url)
        self._dialog = RecordDialog(self._writer, context.spawn)
        self._export = Export(context, self._writer, self._dialog, self._say)
        self._recording: Recording | None = None
        self._busy = False
        self._awake, self._held = Awake(), HeldFrames()
        self._name = self._codec = ""
        self._in_memory = False  # whether the recording is, because the browser stores nothing
        self._shown: FrameInfo | None = None  # the redacted frame that was added last
        self._drawing: Drawing | None = None
        self._microphone: Any = None
        self._began = False  # whether a frame was taken since recording began
        self._heard: tuple[Any, float] | None = None  # the file in view, and where it began
        self._hidden_ms: float | None = None
        self.sinks = (self,)
        every(CHECKED_EVERY_MS, self._check)
        on_visibility(self._hidden)
        context.spawn(self._dialog.offer())

    def run(self, command: str) -> Any:
        """See `Part`."""
        if command == "switch":
            return self.switch()
        if command == "whole":
            return self._export.start()
        if command == "cancel":
            return self._export.cancel()
        return self._dialog.run(command)

    async def switch(self) -> None:
        """Start recording, or stop."""
        if self._busy:
            return
        if self._recording is None and self._page.sources.scene.kind is not Kind.LIVE:
            return
        self._busy = True
        try:
            await (self._begin() if self._recording is None else self._end(""))
        finally:
            self._busy = False
            self._render()

    def scene_changed(self) -> None:
        """See `Part`."""
        if self._recording is not None and self._page.sources.scene.kind is not Kind.LIVE:
            self._stop(words.CAMERA_ENDED)
        self._export.offer()
        self._render()

    def snapshot(self) -> dict[str, Any]:
        """See `Part`."""
        made = self._recording
        if made is None:
            return {"recording": None}
        return {"recording": {"seconds": round(made.seconds, 3), "frames": made.frames}}

    async def forget(self) -> None:
        """See `Part`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FORGETTING_S):
                await self._stop_all()
        await disk.clear()

    async def _stop_all(self) -> None:
        """Have nothing be written any more."""
        await self._export.stop()
        while self._busy:
            await asyncio.sleep(0.05)
        if self._recording is not None:
            await self._halt(self._recording)
        await self._dialog.settle()

    # ---- frames ----------------------------------------------------------------------------------

    def keep(self, picture: Any, frame: FrameInfo) -> None:
        """See `live.protocols.Watcher`."""
        if self._microphone is not None and not self._began:
            self._microphone.begin()
        self._began = True
        if self._page.sources.redactor is None:  # else nothing but what that shows
            self._held.add(frame.index, recorder.hold(picture, (frame.width, frame.height)))

    def take(self, update: Update) -> None:
        """Add the frame of an update: the very picture that its boxes were found in."""
        if self._recording is None:
            return
        sources = self._page.sources
        redactor = sources.redactor
        if redactor is not None or sources.veiled:
            self._held.clear()
            shown = redactor.shown if redactor is not None else None
            if shown is not None and shown.frame != self._shown:
                self._shown = shown.frame
                self._add(redactor.picture, shown)
            return
        held = self._held.take(update.frame.index)
        if held is not None:
            self._add(lambda: held.picture, update)
            held.close()

    def close(self) -> None:
        """Nothing is held."""

    def _add(self, picture: Callable[[], Any], update: Update) -> None:
        assert self._recording is not None
        assert self._drawing is not None
        sources, frame, drawing = self._page.sources, update.frame, self._drawing
        if not self._recording.frames and self._sound and sources.is_video:
            answer = self._context.analysis.answer
            apart = answer.source_s - answer.frame.time_s if answer is not None else 0.0
            self._heard = (sources.given, frame.time_s + apart)

        def paint(context: Any, *place: float) -> None:
            context.drawImage(picture(), *place)

        self._recording.add(
            lambda: drawing.draw(paint, update, self._context.analysis.labels),
            frame.time_s,
            sources.scene.epoch,
            is_video=sources.is_video,
            source=sources.camera_id if sources.given is None else sources.given,
        )

    # ---- start and stop --------------------------------------------------------------------------

    async def _begin(self) -> None:
        size = self._page.sources.size
        if size is None or not size[0]:
            return
        self._say("")
        free = await storage.room()
        if free is not None and free < LEAST:
            self._say(words.NO_ROOM)
            return
        size = even(size)
        codec = await self._writer.codec(*size)
        if codec is None:
            self._say(words.NO_ENCODER)
            return
        context = self._context
        drawing = Drawing(size, canvas.new_canvas, context.display, context.layers)
        self._name, self._codec = new_name(recorder.CODECS[codec]), codec
        self._heard, self._began = None, False
        said = await self._listen(codec)
        try:
            encoder = await self._writer.encoder(
                drawing.canvas, self._name, codec, live=True, sound=self._microphone
            )
        except Exception:  # noqa: BLE001  (whatever browsers throw that cannot encode)
            drawing.close()
            self._silence()
            self._say(words.NO_ENCODER)
            return
        self._say(f"{said} {words.IN_MEMORY}".strip() if encoder.in_memory else said)
        self._in_memory = encoder.in_memory
        self._drawing = drawing
        self._recording, self._shown = Recording(encoder, self._context.spawn), None
        self._page.sources.watcher = self
        self._page.sources.look_again()
        if self._page.sources.scene.kind is not Kind.LIVE:  # it ended meanwhile
            await self._end("")

    async def _listen(self, codec: str) -> str:
        """Open the microphone, if a person wants it; return what to say if there is no sound."""
        if not self._sound or self._page.sources.is_video:
            return ""
        try:
            self._microphone = await self._writer.microphone(codec)
        except Exception:  # noqa: BLE001  (whatever browsers throw)
            return words.NO_MICROPHONE
        return words.NO_SOUND_ENCODER if self._microphone is None else ""

    def _stop(self, why: str) -> None:
        """End the recording, without a person's asking."""
        if not self._busy:
            self._busy = True
            self._context.spawn(self._stopped(self._end(why)))

    async def _stopped(self, ending: Awaitable[None]) -> None:
        try:
            await ending
        finally:
            self._busy = False
            self._render()

    async def _end(self, why: str) -> None:
        recording = self._recording
        assert recording is not None
        await self._halt(recording)
        if recording.error is not None:
            self._writer.failed.add(self._codec)
            why = why or words.BROKE_OFF
        if not recording.frames:
            await disk.delete(self._name)
            self._say(words.OF_NOTHING)
            return
        self._say(why)
        sound, said = await self._own_sound(recording)
        try:
            await self._dialog.finish(self._name, sound, said, open_dialog=not why)
        finally:
            if sound is not None:
                sound.close()

    async def _halt(self, recording: Recording) -> None:
        """Record nothing any more, and close the file."""
        self._recording = None
        self._page.sources.watcher = None
        self._held.clear()
        self._render()
        await recording.finish()
        self._silence()
        self._drawing, drawing = None, self._drawing
        if drawing is not None:
            drawing.close()

    @property
    def _sound(self) -> bool:
        """Whether a person wants sound."""
        return bool(self._context.preferences.current.record_sound)

    async def _own_sound(self, recording: Recording) -> tuple[Any, str]:
        """Return the sound of the video that was recorded, None for none, and what to say."""
        if self._heard is None:
            return None, ""
        (given, start_s), self._heard = self._heard, None
        try:
            file = (await files.fetch_blob(given))[0] if isinstance(given, str) else given
            sound = await self._writer.sound(file, start_s)
        except Exception:  # noqa: BLE001  (whatever browsers throw for a file that is gone)
            return None, words.SOUND_LOST
        if sound is not None and not recording.unbroken:
            sound.close()
            return None, words.BROKEN_SOUND
        return sound, ""

    def _silence(self) -> None:
        """Give the microphone back."""
        if self._microphone is not None:
            self._microphone.close()
            self._microphone = None

    # ---- every second ----------------------------------------------------------------------------

    async def _check(self) -> None:
        """Show the time, and look whether there is still room."""
        await self._export.check()
        recording = self._recording
        self._awake.hold(recording is not None or self._export.running)
        if recording is None or self._busy:
            return
        self._render()
        if self._hidden_ms is None:
            self._page.sources.look_again()  # a screen that stands still is recorded all the same
        if recording.error is not None:
            self._stop(words.BROKE_OFF)
            return
        left = await self._seconds_left(recording)
        if recording is not self._recording or left > WARNED_S:
            return
        full, nearly = words.FULL_WORDS[self._in_memory]
        if left <= 0:
            self._stop(full)
        else:
            self._say(nearly.format(time=words.clock(left)))

    async def _seconds_left(self, recording: Recording) -> float:
        """Return how long there is room for a recording; infinite while that is not known."""
        if self._in_memory:
            return seconds_left_in_memory(recording.written, recording.seconds)
        free = await storage.room()
        if free is None:
            return float("inf")
        return seconds_left(free, recording.written, recording.seconds)

    def _hidden(self, hidden: bool) -> None:
        """The tab is hidden, or seen again."""
        if hidden:
            self._hidden_ms = now_ms()
            return
        since, self._hidden_ms = self._hidden_ms, None
        if self._recording is None or since is None:
            return
        seconds = (now_ms() - since) / 1000
        if seconds > HIDDEN_S:
            self._say(words.WAS_HIDDEN.format(time=words.clock(seconds)))

    def _render(self) -> None:
        live = self._page.sources.scene.kind is Kind.LIVE
        recording = self._recording
        button = by_id("record")
        button.hidden = not live
        button.setAttribute("aria-pressed", "true" if recording else "false")
        button.setAttribute("aria-busy", "true" if self._busy else "false")
        said = words.RECORD
        if recording is not None:
            said = words.STOP.format(time=words.clock(recording.seconds))
        by_id("record-text").textContent = said

    def _say(self, sentence: str) -> None:
        by_id("record-note-text").textContent = sentence
        by_id("record-note").hidden = not sentence
