"""Reports of an evaluation: Markdown for people, plain values for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from obscura.engine.session import SessionInfo
from obscura.errors import PictureError
from obscura.evaluation.score import ClassScores, Scores
from obscura.evaluation.truth import Truth

NOTHING = "-"  # where no object of the kind is annotated


class Result(NamedTuple):
    """Result of one model.

    Attributes:
        model: name of the model.
        info: backend, device and threads it ran on.
        flip: whether it also detected on the mirrored pictures.
        scores: over all classes.
        error: standard error of AP in percent, by a bootstrap over the pictures; None without one.
        classes: class by class.
        damaged: pictures that could not be read, whose objects count as missed.
        command: command that repeats the measurement; folders are given by their last parts.
    """

    model: str
    info: SessionInfo
    flip: bool
    scores: Scores
    error: float | None
    classes: list[ClassScores]
    damaged: list[PictureError]
    command: str


def markdown(results: Sequence[Result], truth: Truth, *, per_class: bool) -> str:
    """Return the results as one table, and class by class as another, in GitHub's Markdown."""
    header = ("model", "backend", "AP", "AP50", "AP75", "small", "medium", "large")
    rows = [
        (
            result.model,
            _device(result.info) + (", flip" if result.flip else ""),
            _percent(result.scores.ap)
            + ("" if result.error is None else f" ± {_percent(result.error)}"),
            *map(_percent, result.scores[1:]),
        )
        for result in results
    ]
    parts = [table(header, rows, words=2), "\n".join(_notes(results, truth))]
    if per_class:
        parts.append(_classtable(results))
    return "\n\n".join(parts)


def document(results: Iterable[Result], truth: Truth, threshold: float) -> dict[str, Any]:
    """Return the results as plain JSON types; precision in percent, null if there is none."""
    return {
        "pictures": len(truth.pictures),
        "absent": truth.absent,
        "objects": truth.count,
        "threshold": threshold,
        "results": [
            {
                "model": result.model,
                **result.info._asdict(),
                "flip": result.flip,
                **_all_rounded(result.scores),
                "ap_error": _rounded(result.error),
                "classes": [_all_rounded(row) for row in result.classes],
                "damaged": [str(error.value) for error in result.damaged],
                "command": result.command,
            }
            for result in results
        ],
    }


def _notes(results: Sequence[Result], truth: Truth) -> Iterator[str]:
    used = len(truth.pictures)
    of = "" if used == truth.listed else f" of {truth.listed}"
    yield (
        f"{used}{of} pictures, with {truth.count} objects; average precision in percent"
        + (", ± its standard error." if any(result.error for result in results) else ".")
    )
    if truth.absent:
        yield (
            f"{truth.absent} of the {truth.listed} annotated pictures "
            f"{'is' if truth.absent == 1 else 'are'} not in the folder and not counted."
        )
    for result in results:
        unknown, damaged = len(truth.categories) - len(result.classes), len(result.damaged)
        if unknown:
            yield (
                f"{result.model} does not have {unknown} of the {len(truth.categories)} annotated "
                f"classes, which {'is' if unknown == 1 else 'are'} not counted."
            )
        if damaged:
            yield (
                f"{result.model}: {damaged} of the {used} pictures could not be read; the objects "
                f"in {'it' if damaged == 1 else 'them'} count as missed."
            )


def _classtable(results: Sequence[Result]) -> str:
    """Return a row per class that has objects, most objects first, with each model's AP, AP50."""
    header = ["class", "objects"]
    rows: dict[str, list[str]] = {}
    order: dict[str, int] = {}
    for result in results:
        header += [f"{result.model} AP", "AP50"]
        for row in result.classes:
            order[row.label] = row.objects
            rows.setdefault(row.label, [NOTHING] * 2 * len(results))
    for place, result in enumerate(results):
        for row in result.classes:
            rows[row.label][2 * place : 2 * place + 2] = [_percent(row.ap), _percent(row.ap50)]
    labels = sorted((label for label in rows if order[label]), key=lambda label: -order[label])
    return table(header, [(label, str(order[label]), *rows[label]) for label in labels], words=1)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], words: int) -> str:
    """Return a Markdown table, aligned for terminals: some columns of words, then numbers."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    rule = [
        "-" * width if place < words else "-" * (width - 1) + ":"
        for place, width in enumerate(widths)
    ]
    lines = []
    for row in (header, rule, *rows):
        cells = (
            cell.ljust(width) if place < words else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _device(info: SessionInfo) -> str:
    threads = f", {info.threads} thread{'' if info.threads == 1 else 's'}" if info.threads else ""
    return f"{info.backend}{threads}"


def _percent(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _all_rounded(row: Scores | ClassScores) -> dict[str, Any]:
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in row._asdict().items()}
