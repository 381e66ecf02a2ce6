"""Files that the user picked: which of them are a network and its class names or card."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from obscura.cards import labels
from obscura.errors import LabelsError, ModelTooLarge, ModelUnreadable
from obscura.graph.inspect import Graph, inspect
from obscura.page.live.kinds import MODEL_ENDING, is_companion, is_model
from obscura.page.state.protocols import Network, PickedFile
from obscura.page.words import text

MOST_NETWORK_BYTES = 512 << 20
"""The page, the worker and the runtime each hold a copy, within a tab's few gigabytes."""
MOST_COMPANION_BYTES = 4 << 20
"""Of the file that comes with a network."""


def sort_files(files: Sequence[PickedFile]) -> tuple[PickedFile, PickedFile | None]:
    """Return the network, and the file of class names or the card if there is one.

    Raises:
        ModelUnreadable: no file is a network. LabelsError: there are names or a card alone.
    """
    networks = [file for file in files if is_model(file)]
    companions = list(filter(is_companion, files))
    if not networks:
        names = ", ".join(file.name for file in files)
        if companions:
            raise LabelsError(
                "Class names and cards come with a model", names, remedy="Add the .onnx file, too."
            )
        raise ModelUnreadable(
            "None of these files is an ONNX model", names, remedy="Its name should end in .onnx."
        )
    return networks[0], companions[0] if companions else None


def title_of(file: PickedFile) -> str:
    """Return a title for a network: its file's name, as far as it can be shown."""
    stem = file.name[: -len(MODEL_ENDING)]
    return "".join(filter(str.isprintable, stem)).strip()[:60] or text.OWN_MODEL


def name_of(title: str, taken: Collection[str]) -> str:
    """Return a name that addresses may hold and no other model has."""
    plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40] or "model"
    name, number = f"own-{plain}", 1
    while name in taken:
        number += 1
        name = f"own-{plain}-{number}"
    return name


async def read_network(file: PickedFile) -> Network:
    """Bring a network into memory.

    Raises:
        ModelTooLarge: it is larger than a tab can run. ModelUnreadable: the browser cannot read it.
    """
    if file.size > MOST_NETWORK_BYTES:
        most = text.megabytes(MOST_NETWORK_BYTES)
        raise ModelTooLarge(f"{title_of(file)} is larger than {most}", text.megabytes(file.size))
    try:
        return await file.read()
    except Exception as error:  # all browsers are vague: gone, not allowed, out of memory
        raise ModelUnreadable(
            f"{file.name} cannot be read", error, remedy="Copy it elsewhere and try again."
        ) from error


def inspect_network(network: Network) -> Graph:
    """Return the inputs, outputs and metadata of a network. Its weights do not enter Python."""
    return inspect(network.window, network.size)


async def read_names(file: PickedFile) -> tuple[str, ...]:
    """Return the class names in a file. Raises `LabelsError`."""
    return labels.parse(file.name, await _read_companion(file))


async def read_card(file: PickedFile) -> dict[str, Any] | None:
    """Return the tables of a card (model.toml); None if the file is a list of class names."""
    if not file.name.lower().endswith(".toml"):
        return None
    import tomllib

    from obscura.cards.nesting import too_deep

    try:
        content = (await _read_companion(file)).decode()
        table = {} if too_deep(content) else tomllib.loads(content)
    except ValueError:
        return None  # `read_names` reports what is wrong
    return table if "family" in table else None


async def _read_companion(file: PickedFile) -> bytes:
    if file.size > MOST_COMPANION_BYTES:
        raise LabelsError(f"{file.name} is too large to be names", text.megabytes(file.size))
    try:
        content = await file.read()
    except Exception as error:
        raise LabelsError(f"{file.name} cannot be read", error) from error
    return content.window(0, content.size)
