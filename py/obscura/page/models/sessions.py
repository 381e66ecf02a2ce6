"""The sessions of the page: which model is in use, and which others stay open.

A model is opened beside the one in use, which goes on until the other is ready.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from obscura.cards.card import ModelCard
from obscura.engine.selfcheck import verify
from obscura.engine.session import SessionInfo
from obscura.errors import BackendError, ObscuraError, OutOfMemory
from obscura.families.decode import Outputs, read
from obscura.live.timing import Timings
from obscura.page.models.heads import SessionHeads
from obscura.page.models.measure import time_run
from obscura.page.models.opening import EngineChoice, Opener, OpenModel
from obscura.page.models.pool import SessionPool
from obscura.page.models.race import Race
from obscura.page.models.recover import Recovery
from obscura.page.models.shelf import Shelf
from obscura.page.words import text
from obscura.pipeline import Answer, Request

if TYPE_CHECKING:
    from obscura.page.state.protocols import Clock, Frame, Network


class ModelAnswer(NamedTuple):
    """What a model returned for a frame, and which model it was."""

    card: ModelCard
    outputs: Outputs


class Sessions:
    """Owns the sessions. One model is in use; one is opened at a time."""

    def __init__(
        self, shelf: Shelf, opener: Opener, say: Callable[[str], None], clock: Clock
    ) -> None:
        """
        Args:
            say: shows what is going on.
        """
        self._shelf, self._opener, self._say, self._clock = shelf, opener, say, clock
        self._pool = SessionPool(opener.memory_budget(list(shelf.cards.values())))
        self._race = Race(shelf, opener, self._pool, clock, self._set_status)
        self._recovery = Recovery(shelf, opener, self._pool, self._set_status)
        self._loads = 0  # counts the calls of `load`: only the latest takes effect
        self.heads = SessionHeads()
        """The second networks that look closer at what the model in use finds."""
        self.on_builds: Callable[[], None] = lambda: None
        """Called when a race has changed `builds`."""
        self.timings = Timings()
        self.status = ""
        """What is being done to open a model, in words; "" when nothing is."""

    # ---- the model in use ------------------------------------------------------------------------

    @property
    def card(self) -> ModelCard | None:
        """The model in use; None while there is none."""
        return self._pool.current.card if self._pool.current else None

    @property
    def in_use(self) -> OpenModel | None:
        """What runs it: another one once a faster way has taken over, or after a failure."""
        return self._pool.current

    @property
    def info(self) -> SessionInfo | None:
        """Backend, device and threads of its session."""
        return self._pool.current.session.info if self._pool.current else None

    @property
    def builds(self) -> tuple[str, ...]:
        """The builds of the runtime that it needs, at the start of a visit as well."""
        current = self._pool.current
        if current is None:
            return ()
        plans = self._opener.plans_of_visits(current)
        builds = [build for plan in plans for build in plan.builds]
        if self.heads.used:
            builds += [build for plan in plans for build in plan.head_builds]
        return tuple(dict.fromkeys(builds))

    @property
    def sample(self) -> Outputs | None:
        """Its rows for the bundled picture."""
        return self._pool.current.sample if self._pool.current else None

    @property
    def why(self) -> str:
        """Why this backend, in a sentence for the meter."""
        return self._pool.current.why if self._pool.current else ""

    @property
    def ready(self) -> bool:
        """Whether `run` can be called."""
        return self._pool.current is not None

    async def run(self, capture: Callable[[], Frame | None]) -> ModelAnswer | None:
        """Run the model in use on what `capture()` returns.

        Returns:
            None if `capture()` returns None, or if the session was closed under the run because
            another has taken its place: that is not a failure of the one in use by then.

        Raises:
            BackendError: the run failed, or no model is in use. OutOfMemory: memory ran out.
            ModelMismatch: the network does not return what its card says.
        """
        current = self._pool.current
        if current is None:
            raise BackendError("No model is loaded", remedy="Choose a model.")
        await self.heads.open_in(current.session)
        begun = self._clock.now_ms()
        frame = capture()
        if frame is None:
            return None
        captured = self._clock.now_ms()
        try:
            outputs = read(await current.session.run(frame), current.card)
        except ObscuraError:
            if self._pool.current not in (None, current):
                return None
            raise
        drawn = current.session.drawn_ms  # the worker may do the rest of the capture
        self.timings.add("capture", captured - begun + drawn)
        self.timings.add("inference", self._clock.now_ms() - captured - drawn)
        return ModelAnswer(current.card, outputs)

    async def run_head(self, request: Request, card: ModelCard) -> Answer | None:
        """Run a head on parts of the frame that ran last.

        Args:
            card: the model that ran on the frame.

        Returns:
            The outputs, or what failed; None if another session has taken its place meanwhile, or
            the head was not open yet when the frame ran.
        """
        current = self._pool.current
        if current is None or current.card is not card:
            return None
        failure = self.heads.failures.get(request.head)
        if failure is not None:
            return Answer({}, 0.0, failure)
        session = current.session
        if not self.heads.is_open(session, request.head):
            return None  # it is wanted only since the frame ran
        begun = self._clock.now_ms()
        try:
            outputs = await session.run_crops(request.head, request.xyxy, request.size)
        except ObscuraError as error:
            if self._pool.current is not current:
                return None
            if session.lost:
                self.heads.engine_lost(session, request.head, error)
            return Answer({}, 0.0, error)
        return Answer(outputs, self._clock.now_ms() - begun)

    @property
    def lost(self) -> bool:
        """Whether the engine of the model in use is gone, see `recover`."""
        return self._pool.current is not None and self._pool.current.session.lost

    def check_progress(self, awake_s: float) -> None:
        """Fail a run that has taken too long, see `WebSession.check_progress`."""
        if self._pool.current is not None:
            self._pool.current.session.check_progress(awake_s)

    async def recheck(self) -> None:
        """Repeat the self-check if the model runs on a GPU: drivers can go wrong after the start.

        Raises:
            BackendError: the answer is another one now.
        """
        current = self._pool.current
        if current is None or current.card.check is None or current.plan.on_processor:
            return
        raw = await current.session.run(await self.sample_image(), keep=False)
        verify(read(raw, current.card), current.card)

    async def recover(self, card: ModelCard, error: ObscuraError) -> None:
        """After a failed run, open the same model on the next backend that works.

        Args:
            error: what the run raised.

        Raises:
            As `load`; BackendError when no backend is left.
        """
        current = self._pool.current
        blameless = current is not None and self.heads.took(current.session)
        await self._recovery.run(card, error, blameless=blameless)

    async def race(self, hold: Callable[[bool], None]) -> None:
        """Find out, once per model and device, whether another plan is faster than the one in use.

        The fastest is in use afterwards. There is no race where backend or threads were asked for,
        or where the browser asks to save data, because it may take another download.

        Args:
            hold: called with True to keep frames from being analysed while sessions are compared.

        Raises:
            ModelMissing, ModelCorrupt: the network could not be fetched again.
        """
        builds = self.builds
        await self._race.run(hold)
        if self.builds != builds:
            self.on_builds()

    # ---- opening others --------------------------------------------------------------------------

    async def load(
        self, name: str, *, backend: str = "auto", threads: int = 0, fresh: bool = False
    ) -> bool:
        """Make this model the one in use: at once if its session is still open.

        The model in use goes on meanwhile, unless memory does not suffice for both.

        Args:
            fresh: fetch the model again, bypassing the browser's cache, and open it again.

        Returns:
            False if another model has been asked for meanwhile, which is then being opened.

        Raises:
            ModelMissing, ModelCorrupt: the file could not be fetched, or is not the one that the
            card names. BackendError, OutOfMemory: no backend could run it.
        """
        self._loads += 1
        number = self._loads

        def wanted() -> bool:
            return number == self._loads

        def report(words: str) -> None:
            if wanted():
                self._set_status(words)

        card, choice = self._shelf.cards[name], EngineChoice(backend, threads)
        try:
            opened = None if fresh else self._pool.find(card, choice)
            opened = opened or await self._open(
                card, choice, fresh=fresh, report=report, wanted=wanted, alone=True
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
        self._pool.use(opened)
        return True

    def adopt(self, opened: OpenModel) -> None:
        """Make a session the one in use that was opened elsewhere, of a model on the shelf."""
        self._pool.add(opened)
        self._pool.use(opened)

    def part_with(self, opened: OpenModel) -> None:
        """Close a session. If it was in use, an idle one of the same model is next, if any."""
        self._pool.close(opened)
        idle = self._pool.of(opened.card)
        if self._pool.current is None and idle:
            self._pool.use(idle[-1])

    async def borrow(
        self, name: str, backend: str, threads: int, wanted: Callable[[], bool]
    ) -> OpenModel | None:
        """Return the model's session, opened if need be, without making it the one in use.

        It stays open as an idle one.

        Args:
            wanted: asked from time to time; once it returns False, the result is None.

        Raises:
            As `load`.
        """
        card, choice = self._shelf.cards[name], EngineChoice(backend, threads)
        return self._pool.find(card, choice) or await self._open(
            card, choice, fresh=False, report=lambda _words: None, wanted=wanted, alone=False
        )

    async def trial(
        self, card: ModelCard, network: Network, backend: str, threads: int
    ) -> OpenModel:
        """Open a model that is not on the shelf yet, see `Opener.trial`.

        The caller has to `end` it, or to put it on the shelf, where `load` finds it.
        """
        choice = EngineChoice(backend, threads)
        async with self._pool.changing:
            self._pool.make_room(self._opener.memory_bytes(card, choice))
            opened = await self._opener.trial(card, network, choice)
            self._pool.add(opened)
            return opened

    def end(self, opened: OpenModel) -> None:
        """Close a session that is not in use, if it is still open."""
        if opened is not self._pool.current:
            self._pool.close(opened)

    def forget(self, name: str) -> None:
        """Close the sessions of a model that is being removed."""
        self._pool.close(*self._pool.named(name))

    async def sample_image(self) -> Frame:
        """Return new pixels of the bundled picture."""
        return await self._opener.sample_image()

    async def time_sample(self, opened: OpenModel) -> float:
        """Return the milliseconds that a session takes for the bundled picture. Raises as `run`."""
        return await time_run(opened.session, await self.sample_image(), self._clock)

    async def _open(
        self,
        card: ModelCard,
        choice: EngineChoice,
        *,
        fresh: bool,
        report: Callable[[str], None],
        wanted: Callable[[], bool],
        alone: bool,
    ) -> OpenModel | None:
        """Fetch and open a model; None if it is no longer wanted.

        Args:
            alone: if memory runs out without idle sessions, close the one in use and try again.
        """
        report(text.FETCHING_MODEL.format(model=card.title))
        # Not under the lock: a download that hangs must not keep others from theirs.
        network = await self._shelf.fetch(card, fresh=fresh)
        async with self._pool.changing:
            self._pool.close(*self._pool.of(card))  # opened for another choice, or not fresh
            self._pool.make_room(self._opener.memory_bytes(card, choice))
            opened = None
            while opened is None and wanted():
                try:
                    opened = await self._opener.open(
                        card, network, choice, report=report, wanted=wanted
                    )
                except OutOfMemory:
                    if not wanted() or not self._pool.free(everything=alone):
                        raise
            if opened is not None and not wanted():
                opened.session.close()
                return None
            if opened is not None:
                self._pool.add(opened)
            return opened

    def _set_status(self, words: str) -> None:
        """Note what is going on, and show it; "" for nothing, which the caller shows."""
        self.status = words
        if words:
            self._say(words)
