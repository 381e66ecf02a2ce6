"""Packages that only some features need: imported when they are first used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from obscura.errors import ObscuraError


class ToolMissing(ObscuraError):
    """Something that this feature needs is not installed."""

    code = "tool-missing"
    remedy = "Install it: python3 -m pip install pycocotools tqdm"


def need(module: str, what: str, install: str, *, otherwise: str = "") -> Any:
    """Import a module that may be missing.

    Args:
        module: its dotted name.
        what: what needs it, as a whole clause: "Videos are read with PyAV".
        install: what ``pip install`` is given; ``obscura[NAME]`` for an extra of this library,
            which is installed from its source code. A registry has another package of that name.
        otherwise: another way to go on, as a sentence.

    Raises:
        ToolMissing: it is not installed; the message says how to install it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        own = install.startswith("obscura[")
        where, install = (" in Obscura's source code", f".{install[7:]}") if own else ("", install)
        remedy = f"Install it{where}: python3 -m pip install '{install}'. {otherwise}".strip()
        raise ToolMissing(f"{what}, which is not installed", remedy=remedy) from error
