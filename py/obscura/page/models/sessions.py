"""The sessions: one in use, and the former one kept so that going back to it takes no time.

A model that is asked for is opened beside the one in use, which goes on until the other is ready.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from js import performance

from obscura.cards.card import ModelCard
from obscura.engine.plans import Plan, wins
from obscura.engine.selfcheck import verify
from obscura.engine.session import SessionInfo
from obscura.errors import BackendError, ObscuraError, OutOfMemory
from obscura.families.decode import Outputs
from obscura.live.timing import Timings
from obscura.page.models.opening import FREE, Opened, Opener
from obscura.page.models.shelf import Shelf
from obscura.page.words import text

RACE_WARM_UP = 3
RACE_RUNS = 7
HOPELESS = 4
"""Whoever takes so many times as long as the other has lost the race at once."""

MOST_SESSIONS = 2
"""Alive at once, the one that is being opened included: each holds a runtime's memory."""


class ModelAnswer(NamedTuple):
    """What a model returned."""

    card: ModelCard
    outputs: Outputs


class Inference:
    """Owns the sessions. One is in use; one is opened at a time."""

    def __init__(self, shelf: Shelf, opener: Opener, say: Callable[[str], None]) -> None:
        """
        Args:
            say: shows what is happening now.
        """
        self._shelf, self._opener, self._say = shelf, opener, say
        self._winners = opener.winners
        self.timings = Timings()
        self._current: Opened | None = None
        self._kept: list[Opened] = []  # all that are alive, the latest used last
        self._wishes = 0
        self._changing = asyncio.Lock()
        self.status = ""
        """What is being done to open a model, in words; "" when nothing is."""

    @property
    def card(self) -> ModelCard | None:
        """The model in use; None while there is none."""
        return self._current.card if self._current else None

    @property
    def info(self) -> SessionInfo | None:
        """Its session's backend, device and threads."""
        return self._current.session.info if self._current else None

    @property
    def runtime(self) -> str:
        """The build of onnxruntime-web that it runs on; "" while there is none."""
        return self._current.plan.runtime if self._current else ""

    @property
    def sample(self) -> Outputs | None:
        """Its answer on the bundled picture."""
        return self._current.sample if self._current else None

    @property
    def why(self) -> str:
        """Why this backend, in a sentence for the meter."""
        return self._current.why if self._current else ""

    @property
    def ready(self) -> bool:
        """Whether `run` can be called."""
        return self._current is not None

    async def load(
        self, name: str, *, backend: str = "auto", threads: int = 0, fresh: bool = False
    ) -> bool:
        """Make this model the one in use: at once if its session is still alive.

        The model in use goes on meanwhile, unless there is not memory enough for both.

        Args:
            fresh: fetch the model anew, past the browser's cache, and open it anew.

        Returns:
            False if another model was asked for meanwhile, which is then on its way.

        Raises:
            ModelMissing, ModelCorrupt: the file did not come, or is not the one that the card
            names. BackendError, OutOfMemory: no backend could run it.
        """
        self._wishes += 1
        wish = self._wishes

        def wanted() -> bool:
            return wish == self._wishes

        def tell(words: str) -> None:
            if wanted():
                self._tell(words)

        card = self._shelf.cards[name]
        try:
            kept = None if fresh else self._find(card, (backend, threads))
            opened = kept or await self._obtain(
                card, (backend, threads), fresh=fresh, tell=tell, wanted=wanted, alone=True
            )
        except ObscuraError:
            if wanted():
                raise
            return False
        finally:
            if wanted():
                self.status = ""
        if opened is None or not wanted():
            return False
        self._use(opened)
        return True

    async def borrow(
        self, name: str, backend: str, threads: int, wanted: Callable[[], bool]
    ) -> Opened | None:
        """The model's session, opened if need be, without making it the one in use.

        It takes the place of the former one, and stays alive as that would.

        Args:
            wanted: asked from time to time; once it says no, the answer is None.

        Raises:
            As `load`.
        """
        card, wish = self._shelf.cards[name], (backend, threads)
        return self._find(card, wish) or await self._obtain(
            card, wish, fresh=False, tell=lambda _words: None, wanted=wanted, alone=False
        )

    async def trial(self, card: ModelCard, network: Any, backend: str, threads: int) -> Opened:
        """Open a model that is not on the shelf yet, in the former one's place; see `Opener.trial`.

        It is the caller's to `end`, or to put on the shelf, whereupon `load` finds it.
        """
        async with self._changing:
            self._make_room()
            opened = await self._opener.trial(card, network, (backend, threads))
            self._kept.insert(0, opened)
            return opened

    def end(self, opened: Opened) -> None:
        """Close a session that is not in use, if it is still alive."""
        if opened in self._kept and opened is not self._current:
            self._drop(opened)

    def forget(self, name: str) -> None:
        """Close the session of a model that is to be removed."""
        for each in [each for each in self._kept if each.card.name == name]:
            self._drop(each)

    async def sample_image(self) -> Any:
        """A new `ImageData` of the bundled picture."""
        return await self._opener.sample_image()

    async def race(self, hold: Callable[[bool], None]) -> None:
        """Find out, once per model and device, whether other ways to run are faster than the one
        in use, which nobody chose; the fastest is in use afterwards, and remembered.

        Where data are to be saved there is no race, for it may take another download.

        Args:
            hold: keeps frames from being analysed, while True, so that they do not compete.

        Raises:
            ModelMissing, ModelCorrupt: the network could not be had once more.
        """
        current = self._current
        if current is None or current.wish != FREE or self._opener.thrifty:
            return
        if self._winners.get(current.card) is not None:
            return
        card = current.card
        for plan in self._opener.rivals(current):
            best = self._current
            if best is None or best.card is not card:
                return
            await self._heat(best, plan, hold)
        if self._current is not None and self._current.card is card:
            self._winners.set(card, self._current.plan)

    async def _heat(self, current: Opened, plan: Plan, hold: Callable[[bool], None]) -> None:
        """Race the session in use against one other way to run."""
        self._tell(text.COMPARING.format(model=current.card.title))
        opened = None
        try:
            opened = await self._rival(current, plan)
            if opened is not None:
                hold(True)
                await self._compare(current, opened)
        except BackendError:  # the rival cannot run: no race
            if opened is not None:
                self.end(opened)
        finally:
            hold(False)
            self.status = ""

    async def _rival(self, current: Opened, plan: Plan) -> Opened | None:
        model = await self._shelf.fetch(current.card)
        async with self._changing:
            self._make_room()
            opened = await self._opener.open(
                current.card,
                model,
                current.wish,
                plans=[plan],
                tell=lambda _words: None,
                wanted=lambda: self._current is current,
            )
            if opened is not None:
                self._kept.insert(0, opened)
            return opened

    async def _compare(self, current: Opened, challenger: Opened) -> None:
        times = Timings()
        for number in range(RACE_WARM_UP + RACE_RUNS):
            lap = [await self.time_sample(opened) for opened in (current, challenger)]
            decided = number > 0 and max(lap) > HOPELESS * min(lap)
            if number >= RACE_WARM_UP or decided:
                times.add("current", lap[0])
                times.add("challenger", lap[1])
            if decided:
                break
        medians = times.medians()
        won = wins(medians["challenger"], medians["current"])
        names = {"current": text.way(current.plan), "challenger": text.way(challenger.plan)}
        winner, loser = ("challenger", "current") if won else ("current", "challenger")
        (challenger if won else current).why = text.RACED.format(
            winner=names[winner], ms=medians[winner], loser=names[loser], other_ms=medians[loser]
        )
        if self._current is current:
            if won:
                self._use(challenger)
            self.end(current if won else challenger)

    def check_progress(self, passed_s: float) -> None:
        """Give up a run that is not answered, see `WebSession.look`."""
        if self._current is not None:
            self._current.session.look(passed_s)

    async def recheck(self) -> None:
        """Hold the session in use to the recorded answer once more, if it computes on a GPU:
        drivers and memory can go wrong long after the start.

        Raises:
            BackendError: it gives another answer now.
        """
        current = self._current
        if current is None or current.card.check is None or current.plan.backend == "wasm":
            return
        verify(await current.session.run(await self.sample_image()), current.card)

    async def recover(self, card: ModelCard, error: ObscuraError) -> None:
        """After a failed run: open the same model on the next backend that works.

        Args:
            error: what happened.

        Raises:
            As `load`; BackendError when no backend is left.
        """
        async with self._changing:
            failed = next((each for each in self._kept if each.card is card), None)
            if failed is None:
                return
            self._drop(failed)
            if self._current is not None:
                return  # another model has taken over
            self._winners.forget(card)
            try:
                self._tell(text.FETCHING_MODEL.format(model=card.title))
                opened = await self._opener.open(
                    card,
                    await self._shelf.fetch(card),
                    failed.wish,
                    refused=failed.refused | {failed.plan},
                    tell=self._tell,
                    wanted=lambda: self._current is None,
                )
            finally:
                self.status = ""
            if opened is not None:
                opened.why = text.failed(error)
                self._kept.insert(0, opened)
                if self._current is None:
                    self._use(opened)

    async def run(self, capture: Callable[[], Any]) -> ModelAnswer | None:
        """Outputs for what `capture()` makes; None if it makes nothing. What is taken and errors
        are as in `WebSession.run`."""
        if self._current is None:
            raise BackendError("No model is loaded", remedy="Choose a model.")
        begun = performance.now()
        image = capture()
        if image is None:
            return None
        captured = performance.now()
        session, card = self._current.session, self._current.card
        outputs = await session.run(image)
        drawn = session.drawn_ms
        self.timings.add("capture", captured - begun + drawn)
        self.timings.add("inference", performance.now() - captured - drawn)
        return ModelAnswer(card, outputs)

    async def time_sample(self, opened: Opened) -> float:
        """Milliseconds that a session takes for the bundled picture; errors as in `run`."""
        image = await self.sample_image()
        begun = performance.now()
        await opened.session.run(image)
        return float(performance.now() - begun)

    def _find(self, card: ModelCard, wish: tuple[str, int]) -> Opened | None:
        return next((each for each in self._kept if each.card is card and each.wish == wish), None)

    async def _obtain(
        self,
        card: ModelCard,
        wish: tuple[str, int],
        *,
        fresh: bool,
        tell: Callable[[str], None],
        wanted: Callable[[], bool],
        alone: bool,
    ) -> Opened | None:
        """Fetch and open a model; None if it is no longer wanted.

        Args:
            alone: if the memory does not suffice for two, close the one in use and try again.
        """
        tell(text.FETCHING_MODEL.format(model=card.title))
        # Not yet under the lock: a download that hangs must not keep others from theirs.
        model = await self._shelf.fetch(card, fresh=fresh)
        async with self._changing:
            for each in [each for each in self._kept if each.card is card]:
                self._drop(each)  # opened for another wish, or of no more use
            self._make_room()
            try:
                opened = await self._opener.open(card, model, wish, tell=tell, wanted=wanted)
            except OutOfMemory:
                if not alone or not self._kept or not wanted():
                    raise
                self._drop_all()
                opened = await self._opener.open(card, model, wish, tell=tell, wanted=wanted)
            if opened is not None and not wanted():
                opened.session.close()
                return None
            if opened is not None:
                self._kept.insert(0, opened)
            return opened

    def _make_room(self) -> None:
        spare = [each for each in self._kept if each is not self._current]
        for each in spare[: len(self._kept) - (MOST_SESSIONS - 1)]:
            self._drop(each)

    def _use(self, opened: Opened) -> None:
        self._current = opened
        self._kept.remove(opened)
        self._kept.append(opened)

    def _drop_all(self) -> None:
        for each in list(self._kept):
            self._drop(each)

    def _drop(self, opened: Opened) -> None:
        """Close a session, which frees its memory."""
        opened.session.close()
        self._kept.remove(opened)
        if self._current is opened:
            self._current = None

    def _tell(self, words: str) -> None:
        self.status = words
        self._say(words)
