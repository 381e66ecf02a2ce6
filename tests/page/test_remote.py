"""Use of a server: the device first, what was agreed, and the way back."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import wraps
from types import SimpleNamespace
from typing import Any

import pytest

from obscura.cards.card import ModelCard
from obscura.engine.remote import Picture, Refusal, Reply, ServerError
from obscura.export.records import to_record
from obscura.live.timing import Timings
from obscura.page.features.remote import words
from obscura.page.features.remote.near import address_space
from obscura.page.features.remote.use import FAR, FRAMES, PAUSE_MS, Agreed, ServerUse
from obscura.update import FrameInfo, Update

from .answers import SAMPLE, Image, make_card, size_of
from .fakes import run as alone

SERVER_MS = 100.0


class Link:
    """A server that has the page's models, until a test says otherwise."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.refusal: Refusal | None = None
        self.status = 200
        self.blind = False
        self.pictures = 0

    def draw(self, frame: Image, size: Callable[[Any], Any]) -> Picture:
        return Picture(frame, *size_of(frame.picture))

    async def get(self, path: str) -> Reply:
        assert path == "/v1/models"
        self._refuse()
        cards = self._desk.shelf.values()
        models = [{"name": each.name, "sha256": each.file.sha256} for each in cards]
        return Reply(200, json.dumps({"ready": True, "models": models}))

    async def post(self, path: str, picture: Picture) -> Reply:
        self.pictures += 1
        self._desk.ms += SERVER_MS
        self._refuse()
        (card,) = [each for each in self._desk.shelf.values() if f"model={each.name}&" in path]
        size = size_of(picture.handle.picture)
        assert card.check is not None
        found = card.check.detections[: 0 if self.blind else None]
        update = Update(FrameInfo(0, 0.0, *size), found)
        return Reply(self.status, json.dumps(to_record(update, card.labels)))

    def _refuse(self) -> None:
        if self.refusal is not None:
            raise ServerError(self.refusal)


class Desk:
    """A page with one model on its device, and a server beside it."""

    def __init__(self) -> None:
        self.ms = 0.0
        card = make_card(1)
        self.shelf = {card.name: card}
        self.device: Any = SimpleNamespace(card=card)  # what runs the model here
        self.in_use: Any = self.device
        self.timings = Timings()
        self.status = ""
        self.loads = 0
        self.opened = 0
        self.hidden = 0
        self.own: list[ModelCard] = []
        self.shown: list[tuple[bool, bool]] = []
        self.notes: list[str] = []
        self.link = Link(self)
        self.tasks: list[Coroutine[Any, Any, Any]] = []
        models = SimpleNamespace(
            opening=None,
            chosen=card.name,
            shelf=SimpleNamespace(cards=self.shelf),
            own=lambda: self.own,
            load=self._load,
        )
        self.models = models
        page = SimpleNamespace(
            sessions=self,
            models=models,
            notice=SimpleNamespace(hide=self._hide),
            model_opened=self._model_opened,
        )
        self.use = ServerUse(
            page, self.link, self, "h", now_ms=lambda: self.ms, spawn=self.tasks.append
        )

    # ---- the page's sessions ---------------------------------------------------------------------

    @property
    def card(self) -> ModelCard | None:
        card: ModelCard | None = self.in_use.card if self.in_use else None
        return card

    @property
    def ready(self) -> bool:
        return self.in_use is not None

    async def sample_image(self) -> Image:
        return Image(SAMPLE)

    def adopt(self, opened: Any) -> None:
        self.in_use = opened

    def part_with(self, opened: Any) -> None:
        opened.session.close()
        if self.in_use is opened:
            self.in_use = self.device

    def end(self, opened: Any) -> None:
        opened.session.close()

    async def _load(self) -> None:
        self.loads += 1

    async def _model_opened(self) -> None:
        self.opened += 1
        self.timings.clear()

    def _hide(self) -> None:
        self.hidden += 1

    # ---- the view --------------------------------------------------------------------------------

    def show(self, *, agreed: bool, sending: bool) -> None:
        self.shown.append((agreed, sending))

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    # ---- what happens ----------------------------------------------------------------------------

    def fail(self) -> None:
        """The device's engine is gone, and no other is left."""
        self.device = self.in_use = None

    def measure(self, ms: float, frames: int = FRAMES) -> None:
        """What detects has taken so long for some frames."""
        for _ in range(frames):
            self.timings.add("inference", ms)
            self.timings.add_frame(ms, 0.0)

    async def looks(self, times: int = 4) -> None:
        for _ in range(times):
            await self.use.look()

    async def settle(self) -> None:
        """Let what was spawned finish."""
        while self.tasks:
            await self.tasks.pop()


