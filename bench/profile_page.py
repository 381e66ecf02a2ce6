"""What bench/profile_frames.py runs in the page: times every function of Python until `end`."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from time import perf_counter
from types import BuiltinFunctionType, FrameType
from typing import Any

spent: defaultdict[tuple[str, ...], float] = defaultdict(float)
stack: tuple[str, ...] = ()
outer: list[tuple[str, ...]] = []
since = 0.0


def begin() -> None:
    """Begin with the next function that is called."""
    sys.setprofile(note)


def end() -> str:
    """Return the stacks and their microseconds, as JSON."""
    sys.setprofile(None)
    return json.dumps([[names, seconds * 1e6] for names, seconds in spent.items()])


def note(frame: FrameType, event: str, what: Any) -> None:
    """Count the time since the last event for the function that ran, see `sys.setprofile`."""
    global since, stack
    now = perf_counter()
    if stack:
        spent[stack] += now - since
    if event == "call":
        outer.append(stack)
        stack = (*stack, title(frame))
    elif event == "c_call":
        outer.append(stack)
        stack = (*stack, built_in(what))
    elif outer:
        stack = outer.pop()
    since = perf_counter()


def title(frame: FrameType) -> str:
    """Return the name of a function and of its file."""
    code = frame.f_code
    return f"{code.co_qualname} {code.co_filename.rpartition('/')[2]}"


def built_in(what: BuiltinFunctionType) -> str:
    """Return the name of a function that is not written in Python."""
    return f"{what.__name__} (built in)"
