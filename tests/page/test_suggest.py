"""Which model is suggested for a device: a test for each rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from obscura.cards import catalogue
from obscura.cards.card import ModelCard
from obscura.engine.plans import Facts
from obscura.page.models.suggest import LIVE_MS, Suggestion, expected_ms, suggest
from obscura.page.words import text

from .fakes import sealed_card

TWO_CORES = Facts(cores=2, isolated=True)
GPU = Facts(gpu=True, cores=8, isolated=True, memory_gb=8)


def card(name: str, ap: float, ms: float, size: int = 1000) -> ModelCard:
    """A model with a measured accuracy and run time."""
    made = sealed_card(name)
    return replace(
        made, title=name.title(), accuracy={"ap": ap, "ms": ms}, file=made.file._replace(bytes=size)
    )


QUICK, GOOD, BEST = card("quick", 20, 20, 900), card("good", 30, 40, 500), card("best", 35, 80)
CARDS = [GOOD, QUICK, BEST]


def chosen(facts: Facts, **speeds: dict[str, float]) -> tuple[str, str]:
    suggested = suggest(CARDS, facts, speeds)
    assert suggested is not None
    return suggested.model, suggested.why


def test_who_saves_data_gets_the_smallest_download_whatever_the_device_can_do() -> None:
    assert chosen(GPU._replace(save_data=True), best={"webgpu": 5}) == ("good", "data")


def test_a_device_of_little_memory_gets_the_model_that_computes_least() -> None:
    assert chosen(GPU._replace(memory_gb=2)) == ("quick", "memory")
    assert chosen(GPU._replace(memory_gb=0))[1] == "live", "0 is unknown, not little"


def test_a_gpu_gets_the_most_accurate_one() -> None:
    assert chosen(GPU) == ("best", "live")


def test_a_gpu_in_software_is_none() -> None:
    assert chosen(GPU._replace(fallback_gpu=True, cores=2)) != ("best", "live")


def test_many_threads_keep_up_with_more_than_two_do_and_two_with_more_than_one() -> None:
    many = chosen(Facts(cores=16, isolated=True))
    two = chosen(TWO_CORES)
    one = chosen(Facts(cores=16))

    assert many == ("best", "live")
    assert two == ("quick", "live")
    assert one == ("quick", "live")
    slower = [GOOD, BEST]
    assert suggest(slower, Facts(cores=16), {}) == Suggestion("good", "Good", "fastest")


def test_what_was_measured_here_counts_for_more_than_what_devices_like_it_do() -> None:
    assert chosen(TWO_CORES, best={"wasm": LIVE_MS}) == ("best", "live")
    assert chosen(GPU, best={"webgpu": LIVE_MS + 1}) == ("good", "live")


def test_the_fastest_backend_of_a_model_counts() -> None:
    assert chosen(TWO_CORES, best={"wasm": 900, "webgpu": 30}) == ("best", "live")


def test_one_measured_model_tells_how_fast_the_others_are() -> None:
    expected = expected_ms(CARDS, GPU, {"good": {"wasm": 400}})

    assert expected == {"quick": 200, "good": 400, "best": 800}
    assert chosen(GPU, good={"wasm": 400}) == ("quick", "fastest")


def test_where_nothing_keeps_up_it_is_the_fastest_as_measured() -> None:
    slow = {"quick": {"wasm": 500.0}, "good": {"wasm": 450.0}, "best": {"wasm": 900.0}}

    assert suggest(CARDS, TWO_CORES, slow) == Suggestion("good", "Good", "fastest")


def test_models_of_which_nothing_is_known_are_not_suggested() -> None:
    own = replace(sealed_card("own"), accuracy={})

    assert suggest([own, BEST], GPU, {"own": {"webgpu": 1}}) is None
    assert suggest([own, *CARDS], GPU, {"own": {"webgpu": 1}}) == ("best", "Best", "live")


@pytest.mark.parametrize("why", sorted(text.SUGGESTED))
def test_every_rule_has_words(why: str) -> None:
    assert text.suggestion("Best", why).startswith("Suggested for this device: Best, the ")
    assert text.suggestion("", why).startswith("Suggested for this device: the ")


def test_the_shipped_models_can_be_suggested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OBSCURA_MODELS", raising=False)
    names = ("cocossd", "centernet-320", "centernet-416", "centernet-512")
    shipped = [catalogue.read_card(catalogue.find(name)) for name in names]

    assert suggest(shipped, GPU, {}) == ("centernet-512", "CenterNet fine", "live")
    assert suggest(shipped, TWO_CORES, {}) == ("cocossd", "COCO-SSD", "live")
    phone = Facts(cores=8, memory_gb=2)
    assert suggest(shipped, phone, {}) == ("centernet-320", "CenterNet fast", "memory")
