"""Suggestion of a model for this device, from what the device is and the speeds measured on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from obscura.cards.card import ModelCard
from obscura.engine.plans import Facts

LIVE_MS = 100.0
"""Milliseconds of a run that still keep up with live video: ten pictures per second."""

SMALL_MEMORY_GB = 2.0

_GPU, _WASM = 0.4, 4.0
"""Time of a run on a GPU, and in WebAssembly on one thread, relative to native processor time; as
docs/performance.md and docs/accuracy.md have them, rounded. They only have to be right within a
factor of two, and count as long as nothing is measured on the device."""
_THREADS, _MOST_THREADS = 0.6, 8
"""Run time falls with the number of threads to this power."""


class Suggestion(NamedTuple):
    """A model, and the rule that chose it: a key of `words.text.SUGGESTED`."""

    model: str
    title: str
    why: str  # "data", "memory", "live" or "fastest"


def suggest(
    cards: Iterable[ModelCard], facts: Facts, speeds: Mapping[str, Mapping[str, float]]
) -> Suggestion | None:
    """Return the model to suggest for a device; None if there is no choice.

    Models without a measured accuracy and run time on their cards are left out: nothing is known of
    them. In this order:

    1. If the user saves data, the smallest download.
    2. If the device has little memory, the model that computes least.
    3. The most accurate one that keeps up with live video, by its speed as measured or expected.
    4. If none does, the fastest.

    Args:
        cards: the models that can be chosen.
        facts: the device.
        speeds: milliseconds of a run on this device, by model and backend.
    """
    known = [card for card in cards if {"ap", "ms"} <= card.accuracy.keys()]
    if len(known) < 2:
        return None
    if facts.save_data:
        smallest = min(known, key=lambda card: (card.file.bytes, card.accuracy["ms"]))
        return Suggestion(smallest.name, smallest.title, "data")
    if 0 < facts.memory_gb <= SMALL_MEMORY_GB:
        least = min(known, key=lambda card: card.accuracy["ms"])
        return Suggestion(least.name, least.title, "memory")
    expected = expected_ms(known, facts, speeds)
    live = [card for card in known if expected[card.name] <= LIVE_MS]
    if live:
        best = max(live, key=lambda card: card.accuracy["ap"])
        return Suggestion(best.name, best.title, "live")
    fastest = min(known, key=lambda card: expected[card.name])
    return Suggestion(fastest.name, fastest.title, "fastest")


def expected_ms(
    cards: Iterable[ModelCard], facts: Facts, speeds: Mapping[str, Mapping[str, float]]
) -> dict[str, float]:
    """Return the milliseconds that a run of each model takes on a device, by name.

    A model that was measured there takes that time, on its fastest backend. The others are expected
    to take as much longer than they do on the machine of their cards as the measured ones do (the
    median), or, if none was measured, as devices like this one do.
    """
    cost = {card.name: card.accuracy["ms"] for card in cards}
    measured = {name: min(speeds[name].values()) for name in cost if speeds.get(name)}
    ratios = sorted(ms / cost[name] for name, ms in measured.items())
    ratio = ratios[len(ratios) // 2] if ratios else _usual_ratio(facts)
    return {name: measured.get(name, ms * ratio) for name, ms in cost.items()}


def _usual_ratio(facts: Facts) -> float:
    """Return how much longer runs take on such a device than on the machine of the cards."""
    if facts.gpu and not facts.fallback_gpu:
        return _GPU
    threads = min(facts.cores, _MOST_THREADS) if facts.isolated else 1
    return float(_WASM / max(threads, 1) ** _THREADS)
