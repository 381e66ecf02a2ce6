"""Profiles of a frame: from what Chromium and Python tell to stacks with microseconds."""

from __future__ import annotations

from pathlib import Path

import pytest
from profile_frames import begun_late, collapsed, pruned, sampled, summary

PROFILES = Path(__file__).resolve().parents[2] / "bench" / "profiles"


def node(number: int, name: str, url: str, *children: int) -> dict[str, object]:
    return {
        "id": number,
        "callFrame": {"functionName": name, "url": url},
        "children": list(children),
    }


PROFILE = {
    "nodes": [
        node(1, "(root)", "", 2, 3),
        node(2, "(idle)", ""),
        node(3, "draw", "https://localhost/assets/page.123abc.js", 4),
        node(4, "", "wasm://wasm/0011", 5),
        node(5, "", "wasm://wasm/0011", 6),
        node(6, "clearRect", ""),
    ],
    "samples": [2, 3, 5, 6, 6],
    "timeDeltas": [900, 100, 200, 300, 400],
}


def test_samples_become_stacks_without_the_time_of_waiting() -> None:
    assert sampled(PROFILE) == {
        ("draw page",): 100,
        ("draw page", "(wasm)"): 200,
        ("draw page", "(wasm)", "clearRect"): 700,
    }


def test_stacks_that_take_next_to_nothing_count_for_their_callers() -> None:
    stacks = {("a",): 4000.0, ("a", "b"): 6.0, ("a", "b", "c"): 5.0, ("a", "d"): 2000.0}

    assert pruned(stacks, 2) == {("a",): 2005.5, ("a", "d"): 1000.0}


def test_the_way_of_an_answer_to_its_coroutine_is_left_out() -> None:
    way = (
        "listen web.py",
        "receive calls.py",
        "run (built in)",
        "Loop._step loop.py",
        "len (built in)",
    )

    assert begun_late(way) == way[3:]
    assert begun_late(("listen web.py",)) == ("listen web.py",)


def test_a_summary_has_the_time_with_and_without_what_is_called() -> None:
    lines = summary("page", {("a",): 1000.0, ("a", "b"): 3000.0}).splitlines()

    assert lines[0] == "page: 4.00 ms a frame"
    assert lines[2:] == ["  3.00    3.00  b", "  1.00    4.00  a"]


@pytest.mark.parametrize("name", ["page", "python", "worker"])
def test_the_profiles_in_the_repository_are_text_as_flame_graphs_take_it(name: str) -> None:
    text = (PROFILES / f"{name}.txt").read_text("utf-8")
    stacks = {}
    for line in text.splitlines():
        stack, us = line.rsplit(" ", 1)
        stacks[tuple(stack.split(";"))] = float(us)

    assert collapsed(stacks) == text
    assert sum(stacks.values()) > 1000
