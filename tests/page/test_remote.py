"""Use of a server: the device first, what was agreed, and the way back."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from obscura.engine.remote import Refusal, ServerError
from obscura.page.features.remote import words
from obscura.page.features.remote.use import FAR, FRAMES, PAUSE_MS, TIMED, Agreed

from .answers import SAMPLE, Image, make_card
from .fakes import run as alone
from .remote_desk import SERVER_MS, Desk, at

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

    assert desk.link.pictures == 1 + TIMED, "the first pays for the connection"
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


@pytest.mark.parametrize("slow", range(1 + TIMED))
def test_one_answer_that_is_slow_by_chance_keeps_no_server_from_helping(slow: int) -> None:
    async def visit() -> bool:
        desk = Desk()
        desk.link.slow = slow
        await desk.use.agree(Agreed.SLOWER)
        desk.measure(SERVER_MS * (FAR + 0.1))
        await desk.looks()
        return desk.use.sending

    assert alone(visit())


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
