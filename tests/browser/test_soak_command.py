"""`build.py soak` from end to end, shortly; tests/endurance lets it run for minutes."""

from __future__ import annotations

import json
from pathlib import Path

from builder import commands
from speed.arguments import add_commands


def test_a_soak_of_seconds_looks_at_all_that_is_held(tmp_path: Path) -> None:
    out = tmp_path / "soak.json"
    # What it returns says whether something grew, which seconds cannot tell.
    arguments = ["soak", "--minutes", "0.05", "--samples", "5", "--json", str(out)]
    assert commands.main(arguments, add_commands) in (0, 1)

    samples = json.loads(out.read_text(encoding="utf-8"))["samples"]
    assert len(samples) == 5
    assert samples[-1]["frames"] > samples[0]["frames"] > 0
    for look in samples:
        assert look["wasm heap, page"] > 10e6, "Python's"
        assert look["wasm heap, worker"] > 10e6, "the engine's"
        assert look["JS heap, page"] > 1e6
        assert look["proxies"] > 10
        assert look["frame ms"] > 0