def at(test: Callable[[Desk], Awaitable[None]]) -> Callable[[], None]:
    """Run a test at a desk."""

    @wraps(test)
    def run() -> None:
        alone(test(Desk()))  # type: ignore[arg-type]

    del run.__wrapped__  # type: ignore[attr-defined]  # pytest would ask for the desk
    return run


# ---- agreement -----------------------------------------------------------------------------------


@at
async def test_without_agreement_nothing_is_ever_asked(desk: Desk) -> None:
    desk.fail()
    desk.measure(9999)
    await desk.looks(20)

    assert desk.link.pictures == 0
    assert not desk.use.sending


@at
async def test_agreement_begins_with_the_sample_picture(desk: Desk) -> None:
    assert await desk.use.agree(Agreed.FAILS) == ""

    assert desk.link.pictures == 2
    assert desk.shown[-1] == (True, False)


@pytest.mark.parametrize("refusal", Refusal)
def test_a_server_that_refuses_is_not_agreed_to(refusal: Refusal) -> None:
    desk = Desk()
    desk.link.refusal = refusal

    wrong = alone(desk.use.agree(Agreed.SLOWER))

    assert wrong == words.refused(refusal, "h")
    assert desk.use.agreed is None


@at
async def test_a_server_that_answers_something_else_is_not_used(desk: Desk) -> None:
    desk.link.blind = True

    assert await desk.use.agree(Agreed.FAILS) == words.refused(Refusal.WRONG, "h")
    assert desk.use.agreed is None


@at
async def test_a_server_with_another_model_of_that_name_is_sent_nothing(desk: Desk) -> None:
    (card,) = desk.shelf.values()
    desk.device.card = replace(card, file=card.file._replace(sha256="f" * 64))

    assert await desk.use.agree(Agreed.FAILS) == words.refused(Refusal.MODEL, "h")
    assert desk.link.pictures == 0


# ---- the device first ----------------------------------------------------------------------------


@at
async def test_a_device_that_works_is_used_however_slow_if_only_failure_was_agreed(
    desk: Desk,
) -> None:
    await desk.use.agree(Agreed.FAILS)
    desk.measure(SERVER_MS * 100)
    await desk.looks()

    assert not desk.use.sending


@at
async def test_a_device_without_a_model_is_helped(desk: Desk) -> None:
    desk.fail()
    await desk.use.agree(Agreed.FAILS)

    assert desk.use.sending
    assert desk.card is desk.shelf[desk.models.chosen]
    assert (desk.hidden, desk.opened) == (1, 1)
    assert desk.shown[-1] == (True, True)


@at
async def test_a_device_that_fails_later_is_helped_once_nothing_is_being_opened(
    desk: Desk,
) -> None:
    await desk.use.agree(Agreed.FAILS)
    desk.fail()
    desk.status = "Loading…"
    await desk.looks(10)
    assert not desk.use.sending

    desk.status = ""
    await desk.looks()
    assert desk.use.sending


@pytest.mark.parametrize(
    ("factor", "frames", "sends"),
    [(FAR + 0.1, FRAMES, True), (FAR - 0.1, FRAMES, False), (FAR * 9, FRAMES - 1, False)],
    ids=["far slower", "slower", "hardly measured"],
)
def test_a_slower_device_is_helped_if_it_is_far_slower(
    factor: float, frames: int, sends: bool
) -> None:
    async def visit() -> bool:
        desk = Desk()
        await desk.use.agree(Agreed.SLOWER)
        desk.measure(SERVER_MS * factor, frames)
        await desk.looks()
        return desk.use.sending

    assert alone(visit()) is sends


@at
async def test_models_that_a_person_added_stay_on_the_device(desk: Desk) -> None:
    desk.fail()
    desk.own = [*desk.shelf.values()]
    await desk.use.agree(Agreed.FAILS)

    assert not desk.use.sending
    assert desk.notes[-1] == words.OWN_MODEL.format(host="h")


# ---- the way back --------------------------------------------------------------------------------


@at
async def test_one_tap_ends_it(desk: Desk) -> None:
    await desk.use.agree(Agreed.SLOWER)
    desk.measure(SERVER_MS * 9)
    await desk.looks()
    session = desk.in_use.session
    await desk.use.stop()
    sent = desk.link.pictures
    desk.measure(SERVER_MS * 9)
    await desk.looks()

    assert session.lost
    assert desk.in_use is desk.device
    assert desk.link.pictures == sent
    assert desk.shown[-1] == (False, False)


@at
async def test_the_tap_ends_it_before_anything_else_runs(desk: Desk) -> None:
    await desk.use.agree(Agreed.SLOWER)
    desk.measure(SERVER_MS * 9)
    await desk.looks()

    rest = desk.use.stop()

    assert not desk.use.sending
    assert desk.shown[-1] == (False, False)
    await rest


