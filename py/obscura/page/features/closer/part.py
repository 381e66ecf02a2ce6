"""Closer looks in the page: which heads run, what they found out, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from obscura.cards.card import ModelCard

# They are imported by name when they are first needed; so they come with this feature.
from obscura.families.heads import (  # noqa: F401
    age_gender,
    classifier,
    dbtext,
    faces,
    movenet,
    read,
)
from obscura.heads import Assembly, PipelineError
from obscura.page.browser import files
from obscura.page.browser.boot import boot
from obscura.page.browser.clock import now_ms
from obscura.page.browser.networks import BufferNetwork
from obscura.page.features.closer import words
from obscura.page.features.closer.looks import Looks, more_labels, noted
from obscura.page.features.closer.networks import OwnNetworks
from obscura.page.features.closer.panel import CloserPanel
from obscura.page.features.closer.shelf import HeadShelf
from obscura.page.features.closer.skeleton import Skeletons
from obscura.page.features.closer.wanted import Wanted, fetch
from obscura.page.features.context import Context
from obscura.page.state.feature import Part
from obscura.page.state.scene import Kind
from obscura.page.state.settings import Settings
from obscura.pipeline import Steps
from obscura.update import Update

REPORT_MS = 500
"""How often the costs that are shown change."""


def start(context: Context) -> Closer:
    """Start the feature."""
    return Closer(context)


class Closer(Part):
    """The heads that are wanted: those that find objects, and those that say more of them."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._analysis, self._spawn = context.page, context.analysis, context.spawn
        self._settings = context.preferences.table.settings()
        self._shelf = HeadShelf(context.build.heads_url, _text, _download, _copy)
        self._panel = CloserPanel(context)
        self._own = OwnNetworks(context, self._shelf, _copy, self._panel)
        self._looks: Looks | None = None
        self._card: ModelCard | None = None
        self._made: tuple[Any, ...] = ()  # what the heads in use were made for
        self._wanted = Wanted()
        self._looked: Any = None  # the latest answer that was looked at
        self._looking = self._loading = False
        self._reported_ms = 0.0
        self.stages = (self,)
        self.sinks = (self,)
        self.layers_below = (Skeletons(self._assembly, context.analysis),)

    # ---- of the page -----------------------------------------------------------------------------

    def run(self, command: str) -> Any:
        """See `Part`."""
        if command == "switch":
            return self._page.change(closer=not self._settings.closer)
        return self._follow(again=True)

    def model_opened(self, card: ModelCard) -> None:
        """See `Part`."""
        self._card = card
        self._analysis.more_labels = more_labels(card.labels)
        failed = self._looks is not None and self._looks.failures()
        self._spawn(self._follow(failed=bool(failed)))  # on another backend it may work

    def settings_changed(self, settings: Settings) -> None:
        """See `Part`."""
        self._settings = settings
        self._panel.show(settings)
        self._spawn(self._follow())

    async def open_files(self, files: Sequence[Any]) -> None:
        """See `Part`."""
        if not self._settings.closer:
            self._page.change(closer=True)
        await self._own.add(files)

    async def forget(self) -> None:
        """See `Part`."""
        await self._own.forget()

    def scene_changed(self) -> None:
        """See `Part`."""
        if self._looks is not None:
            self._looks.live.budget.boundless = self._page.sources.scene.paused

    def snapshot(self) -> dict[str, Any]:
        """See `Part`."""
        if self._looks is None:
            return {"heads": None}
        shares = self._looks.latest.budget.shares()
        failures = self._page.sessions.heads.failures | self._looks.failures()
        return {
            "heads": {
                stage.name: {
                    "ms": round(shares.get(stage.name, 0.0), 2),
                    "failed": str(failures[stage.name]) if stage.name in failures else None,
                }
                for stage in self._looks.latest.heads
            }
        }

    # ---- which heads run -------------------------------------------------------------------------

    async def _follow(self, *, failed: bool = False, again: bool = False) -> None:
        """Run the heads that the settings ask for, on what the model in use finds. Those in use go
        on until the others are here.

        Args:
            failed: also if they are in use, because some have failed.
            again: a person asks for that.
        """
        card = self._card or self._page.sessions.card
        looks = tuple(self._settings.closer_looks) if self._settings.closer else ()
        always = self._analysis.always
        if card is None or (self._made == (card, looks, always) and not (failed or again)):
            return
        made = self._made = (card, looks, always)
        if not looks:
            self._use(None, Wanted())
            return
        self._loading = True
        self._report()
        await self._own.ready()
        wanted = await fetch(looks, card.labels, self._shelf, self._own.heads, always)
        if self._made is not made:
            return  # another choice was made meanwhile
        self._use(self._assembled(wanted, card), wanted, again=again)

    def _assembled(self, wanted: Wanted, card: ModelCard) -> Looks | None:
        if not wanted.heads:
            return None
        try:
            looks = Looks(wanted.spec, card.labels, wanted.cards, read, self._moving)
        except PipelineError as error:  # of networks that a person added
            wanted.failures[words.CLOSER] = error
            return None
        looks.live.budget.free = wanted.always
        return looks

    def _moving(self) -> bool:
        current = self._analysis.current
        return current is not None and current.moving

    def _use(self, looks: Looks | None, wanted: Wanted, *, again: bool = False) -> None:
        """Use other heads from the next frame on."""
        self._looks, self._wanted, self._loading = looks, wanted, False
        self._shelf.keep({card.name for card in wanted.cards.values()})
        self._own.heads.keep(wanted.heads)
        analysis = self._analysis
        analysis.unavailable = wanted.unavailable
        if self._card is not None:
            analysis.more_labels = more_labels(self._card.labels)
        analysis.finders.stages = [looks.finders] if looks else []
        analysis.closer = looks is not None
        analysis.aside = looks.aside if looks else None
        analysis.shares = looks.shares if looks else dict
        self._page.sessions.heads.want(wanted.heads if looks else {}, again=again)
        self.scene_changed()
        self._report()
        self._spawn(self._look_again())

    async def _look_again(self) -> None:
        """Look at what stands still in view."""
        again = self._page.sources.analyse_again()
        if again is None:
            return
        self._looking = True
        try:
            await again
        finally:
            self._looking = False

    # ---- a stage and a sink ----------------------------------------------------------------------

    def update(self, update: Update) -> Update:
        """Add what is known from earlier frames."""
        return noted(self._looks.others.update(update)) if self._looks else update

    def steps(self, update: Update) -> Steps:
        """Add what the heads find out; see `pipeline.AskingStage`."""
        if self._made and self._made[-1] != self._analysis.always:
            self._spawn(self._follow())  # another feature needs more of them, or less
        looks = self._looks
        if looks is None:
            return update
        self._looked = self._analysis.current
        ms = self._page.sessions.timings.medians().get("inference")
        if ms is not None:
            looks.live.budget.add_detector(ms)
        update = yield from looks.others.steps(update)
        return noted(update)

    def reset(self) -> None:
        """See `Stage`."""
        if self._looks is not None:
            self._looks.others.reset()

    def take(self, update: Update) -> None:  # noqa: ARG002  (a sink)
        """Show what the heads cost, and which have stopped; look at the sample picture, which is
        shown without being analysed again."""
        if self._looks is None:
            return
        kind = self._page.sources.scene.kind
        if kind is not Kind.LIVE or now_ms() - self._reported_ms > REPORT_MS:
            self._report()
        looked = self._looking or self._analysis.answer is self._looked
        if kind is Kind.WELCOME and not looked:
            self._spawn(self._look_again())

    def close(self) -> None:
        """Nothing is held."""

    def _assembly(self) -> Assembly | None:
        return self._looks.latest if self._looks is not None else None

    def _report(self) -> None:
        """Show what the heads cost, and which do not run."""
        self._reported_ms = now_ms()
        failures = dict(self._wanted.failures)
        shares: dict[str, float] = {}
        if self._looks is not None:
            titles = {stage.name: stage.card.title for stage in self._looks.latest.heads}
            found = self._page.sessions.heads.failures | self._looks.failures()
            failures |= {titles[name]: error for name, error in found.items() if name in titles}
            shares = self._looks.shares()
        self._panel.report(failures, self._wanted.unfit, shares, loading=self._loading)


async def _text(address: str) -> str:
    blob, status = await files.fetch_blob(address)
    if blob is None:
        raise OSError(f"{address}: {status}")
    return str(await blob.text())


async def _download(address: str, fresh: bool) -> BufferNetwork:
    return BufferNetwork(await boot.take(address, fresh))


def _copy(network: BufferNetwork) -> Any:
    return network.handle.slice(0)
