"""Pipelines as data: which heads run, on which parts of a frame, and how often."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import inf, isnan
from pathlib import Path
from typing import NamedTuple

from obscura.cards.head_card import LARGEST_MARGIN, SHAPES
from obscura.errors import CardError
from obscura.suggest import matching, suggestion

FRAME = "frame"
"""What a head runs on that looks at the whole frame."""
FINDER_NETWORKS = {"face": ("faces", "faces-far"), "text": ("text",)}
"""Names of the shipped heads that find objects of a class, the usual one first."""
FINDERS = {label: names[0] for label, names in FINDER_NETWORKS.items()}
"""The shipped head that finds what a detector may not know, by the label that it adds."""
MOST_HEADS = 16
USUAL_BUDGET_MS = 40.0
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
NAME_WANTED = "a name of 1 to 40 letters, digits, - and _, that begins with a letter"
TAKEN = (
    "attributes", "box", "keypoints", "label", "missed_s", "notes", "opacity", "score", "seen_s",
    "track_id",
)  # fmt: skip
"""Names that heads cannot have, because `Detections` uses them otherwise."""


def name_of(title: str, taken: Collection[str]) -> str:
    """Return the name of a head for a title or a file's stem: one that heads can have, and that
    none of the others has.

    >>> name_of("Mask or not?", {"Mask-or-not"})
    'Mask-or-not-2'
    >>> name_of("Größe", ()), name_of("9 lives", ()), name_of("score", ())
    ('Gr-e', 'head-9-lives', 'score-2')
    """
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", title).strip("-")[:30]
    name = base = plain if NAME.fullmatch(plain) else f"head-{plain}".rstrip("-")
    number = 1
    while name in {*taken, *TAKEN}:
        number += 1
        name = f"{base}-{number}"
    return name


class PipelineError(CardError):
    """A pipeline names something that does not exist, or that cannot work."""

    code = "pipeline-invalid"
    remedy = "Correct the pipeline."


class Every(NamedTuple):
    """Cadence of a head that looks again at an object in every Nth analysed frame."""

    frames: int = 1


class OnceThen(NamedTuple):
    """Cadence of a head that looks at a track once, and then again each time so much has passed."""

    seconds: float
    """Infinite for a head that looks only once."""


Cadence = Every | OnceThen


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """A head in a pipeline.

    Attributes:
        name: under which its attributes are found; unique in a pipeline.
        network: name of a shipped head, or the path of an ONNX classifier.
        on: labels of the rows that it looks at, those that other heads add included, and `FRAME`
            for the whole frame; empty for what is usual for the head.
        least: the smallest side, in pixels of the source, of a box that it looks at; None for the
            head's own.
        margin: what is added to a box on each side, in sides of the box; None for the head's own.
        shape: "box" as it is, "square" around it, "top" for a square at its upper edge, where the
            head of a person is; None for the head's own.
        cadence: how often it looks; None for the usual of its kind.

    Raises:
        PipelineError: a value is out of its range.
    """

    name: str
    network: str | Path
    on: tuple[str, ...] = ()
    least: float | None = None
    margin: float | None = None
    shape: str | None = None
    cadence: Cadence | None = None

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise self._error("name", self.name, NAME_WANTED)
        if self.name in TAKEN:
            raise self._error("name", self.name, f"a name other than {', '.join(TAKEN)}")
        if self.least is not None and not 0 <= self.least < inf:
            raise self._error("least", self.least, "a number of pixels, 0 or more")
        if self.margin is not None and not 0 <= self.margin <= LARGEST_MARGIN:
            raise self._error("margin", self.margin, f"a number from 0 to {LARGEST_MARGIN:g}")
        if self.shape is not None and self.shape not in SHAPES:
            raise self._error("shape", self.shape, f"one of {', '.join(SHAPES)}")
        if isinstance(self.cadence, Every) and self.cadence.frames < 1:
            raise self._error("every", self.cadence.frames, "a number of frames, 1 or more")
        if isinstance(self.cadence, OnceThen) and not self.cadence.seconds > 0:
            raise self._error("once_then_s", self.cadence.seconds, "a number of seconds above 0")

    def _error(self, key: str, value: object, wanted: str) -> PipelineError:
        return PipelineError(
            f'The {key} of the head "{self.name}" is not valid',
            value,
            remedy=f"It should be {wanted}.",
        )


@dataclass(frozen=True, slots=True)
class PipelineSpec:
    """A detector and the heads that look closer at what it finds.

    Attributes:
        detector: name or folder of a model; None for the one in use.
        heads: in the order in which they run.
        budget_ms: milliseconds a frame that all heads together may take.

    Raises:
        PipelineError: two heads have one name, there are too many, or the budget is not above 0.
    """

    detector: str | Path | None = None
    heads: tuple[HeadSpec, ...] = ()
    budget_ms: float = USUAL_BUDGET_MS

    def __post_init__(self) -> None:
        names = [head.name for head in self.heads]
        for name in names:
            if names.count(name) > 1:
                raise PipelineError(
                    "Two heads have the same name", name, remedy="Give each a name of its own."
                )
        if len(names) > MOST_HEADS:
            raise PipelineError(
                "There are too many heads", len(names), remedy=f"Use at most {MOST_HEADS}."
            )
        if isnan(self.budget_ms) or self.budget_ms <= 0:
            raise PipelineError(
                "The budget_ms of the pipeline is not valid",
                self.budget_ms,
                remedy="It should be a number of milliseconds above 0.",
            )


class Link(NamedTuple):
    """What a head needs and gives, as far as it matters to the others."""

    name: str
    on: tuple[str, ...]
    adds: str  # label of the rows that it adds; "" if it adds none
    data: tuple[str, ...]  # names of its arrays in `Detections.data`


def chain(links: Sequence[Link], labels: Sequence[str]) -> tuple[str, ...]:
    """Check that each head gets what it looks at, and return the labels of the whole pipeline.

    Args:
        links: the heads, in the order in which they run.
        labels: the detector's.

    Returns:
        The detector's labels, and after them those that heads add, each once. A class_id of the
        detector means the same in both.

    Raises:
        PipelineError: nothing gives what a head looks at, or two heads write the same attribute.
    """
    all_labels = list(labels)
    writers: dict[str, str] = {}
    for place, link in enumerate(links):
        if not link.on:
            raise PipelineError(
                f'The head "{link.name}" does not say what it looks at',
                remedy=f'Name classes, or "{FRAME}" for the whole frame.',
            )
        for label in link.on:
            if label != FRAME and label not in all_labels:
                raise _missing(label, place, links, all_labels)
        for name in () if link.adds else link.data:
            if name in writers:
                raise PipelineError(
                    f'The heads "{writers[name]}" and "{link.name}" write the same attribute',
                    name,
                    remedy="Remove one of them.",
                )
            writers[name] = link.name
        if link.adds and link.adds not in all_labels:
            all_labels.append(link.adds)
    return tuple(all_labels)


def _missing(label: str, place: int, links: Sequence[Link], labels: Sequence[str]) -> PipelineError:
    """Return the error of a head that looks at a label which does not exist at its place."""
    link = links[place]
    later = next((other.name for other in links[place + 1 :] if other.adds == label), "")
    if later:
        return PipelineError(
            f'The head "{link.name}" looks at "{label}", which only "{later}" adds, after it',
            remedy=f'Put "{later}" before "{link.name}".',
        )
    if link.adds == label:
        return PipelineError(
            f'The head "{link.name}" looks only at what it adds itself',
            label,
            remedy=f'Let it look at "{FRAME}" or at a class of the detector.',
        )
    same = matching(label, labels)
    if same:
        remedy = f'Did you mean "{same[0]}"?'
    elif label in FINDERS:
        remedy = f'Put the head "{FINDERS[label]}" before it.'
    else:
        known = f"It can look at {', '.join([FRAME, *labels[:10]])}."
        remedy = suggestion(label, [*labels, FRAME], otherwise=known)
    return PipelineError(
        f'The head "{link.name}" looks at "{label}", which neither the detector nor a head before '
        "it finds",
        remedy=remedy,
    )
