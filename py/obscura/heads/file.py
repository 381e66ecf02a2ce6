"""Files of pipelines: TOML to a `PipelineSpec`.

::

    [pipeline]
    detector = "cocossd"        # a model; without it, the one in use
    budget_ms = 40              # of all heads together, in a frame

    [[pipeline.head]]
    name = "faces"
    network = "faces"           # a shipped head, or an ONNX file beside this one
    on = ["frame", "person"]    # classes, "frame", or what an earlier head adds
    least = 24                  # pixels of the smaller side
    margin = 0.1                # sides of the box, on each side
    shape = "top"               # "box", "square" or "top"
    every = 3                   # frames; or once_then_s = 2.0
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from obscura.cards.card import toml_table
from obscura.cards.table import Table, shown
from obscura.errors import CardError
from obscura.heads.spec import (
    MOST_HEADS,
    USUAL_BUDGET_MS,
    Cadence,
    Every,
    HeadSpec,
    OnceThen,
    PipelineError,
    PipelineSpec,
)
from obscura.suggest import suggestion

MOST_BYTES = 1_000_000
NUMBER = (int, float)


class _Table(Table):
    """A table of a pipeline's file, with errors that say so."""

    __slots__ = ()

    def error(self, key: str, value: object, wanted: str) -> PipelineError:
        """Return the error for an invalid value, to be raised by the caller."""
        return PipelineError(
            f"{self.prefix}{key} is not valid", shown(value), remedy=f"It should be {wanted}."
        )

    def only(self, *keys: str) -> None:
        """Raise PipelineError if there is a key other than these."""
        for key in self.values:
            if key not in keys:
                raise PipelineError(
                    f"{self.prefix}{key[:100]} is not a key of pipelines",
                    remedy=suggestion(key, keys, otherwise=f"It has {', '.join(keys)}."),
                )

    def get(self, key: str, kind: type | tuple[type, ...], wanted: str) -> Any:
        """Return a value of a type; a bool is not a number."""
        if key not in self.values:
            raise PipelineError(f"{self.prefix}{key} is missing", remedy=f"It should be {wanted}.")
        return super().get(key, kind, wanted)

    def number(self, key: str) -> float | None:
        """Return a number; None if the key is missing."""
        if key not in self.values:
            return None
        return float(self.get(key, NUMBER, "a number"))


def load_pipeline(path: str | Path) -> PipelineSpec:
    """Read a pipeline from a TOML file.

    Args:
        path: the file. A network or detector in it that ends in ``.onnx`` or contains a slash is
            found relative to its folder.

    Raises:
        PipelineError: the file cannot be read, or is not a pipeline; says what and where.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise PipelineError(
            f"The pipeline cannot be read: {error.strerror}", path, remedy="Name another file."
        ) from error
    if len(text) > MOST_BYTES:
        raise PipelineError("The file is too large for a pipeline", path)
    try:
        return parse_pipeline(text.decode("utf-8"), path.parent)
    except UnicodeDecodeError as error:
        raise PipelineError("The pipeline is not text", path, remedy="Save it in UTF-8.") from error


def parse_pipeline(text: str, folder: Path | None = None) -> PipelineSpec:
    """Return the pipeline of a TOML text.

    Args:
        folder: where paths in it begin; None to leave them as they are.

    Raises:
        PipelineError: the text is not TOML, or not a pipeline.
    """
    try:
        values = toml_table(text)
    except CardError as error:
        raise PipelineError(
            "The pipeline is not valid TOML", error.value, remedy="Correct it there."
        ) from error
    return pipeline_from(values, folder)


def pipeline_from(values: Mapping[str, Any], folder: Path | None = None) -> PipelineSpec:
    """Return the pipeline of tables of plain values, as TOML and JSON hold them.

    Raises:
        PipelineError: a key is missing or unknown, or its value is invalid.
    """
    whole = _Table("", values)
    whole.only("pipeline")
    table = _Table("pipeline.", whole.get("pipeline", Mapping, "a table"))
    table.only("detector", "budget_ms", "head")
    budget = table.number("budget_ms")
    heads = table.array("head", Mapping, "tables [[pipeline.head]]")
    if not 0 < len(heads) <= MOST_HEADS:
        raise table.error("head", f"{len(heads)} heads", f"1 to {MOST_HEADS} tables")
    return PipelineSpec(
        _path(table.text("detector"), folder) if "detector" in table.values else None,
        tuple(
            _head(_Table(f"pipeline.head {number}: ", head), folder)
            for number, head in enumerate(heads, 1)
        ),
        USUAL_BUDGET_MS if budget is None else budget,
    )


def _head(table: _Table, folder: Path | None) -> HeadSpec:
    table.only("name", "network", "on", "least", "margin", "shape", "every", "once_then_s")
    return HeadSpec(
        table.text("name"),
        _path(table.text("network"), folder),
        _on(table),
        table.number("least"),
        table.number("margin"),
        table.text("shape") if "shape" in table.values else None,
        _cadence(table),
    )


def _on(table: _Table) -> tuple[str, ...]:
    if "on" not in table.values:
        return ()
    if isinstance(table.values["on"], str):
        return (table.text("on"),)
    labels = table.array("on", str, "class names")
    if not labels:
        raise table.error("on", labels, "class names, or left out for what is usual")
    return tuple(dict.fromkeys(labels))


def _cadence(table: _Table) -> Cadence | None:
    if "every" in table.values and "once_then_s" in table.values:
        raise PipelineError(
            f"{table.prefix}every and once_then_s exclude each other", remedy="Remove one of them."
        )
    if "every" in table.values:
        return Every(table.whole("every", at_most=10_000))
    seconds = table.number("once_then_s")
    return None if seconds is None else OnceThen(seconds)


def _path(name: str, folder: Path | None) -> str | Path:
    """Return a name as it is, and a path relative to the folder as one that can be opened."""
    is_path = name.lower().endswith(".onnx") or "/" in name or "\\" in name
    return name if folder is None or not is_path else folder / name
