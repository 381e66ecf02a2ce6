"""Use of a server that a person agreed to: the device first, the server where that was agreed.

Pure Python. A server is used only once it has answered for the bundled picture as this device must.
When it stops answering, the device goes on at once, and the server is left alone for a while.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from enum import StrEnum
from typing import Any, Protocol

from obscura.cards.card import ModelCard
from obscura.engine.plans import Plan
from obscura.engine.remote import (
    Link,
    Refusal,
    RemoteSession,
    ServerError,
    answer_of,
    check_model,
)
from obscura.engine.selfcheck import verify
from obscura.errors import ObscuraError
from obscura.families.decode import Outputs, read
from obscura.page.features.remote import words
from obscura.page.models.opening import EngineChoice, OpenModel

FAR = 2.0
"""How many times as long as the server this device must take to be far slower."""
FRAMES = 5
"""Frames that must be measured before the two are compared."""
TIMED = 2
"""Answers of the server that are timed; the faster one counts, as one may be slow by chance."""
PAUSE_MS = 30_000.0
"""For how long a server is left alone that failed, or was no faster."""
PATIENT_LOOKS = 2
"""How often in a row the device must be found without a model: else it may be opening one."""
PLAN = Plan("wasm", "wasm", 1)
"""What this device has for a session on a server: nothing but the files of heads."""
CHOICE = EngineChoice("server")


class Agreed(StrEnum):
    """When pictures may be sent."""

    FAILS = "fails"  # if this device cannot run the detector
    SLOWER = "slower"  # also if it is far slower


class View(Protocol):
    """What people see of it."""

    def show(self, *, agreed: bool, sending: bool) -> None:
        """Show whether the server may be asked, and whether it is the one that detects."""

    def note(self, sentence: str) -> None:
        """Show one sentence; "" for none."""


class ServerUse:
    """Uses a server while a person agrees."""

    def __init__(
        self,
        page: Any,
        link: Link,
        view: View,
        host: str,
        *,
        now_ms: Callable[[], float],
        spawn: Callable[[Awaitable[Any]], Any],
    ) -> None:
        """
        Args:
            page: the app, see `features.context.Page`.
            host: the server's name, for people.
        """
        self._page, self._sessions = page, page.sessions
        self._link, self._view, self._host = link, view, host
        self._now_ms, self._spawn = now_ms, spawn
        self.agreed: Agreed | None = None
        """What the person agreed to; None for nothing."""
        self._opened: OpenModel | None = None  # the model on the server that is in use
        self._checked: dict[str, float] = {}  # milliseconds of the check, by models that passed
        self._device_ms: float | None = None  # of the device when the server took over
        self._not_before_ms = 0.0
        self._without = 0  # looks in a row that found the device without a model
        self._busy = False

    @property
    def sending(self) -> bool:
        """Whether pictures go to the server."""
        return self._opened is not None and self._sessions.in_use is self._opened

    async def agree(self, when: Agreed) -> str:
        """Use the server from now on as the person agreed, if it answers as it must.

        Returns:
            "" if it does; else why it is not used, in words.
        """
        self._checked.clear()
        try:
            await self._check(self._card())
        except ServerError as error:
            return words.refused(error.refusal, self._host)
        self.agreed, self._not_before_ms, self._without = when, 0.0, PATIENT_LOOKS
        self._view.note("")
        self._show()
        await self.look()
        return ""

    def stop(self) -> Coroutine[Any, Any, None]:
        """Send nothing more, from before this returns; what it returns has the device go on."""
        self.agreed = None
        opened, self._opened = self._opened, None
        if opened is not None:
            self._sessions.part_with(opened)  # first, so that nothing is sent any more
        self._view.note(words.ENDED)
        self._show()
        return self._go_on(opened is not None)

    async def _go_on(self, was_asked: bool) -> None:
        if was_asked:
            await self._back()

    async def look(self) -> None:
        """Compare what there is with what was agreed, from time to time; change over if need be."""
        if self._busy or self.agreed is None:
            return
        self._busy = True
        try:
            if self._opened is not None and not self.sending:
                self._sessions.end(self._opened)  # another model or engine was chosen
                self._opened = None
                self._show()
            await (self._look_back() if self.sending else self._look_over())
        finally:
            self._busy = False

    async def _look_over(self) -> None:
        """Use the server, if it is agreed for what this device does now."""
        if self._now_ms() < self._not_before_ms:
            return
        card = self._sessions.card
        if card is None:
            opening = self._page.models.opening is not None or self._sessions.status
            self._without = 0 if opening else self._without + 1
            if self._without > PATIENT_LOOKS:
                await self._use(self._card(), None)
            return
        self._without = 0
        if self.agreed is not Agreed.SLOWER:
            return
        device_ms = self._measured()
        if device_ms is None:
            return
        if card.name not in self._checked and not await self._passes(card):
            return
        if device_ms > FAR * self._checked[card.name] and self._sessions.card is card:
            await self._use(card, device_ms)

    async def _look_back(self) -> None:
        """Return to a device that works, if the server is no faster after all."""
        server_ms = self._measured()
        if self._device_ms is None or server_ms is None or server_ms <= self._device_ms:
            return
        opened, self._opened = self._opened, None
        assert opened is not None
        self._sessions.part_with(opened)
        self._pause(words.SLOW.format(host=self._host))
        await self._back()

    async def _use(self, card: ModelCard, device_ms: float | None) -> None:
        """Have the server run a model from now on."""
        if card.name in {each.name for each in self._page.models.own()}:
            self._pause(words.capital(words.OWN_MODEL.format(host=self._host)))
            return
        session = self._session(card)
        try:
            sample = await self._sample(session, card)
        except ServerError as error:
            self._give_up(error)
            return
        if self.agreed is None:
            return
        self._device_ms = device_ms
        why = (
            words.WHY_FAILED
            if device_ms is None
            else words.WHY_SLOW.format(ms=device_ms, server_ms=self._checked[card.name])
        )
        self._opened = OpenModel(card, session, PLAN, CHOICE, sample, why)
        self._sessions.adopt(self._opened)
        self._page.notice.hide()
        self._view.note("")
        self._show()
        await self._page.model_opened()

    def _session_failed(self, error: ServerError) -> None:
        """The server stopped answering in the middle: the device goes on at once."""
        opened, self._opened = self._opened, None
        if opened is None or self.agreed is None:
            return
        self._sessions.part_with(opened)  # at once, so that the frame is dropped without an error
        self._give_up(error)
        self._spawn(self._back())

    def _give_up(self, error: ServerError) -> None:
        """Leave the server alone for a while, and say why; and of the device what is true of it."""
        sentence = words.back if self._sessions.ready else words.refused
        self._pause(sentence(error.refusal, self._host))

    async def _back(self) -> None:
        """Have this device run the model again."""
        if self._sessions.ready:
            await self._page.model_opened()
        else:
            await self._page.models.load()

    async def _passes(self, card: ModelCard) -> bool:
        try:
            await self._check(card)
        except ServerError as error:
            self._pause(words.refused(error.refusal, self._host))
            return False
        return True

    async def _check(self, card: ModelCard) -> None:
        """Make sure that the server has this very model, and time it.

        Raises:
            ServerError: it has not, or answers something else.
        """
        check_model(answer_of(await self._link.get("/v1/models")), card)
        session = self._session(card)
        await self._sample(session, card)  # the first also pays for the connection
        times_ms = []
        for _ in range(TIMED):
            begun = self._now_ms()
            await self._sample(session, card)
            times_ms.append(self._now_ms() - begun)
        self._checked[card.name] = min(times_ms)

    async def _sample(self, session: RemoteSession, card: ModelCard) -> Outputs:
        """Return the server's rows for the bundled picture, which must be as recorded."""
        frame = await self._sessions.sample_image()
        try:
            found = read(await session.run(frame), card)
            verify(found, card)
        except ServerError:
            raise
        except ObscuraError as error:
            raise ServerError(Refusal.WRONG, error) from error
        return found

    def _session(self, card: ModelCard) -> RemoteSession:
        return RemoteSession(self._link, card, self._host, self._session_failed)

    def _card(self) -> ModelCard:
        """Return the card of the model in use, or of the one that the device could not open."""
        models = self._page.models
        card: ModelCard = self._sessions.card or models.shelf.cards[models.chosen]
        return card

    def _measured(self) -> float | None:
        """Return the median milliseconds of a run lately; None while too few were measured."""
        totals = self._sessions.timings.frame()
        if totals is None or totals.count < FRAMES:
            return None
        ms: float | None = self._sessions.timings.medians().get("inference")
        return ms

    def _pause(self, sentence: str) -> None:
        self._not_before_ms = self._now_ms() + PAUSE_MS
        self._without = 0
        self._view.note(sentence)
        self._show()

    def _show(self) -> None:
        self._view.show(agreed=self.agreed is not None, sending=self.sending)
