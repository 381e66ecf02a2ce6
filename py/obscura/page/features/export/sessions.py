"""Sessions in the page: opened, compared with the video in view, and replayed over it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from obscura.cards.card import ModelCard
from obscura.counting import Shapes
from obscura.counting.shapes import to_json
from obscura.export.session import About, Session, SessionError
from obscura.page.browser import blobs, files, sharing
from obscura.page.browser.clock import now_ms
from obscura.page.features.context import Context
from obscura.page.features.export import words
from obscura.page.features.export.replaying import Replay
from obscura.page.features.export.shelf import MemoryStore
from obscura.page.features.export.writing import TURN_MS
from obscura.page.live.identity import sha256
from obscura.page.live.results import Head, Results

MOST_BYTES = 512 << 20
"""Of a session's file, which is read into memory; hours of video take a tenth of it."""
PART_FRAMES = 1000
"""Frames after which those that were read are packed."""


class _Cancelled(Exception):
    """A person has cancelled a comparison."""


class Sessions:
    """Opens sessions, and replays the latest one over its video."""

    def __init__(
        self,
        context: Context,
        card: Callable[[str], ModelCard],
        say: Callable[[str], None],
        show_progress: Callable[[float | None], None],
        changed: Callable[[], None],
    ) -> None:
        """
        Args:
            card: returns the card of a model, or of another one if there is none of this name.
            say: shows a sentence, and has it announced.
            show_progress: shows the part that is done of what is under way, 0 to 1; None for
                nothing.
            changed: called when a replay begins or ends, or another session is open.
        """
        assert context.page is not None
        self._context, self._sources = context, context.page.sources
        self._features = context.page.features
        self._card, self._say, self._changed = card, say, changed
        self._show_progress = show_progress
        self._name, self._about = "", None  # type: str, About | None
        self._shapes: Any = None  # a file of the session's lines and zones, until they are used
        self._compared: Any = None  # what was in view when it was compared last
        self._replay: Replay | None = None
        self._ticket = 0  # of what is being opened or compared; another one cancels it
        self.busy = False
        """Whether a session is being opened or compared, which `end` cancels."""
        self.results: Results | None = None
        """Those of the session that is open; None while none is."""
        self.shapes = Shapes()
        """Its lines and zones."""

    @property
    def replaying(self) -> bool:
        """Whether a session is replayed over the video in view."""
        return self._replay is not None

    async def open(self, file: Any) -> None:
        """Open a session, and replay it if its video is in view.

        Raises:
            SessionError, RecordsError, ShapesError: it is not valid.
        """
        self.end()
        name = str(file.name)
        if file.size > MOST_BYTES:
            raise SessionError(words.TOO_LARGE, remedy="Read it with Python.")
        self._say(words.OPENING.format(name=name))
        try:
            with self._working() as wanted:
                data = io.BytesIO()
                async for part in blobs.parts(file):
                    data.write(part)
                with Session(data) as session:
                    about, shapes = session.about, session.shapes
                    results = await self._read(session, name, wanted)
        except BaseException:
            self._say("")  # the error card says why
            raise
        if results is None:
            return
        self._name, self._about, self.results, self.shapes = name, about, results, shapes
        self._shapes = None
        if shapes.lines or shapes.zones:
            blob = sharing.text_blob(to_json(shapes), "application/json")
            self._shapes = files.named(blob, "shapes.json")
        self._compared = None
        self._changed()
        if about.source.get("kind") == "camera":
            self._say(words.NO_VIDEO.format(name=name))
        elif self._sources.is_video:
            await self.compare()
        else:
            self._say(words.WAITING.format(name=name, video=about.source["name"]))

    async def compare(self) -> None:
        """Replay the session over the video in view, if it is of that."""
        about, given = self._about, self._sources.given
        if about is None or given is None or given is self._compared or self.replaying:
            return
        if about.source.get("kind") == "camera" or not self._sources.is_video:
            return
        self._compared = given
        wanted = {"name": self._name, "video": about.source["name"]}
        known = about.source.get("sha256")
        if known is not None:
            with self._working() as goes_on:
                same = await self._is_same(given, about, goes_on)
            if not goes_on():
                return
            if not same:
                self._refuse(given, words.OTHER_FILE.format(**wanted))
                return
        if given is not self._sources.given or about is not self._about:
            return
        size = (about.source.get("width"), about.source.get("height"))
        if None not in size and self._sources.size != size:
            self._refuse(given, words.OTHER_SIZE.format(**wanted))
            return
        sentence = words.REPLAYING if known is not None else words.NO_HASH
        await self._begin(sentence.format(name=self._name))

    def end(self) -> None:
        """End the replay: the video in view is analysed again. Or cancel what is being opened."""
        if self.busy:
            self._ticket += 1
            self._say(words.NOT_OPENED)
        if self._replay is not None:
            self._stopped()
            self._sources.kept = None
            self._say("")

    @contextmanager
    def _working(self) -> Iterator[Callable[[], bool]]:
        """Show that something is under way; give what returns whether it is still wanted."""
        self._ticket += 1
        ticket, self.busy = self._ticket, True
        self._changed()
        try:
            yield lambda: ticket == self._ticket
        finally:
            self.busy = False
            self._show_progress(None)
            self._changed()

    def scene_changed(self) -> None:
        """What is in view has changed."""
        if self._replay is not None and self._sources.kept is not self._replay:
            self._stopped()  # its video was closed
            self._say("")
        if self.results is not None and self._sources.given is None:
            self._compared = None

    @property
    def waits(self) -> bool:
        """Whether a session is open that was not compared with the video in view."""
        return (
            self._about is not None
            and not self.replaying
            and self._sources.is_video
            and self._sources.given is not self._compared
        )

    def _stopped(self) -> None:
        self._replay = None
        if self._context.results is self.results:
            self._context.results = None
        self._changed()

    def _refuse(self, given: Any, sentence: str) -> None:
        if given is self._sources.given:
            self._say(sentence)

    async def _begin(self, sentence: str) -> None:
        assert self.results is not None
        self._replay = Replay(self.results, self._card(self.results.head.model))
        self._context.results = self.results
        self._sources.kept = self._replay
        self._changed()
        self._say(sentence)
        shapes, self._shapes = self._shapes, None
        if shapes is not None:
            await (await self._features.part("count")).open_file(shapes)

    async def _read(
        self, session: Session, name: str, wanted: Callable[[], bool]
    ) -> Results | None:
        """Return the results that a session holds, None if it is not wanted any more; the page gets
        its turn meanwhile."""
        about = session.about
        title = about.model.get("title")
        source = {**about.source, **({"title": title} if isinstance(title, str) else {})}
        model = about.model["name"]
        head = Head(about.source["name"], model, about.labels, about.least, source)
        head.settings, head.complete = about.settings, about.complete
        results = Results(MemoryStore(), name, head)
        begun_ms = now_ms()
        for number, record in enumerate(session.records(), 1):
            results.add(record)
            if number % PART_FRAMES == 0:
                await results.flush()
            if now_ms() - begun_ms > TURN_MS:
                self._show_progress(number / max(about.frames, 1))
                await asyncio.sleep(0)
                if not wanted():
                    return None
                begun_ms = now_ms()
        await results.flush()
        return results

    async def _is_same(self, given: Any, about: About, wanted: Callable[[], bool]) -> bool:
        """Whether what is in view is the very file of a session; False, too, if that is not wanted
        any more."""
        blob = given
        if isinstance(given, str):
            blob, _ = await files.fetch_blob(given)
        if blob is None or int(blob.size) != about.source.get("bytes"):
            return False

        def say(done: float) -> None:
            if not wanted():
                raise _Cancelled
            self._show_progress(done)

        self._say(words.HASHING.format(name=about.source["name"]))
        try:
            return bool(await sha256(blob, files.read_part, say) == about.source["sha256"])
        except _Cancelled:
            return False
