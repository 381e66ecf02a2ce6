"""Faults of the platform, brought about in an engine's worker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

SCRIPT = Path(__file__).with_name("faults.js")


class Faults(TypedDict, total=False):
    """What fails, and how."""

    refusal: str
    """Every call is answered with this error."""
    silent: bool
    """No call is answered."""
    runs: int
    """After this number of runs, each fails with `death`."""
    death: str
    halved: str
    """The numbers of the output of this name are half of what they are."""
    threaded: bool
    """`runs` and `halved` concern engines with more than one thread alone."""
    pages: int
    """WebAssembly memories grow by this number of pages at most."""
    zeros: bool
    """All that is read back from the GPU is zero."""
    stale: bool
    """The GPU computes nothing any more once the engine is open."""


def faulty(faults: Faults) -> str:
    """Return the script that is to run before the engine's own."""
    return SCRIPT.read_text(encoding="utf-8").replace("FAULTS;", f"{json.dumps(faults)};")
