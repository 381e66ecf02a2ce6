"""Closer looks in the page: which heads run, what they found out, and what that costs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from obscura.cards.card import ModelCard
from obscura.cards.head_card import HeadCard
from obscura.errors import ObscuraError

# They are imported by name when they are first needed; so they come with this feature.
from obscura.families.heads import (  # noqa: F401
    age_gender,
    classifier,
    dbtext,
    faces,
    movenet,
    read,
)
from obscura.heads import Assembly, Every, HeadSpec
from obscura.heads.spec import FINDERS
from obscura.page.browser import files
from obscura.page.browser.boot import boot
from obscura.page.browser.clock import now_ms
from obscura.page.browser.networks import BufferNetwork
from obscura.page.features.closer import words
from obscura.page.features.closer.looks import Looks, fitting, more_labels, noted
from obscura.page.features.closer.panel import CloserPanel
from obscura.page.features.closer.shelf import HeadShelf
from obscura.page.features.closer.skeleton import Skeletons
from obscura.page.features.context import Context
from obscura.page.models.heads import Head
from obscura.page.state.feature import Part
from obscura.page.state.scene import Kind
from obscura.page.state.settings import Settings
from obscura.pipeline import Steps
from obscura.update import Update

NETWORKS = {"faces": ("faces", "faces-far")}
"""The networks of a look that has several."""
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
        self._looks: Looks | None = None
        self._card: ModelCard | None = None
        self._made: tuple[Any, ...] = ()  # what the heads in use were made for
        self._failures: dict[str, ObscuraError] = {}  # of what could not be loaded, by title
        self._unfit: tuple[str, ...] = ()  # titles of heads that the model finds nothing for
        self._looked: Any = None  # the latest answer that was looked at
        self._looking = False
        self._reported_ms = 0.0
        self.stages = (self,)
        self.sinks = (self,)
        self.layers = (Skeletons(self._assembly, context.analysis),)

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
        self._spawn(self._follow(anew=bool(failed)))  # on another backend it may work

    def settings_changed(self, settings: Settings) -> None:
        """See `Part`."""
        self._settings = settings
        self._panel.show(settings)
        self._spawn(self._follow())

    def scene_changed(self) -> None:
        """See `Part`."""
        if self._looks is not None:
            self._looks.live.budget.boundless = self._page.sources.scene.paused

    def snapshot(self) -> dict[str, Any]:
        """See `Part`."""
        if self._looks is None:
            return {"heads": None}
        shares, failures = self._looks.latest.budget.shares(), self._looks.failures()
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

    async def _follow(self, *, anew: bool = False, again: bool = False) -> None:
        """Run the heads that the settings ask for, on what the model in use finds. Those in use go
        on until the others are here.

        Args:
            anew: also if they are in use: they have failed.
            again: a person asks for that.
        """
        card = self._card or self._page.sessions.card
        looks = tuple(self._settings.closer_looks) if self._settings.closer else ()
        always = _always(self._analysis.always)
        if card is None or (self._made == (card, looks, always) and not (anew or again)):
            return
        made = self._made = (card, looks, always)
        self._failures, self._unfit = {}, ()
        if not looks:
            self._use(None, {})
            return
        self._panel.say(words.LOADING)
        names = [name for look in looks for name in NETWORKS.get(look, (look,))]
        wanted = [HeadSpec(n, n, cadence=Every(1) if n in always else None) for n in names]
        spec, unfit = fitting(wanted, card.labels)
        cards: dict[str, HeadCard] = {}
        heads: dict[str, Head] = {}
        try:
            cards = await self._shelf.cards()
        except ObscuraError as error:
            self._failures[words.CLOSER] = error
        for head in spec.heads:
            if head.name in cards:
                try:
                    heads[head.name] = await self._shelf.head(cards[head.name])
                except ObscuraError as error:
                    self._failures[cards[head.name].title] = error
        if self._made is not made:
            return  # another choice was made meanwhile
        self._unfit = tuple(cards[head.name].title for head in unfit if head.name in cards)
        spec, _ = fitting([head for head in spec.heads if head.name in heads], card.labels)
        self._shelf.keep(heads)
        moving = lambda: self._analysis.current is not None and self._analysis.current.moving  # noqa: E731
        found = {name: cards[name] for name in heads}
        looks_now = Looks(spec, card.labels, found, read, moving) if heads else None
        if looks_now is not None:
            looks_now.live.budget.free = always
        self._use(looks_now, heads, again=again)

    def _use(self, looks: Looks | None, heads: dict[str, Head], *, again: bool = False) -> None:
        """Use other heads from the next frame on."""
        self._looks = looks
        analysis = self._analysis
        if self._card is not None:
            analysis.more_labels = more_labels(self._card.labels)
        analysis.finders.stages = [looks.finders] if looks else []
        analysis.closer = looks is not None
        analysis.aside = looks.aside if looks else None
        analysis.shares = looks.shares if looks else dict
        self._page.sessions.heads.want(heads, again=again)
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
        failures = dict(self._failures)
        shares: dict[str, float] = {}
        if self._looks is not None:
            titles = {stage.name: stage.card.title for stage in self._looks.latest.heads}
            found = self._page.sessions.heads.failures | self._looks.failures()
            failures |= {titles[name]: error for name, error in found.items() if name in titles}
            shares = self._looks.shares()
        self._panel.report(failures, self._unfit, shares)


def _always(labels: Collection[str]) -> frozenset[str]:
    """Return the networks that find objects of these classes."""
    looks = [FINDERS[label] for label in labels if label in FINDERS]
    return frozenset(name for look in looks for name in NETWORKS.get(look, (look,)))


async def _text(address: str) -> str:
    blob, status = await files.fetch_blob(address)
    if blob is None:
        raise OSError(f"{address}: {status}")
    return str(await blob.text())


async def _download(address: str, fresh: bool) -> BufferNetwork:
    return BufferNetwork(await boot.take(address, fresh))


def _copy(network: BufferNetwork) -> Any:
    return network.handle.slice(0)
