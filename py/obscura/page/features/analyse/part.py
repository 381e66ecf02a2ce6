"""Starts thorough analysis of video files, and routes commands to it."""

from __future__ import annotations

import json
from typing import Any

from obscura.cards.card import ModelCard
from obscura.page.browser import files, records, storage
from obscura.page.browser.awake import Awake
from obscura.page.browser.boot import boot
from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import every, on_hidden, on_leave, run_now
from obscura.page.browser.media import Media, MediaError
from obscura.page.features.analyse.desk import Desk
from obscura.page.features.analyse.panel import AnalysePanel
from obscura.page.features.context import Context
from obscura.page.live.identity import identity
from obscura.page.live.sources import same_origin
from obscura.page.state.feature import Part
from obscura.page.state.settings import Settings

SHOWN_EVERY_MS = 500


def start(context: Context) -> Analyse:
    """Start the feature."""
    return Analyse(context)


class Analyse(Part):
    """The controls below the time line, and the desk that they are for."""

    def __init__(self, context: Context) -> None:
        store_url = context.build.store_url
        self._media = Media(context.build.media_url)
        self._store = records.RecordDatabase(records.RESULTS, lambda: boot.load(store_url))
        self._fetched: dict[str, Any] = {}  # the video in view, if it came from an address
        panel = AnalysePanel()
        self._desk = Desk(
            context,
            self._store,
            panel,
            open_file=self._open,
            identify=self._identify,
            room=storage.room,
            may_store=lambda: not storage.keeps_nothing(),
            awake=Awake().hold,
            now_ms=now_ms,
        )
        context.deleting.append(self._desk.deleting)
        panel.on_mark = self._desk.markers.open
        panel.on_class = self._desk.markers.choose
        every(SHOWN_EVERY_MS, self._desk.tick)
        # At once as far as the first wait, which a page that is about to close still reaches.
        on_hidden(lambda: run_now(self._desk.store()))
        on_leave(lambda: run_now(self._desk.leave()))

    def run(self, command: str) -> Any:
        """See `Part`."""
        return self._desk.run(command)

    def scene_changed(self) -> None:
        """See `Part`."""
        self._desk.check()

    def model_opened(self, card: ModelCard) -> None:  # noqa: ARG002  (as `Part` has it)
        """See `Part`."""
        self._desk.check()

    def settings_changed(self, settings: Settings) -> None:  # noqa: ARG002  (as `Part` has it)
        """See `Part`."""
        self._desk.check()
        self._desk.show_marks()

    def snapshot(self) -> dict[str, Any]:
        """See `Part`."""
        return {"analysed": self._desk.snapshot()}

    async def forget(self) -> None:
        """See `Part`."""
        await self._desk.forget()
        await self._store.clear()

    async def _open(self, source: Any) -> Any:
        return await self._media.open(await self._file(source))

    async def _file(self, source: Any) -> Any:
        """Return the file of a source, fetched if it is an address."""
        if not isinstance(source, str):
            return source
        if source not in self._fetched:
            blob, status = await files.fetch_blob(same_origin(source))
            if blob is None:
                raise MediaError(f"{source}: {status}")
            self._fetched = {source: files.named(blob, source)}
        return self._fetched[source]

    async def _identify(self, source: Any) -> str | None:
        """Return what tells a source from all others; None for an address that was not fetched."""
        if isinstance(source, str) and source not in self._fetched:
            return None
        known = await identity(await self._file(source), files.read_part)
        return json.dumps(known, ensure_ascii=False)
