"""Completion of a card that was written by hand: what it may leave out, and what that then is.

Uses the standard library alone, because the builder completes cards before anything is installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

ESSENTIAL = ("family", "labels", "input")
"""Keys that every card has, because nothing else gives them."""
OUTPUT = {"top": 300, "threshold": 0.4, "iou": 0.5}
UNKNOWN_LICENSE = "NOASSERTION"  # as SPDX spells it
_NETWORK = "model.onnx"


def complete(table: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the table of a card with the usual values for what it leaves out.

    Args:
        table: a parsed model.toml. Values of a wrong kind stay, for `ModelCard` to refuse.
        name: name of the model, if the card has none.
    """
    labels, output = table.get("labels"), table.get("output", {})
    classes = f"{len(labels)} classes" if isinstance(labels, list) else "object detector"
    usual = {
        "name": name,
        "title": table.get("name", name),
        "summary": classes,
        "license": UNKNOWN_LICENSE,
        "source": {},
    }
    whole = output if not isinstance(output, Mapping) else {**OUTPUT, **output}
    return {**usual, **table, "output": whole}


def complete_in(folder: Path, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table of the card in a folder, complete, with size and hash of its network.

    The network is the file that the card names, else ``model.onnx``, else the only ONNX file there.
    """
    full = complete(table, folder.name)
    file = full.get("file", {})
    if not isinstance(file, Mapping) or {"bytes", "sha256"} <= file.keys():
        return full
    found = sorted(path.name for path in folder.glob("*.onnx"))
    name = file.get("name", found[0] if len(found) == 1 else _NETWORK)
    if name in found:
        data = (folder / name).read_bytes()
        full["file"] = {
            "name": name,
            "bytes": len(data),
            "sha256": sha256(data).hexdigest(),
            **file,
        }
    return full