@at
async def test_a_device_that_had_failed_is_tried_again_after_the_tap(desk: Desk) -> None:
    desk.fail()
    await desk.use.agree(Agreed.FAILS)
    await desk.use.stop()

    assert desk.loads == 1


@at
async def test_of_a_device_that_cannot_detect_it_is_not_said_that_it_does(desk: Desk) -> None:
    desk.fail()
    await desk.use.agree(Agreed.FAILS)
    await desk.looks()
    assert desk.shown[-1] == (True, True)
    desk.link.refusal = Refusal.GONE
    with pytest.raises(ServerError):
        await desk.in_use.session.run(Image(SAMPLE))

    assert desk.notes[-1] == words.refused(Refusal.GONE, "h")
    await desk.settle()
    desk.notes.clear()
    desk.ms += PAUSE_MS
    await desk.looks()
    assert desk.notes == [words.refused(Refusal.GONE, "h")], "nor when it is asked in vain"


@at
async def test_when_the_server_fails_the_device_goes_on_at_once(desk: Desk) -> None:
    await desk.use.agree(Agreed.SLOWER)
    desk.measure(SERVER_MS * 9)
    await desk.looks()
    desk.link.refusal = Refusal.OFFLINE
    with pytest.raises(ServerError):
        await desk.in_use.session.run(Image(SAMPLE))

    assert desk.in_use is desk.device, "before the run's error is seen"
    assert desk.notes[-1] == words.back(Refusal.OFFLINE, "h")
    assert desk.shown[-1] == (True, False)
    await desk.settle()
    assert desk.opened == 2


@at
async def test_a_server_that_failed_is_left_alone_for_a_while(desk: Desk) -> None:
    desk.fail()
    await desk.use.agree(Agreed.FAILS)
    desk.link.refusal = Refusal.GONE
    with pytest.raises(ServerError):
        await desk.in_use.session.run(Image(SAMPLE))
    await desk.settle()
    assert desk.loads == 1, "the device is tried again"
    sent = desk.link.pictures
    desk.link.refusal = None
    await desk.looks(20)
    assert desk.link.pictures == sent

    desk.ms += PAUSE_MS
    await desk.looks()
    assert desk.use.sending


@at
async def test_a_server_that_is_no_faster_after_all_is_left(desk: Desk) -> None:
    await desk.use.agree(Agreed.SLOWER)
    desk.measure(SERVER_MS * 3)
    await desk.looks()
    desk.measure(SERVER_MS * 2)
    await desk.looks()
    assert desk.use.sending
    desk.timings.clear()
    desk.measure(SERVER_MS * 4)
    await desk.looks(1)

    assert desk.in_use is desk.device
    assert desk.notes[-1] == words.SLOW.format(host="h")


@at
async def test_another_model_that_is_chosen_meanwhile_is_run_by_the_device(desk: Desk) -> None:
    desk.fail()
    await desk.use.agree(Agreed.FAILS)
    session = desk.in_use.session
    desk.in_use = SimpleNamespace(card=make_card(2))
    await desk.looks(1)

    assert session.lost
    assert desk.shown[-1] == (True, False)


# ---- words, addresses ----------------------------------------------------------------------------


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_is_a_sentence(refusal: Refusal) -> None:
    sentence = words.refused(refusal, "example.org")

    assert sentence.endswith(".")
    assert "{" not in sentence


def test_a_sentence_about_this_sites_server_begins_with_a_capital() -> None:
    assert words.refused(Refusal.GONE, words.SAME) == "This site's server doesn't answer."
    assert words.refused(Refusal.GONE, "example.org") == "example.org doesn't answer."


def test_what_was_sent_is_told() -> None:
    assert words.sent(0, 0) == "0 bytes"
    assert words.sent(360_000, 1) == "0.4 MB, 1 picture"
    assert words.sent(720_000, 2) == "0.7 MB, 2 pictures"


@pytest.mark.parametrize(
    ("host", "page", "space"),
    [
        ("example.org", "example.org", None),
        ("localhost", "example.org", "loopback"),
        ("127.0.0.1", "example.org", "loopback"),
        ("::1", "example.org", "loopback"),
        ("localhost", "localhost:8000", None),
        ("192.168.1.20", "example.org:8443", "local"),
        ("10.0.0.3", "example.org", "local"),
        ("172.16.0.1", "example.org", "local"),
        ("172.32.0.1", "example.org", None),
        ("box.local", "example.org", "local"),
        ("192.168.1.20", "192.168.1.30", None),
        ("192.168.1.20", "127.0.0.1:8000", None),
        ("localhost", "192.168.1.30", "loopback"),
        ("fd00::1", "[2001:db8::1]:443", "local"),
        ("localhost", "[::1]:8000", None),
    ],
)
def test_what_a_request_declares(host: str, page: str, space: str | None) -> None:
    assert address_space(host, page) == space
