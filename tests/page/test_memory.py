"""Estimates of what sessions take, and of what all of them may take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from obscura.cards import catalogue
from obscura.engine.plans import Facts, Plan, candidates
from obscura.page.models import memory

from .fakes import GPU, GPU_PLAN, ONE_THREAD, TWO_THREADS, sealed_card

MB = 10**6
MEASURED = {  # the wasm heap in Chromium after a first run on one thread
    "cocossd": 73 * MB,
    "centernet-320": 50 * MB,
    "centernet-416": 62 * MB,
    "centernet-512": 65 * MB,
}


@pytest.fixture(scope="module")
def shipped():
    """The cards of the models that the page ships."""
    return {name: catalogue.read_card(catalogue.find(name)) for name in MEASURED}


@pytest.mark.parametrize("name", MEASURED)
def test_an_estimate_is_no_less_than_what_was_measured_nor_much_more(shipped, name):
    assert MEASURED[name] <= memory.estimate(shipped[name], ONE_THREAD) <= 1.5 * MEASURED[name]


def test_what_makes_a_session_larger_makes_the_estimate_larger():
    card = sealed_card("first")
    heavier = replace(card, file=card.file._replace(bytes=10**8))
    wider = replace(card, input=card.input._replace(width=1280, height=1280))
    sizes = [memory.estimate(each, ONE_THREAD) for each in (card, heavier, wider)]

    assert sizes[0] < min(sizes[1:])
    assert memory.estimate(card, TWO_THREADS) > sizes[0]
    assert memory.estimate(card, GPU_PLAN) > sizes[0]
    assert memory.largest(card, [ONE_THREAD, GPU_PLAN]) == memory.estimate(card, GPU_PLAN)


@pytest.mark.parametrize("facts", [Facts(), Facts(isolated=True, cores=8), GPU])
@pytest.mark.parametrize("memory_gb", [0.0, 0.25, 2.0])
def test_there_is_always_room_for_any_two_shipped_models_but_for_no_three(
    shipped, facts, memory_gb
):
    plans = candidates(facts)
    cards = shipped.values()
    sizes = sorted(memory.largest(card, plans) for card in cards)

    most = memory.budget(memory_gb, cards, plans)

    assert sum(sizes[-2:]) <= most < sum(sizes[:3])


def test_a_device_with_more_memory_has_room_for_more():
    cards, plans = [sealed_card("first")], [Plan("wasm", "wasm", 1)]
    assert memory.budget(16.0, cards, plans) == 512 << 20
