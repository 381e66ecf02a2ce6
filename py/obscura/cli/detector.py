"""Options of commands that choose a detector, and the heads that look closer."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from obscura import places
from obscura.cards.catalogue import home
from obscura.cards.head_card import CARD, FOLDER
from obscura.cards.head_files import shipped
from obscura.cli.arguments import add_threads, closed_share, filled, names, positive
from obscura.detector import Detector
from obscura.heads import native
from obscura.heads.file import load_pipeline
from obscura.heads.native import USUAL_MODEL, AnyDetector, PipelineDetector
from obscura.heads.shelf import is_file
from obscura.heads.spec import FRAME, NAME, HeadSpec, PipelineError, PipelineSpec, name_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options to a command."""
    add = parser.add_argument_group("what finds objects").add_argument
    add("--model", type=filled, help=f"name, folder or ONNX file (default: {USUAL_MODEL})")
    add(
        "--reading",
        type=positive,
        metavar="N",
        help="which of several ways to read an ONNX file, as `obscura inspect` lists them",
    )
    add("--threshold", type=closed_share, metavar="T", help="minimum score, 0 to 1")
    add(
        "--iou",
        type=closed_share,
        metavar="I",
        help="maximum overlap of two boxes of a class, 0 to 1",
    )
    add("--classes", type=names, metavar="A,B", help="find only these classes (default: all)")
    add(
        "--flip",
        action="store_true",
        help="also detect on the mirrored picture (slower, finds more)",
    )
    add_threads(add)
    add(
        "--head",
        dest="heads",
        action=_Head,
        metavar="H",
        help="look closer with a head: its name, a folder with a head.toml, or an ONNX "
        "classifier of your own; may be given several times. Emotion, age-gender and other heads "
        "for faces find the faces first",
    )
    add(
        "--on",
        dest="heads",
        action=_On,
        metavar="A,B",
        help="what the --head before it looks at: classes, face, text, or frame for the whole "
        "picture",
    )
    add("--pipeline", metavar="FILE", help="look closer as a TOML file says, see docs/heads.md")


class _Head(argparse.Action):
    """Begins a head: its network, and what it looks at."""

    def __call__(
        self, _parser: Any, namespace: Any, value: Any, _option: str | None = None
    ) -> None:
        if not value.strip():
            raise argparse.ArgumentError(self, "it is empty")
        heads = [*(getattr(namespace, self.dest) or ()), (value, ())]
        setattr(namespace, self.dest, heads)


class _On(argparse.Action):
    """Adds to the head before it what it looks at."""

    def __call__(
        self, _parser: Any, namespace: Any, value: Any, _option: str | None = None
    ) -> None:
        heads = list(getattr(namespace, self.dest) or ())
        labels = tuple(label.strip() for label in value.split(",") if label.strip())
        if not heads:
            raise argparse.ArgumentError(self, "it belongs behind a --head")
        if not labels:
            raise argparse.ArgumentError(self, "it is empty")
        heads[-1] = (heads[-1][0], (*heads[-1][1], *labels))
        setattr(namespace, self.dest, heads)


def chosen(arguments: argparse.Namespace) -> PipelineSpec | None:
    """Return the pipeline that the options describe; None if they choose no heads.

    Args:
        arguments: with ``heads`` and ``pipeline``, and ``model``, which goes before that of a file.

    Raises:
        PipelineError: the options exclude each other, or the file is no pipeline.
    """
    if not arguments.heads and arguments.pipeline is None:
        return None
    if arguments.heads and arguments.pipeline is not None:
        raise PipelineError("--head and --pipeline exclude each other", remedy="Leave one out.")
    if arguments.pipeline is not None:
        spec = load_pipeline(arguments.pipeline)
        return spec if arguments.model is None else replace(spec, detector=arguments.model)
    return PipelineSpec(arguments.model, heads_of(arguments.heads))


def heads_of(pairs: Sequence[tuple[str, Sequence[str]]]) -> tuple[HeadSpec, ...]:
    """Return the heads of networks and what they look at.

    A head is named after its network: a shipped one by its name, others after their file or folder.

    Raises:
        PipelineError: a head of one's own does not say what it looks at.
    """
    networks = [_network(text) for text, _ in pairs]
    taken = {each for each in networks if isinstance(each, str)}
    heads: list[HeadSpec] = []
    for network, (text, on) in zip(networks, pairs, strict=True):
        name = str(network)
        if isinstance(network, Path):
            # What does not exist is refused for that, when it is opened.
            if not on and (is_file(network) or places.is_file(network / CARD)):
                raise PipelineError(
                    "The head does not say what it looks at",
                    text,
                    remedy=f"Add --on with classes, or --on {FRAME} for the whole picture.",
                )
            stem = network.stem if is_file(network) else network.resolve().name
            name = name_of(stem, taken)
            taken.add(name)
        heads.append(HeadSpec(name, network, tuple(dict.fromkeys(on))))
    return tuple(heads)


def _network(text: str) -> str | Path:
    """Return the name of a shipped head, also for its folder, or the path of any other."""
    path = Path(text)
    if not is_file(path) and path.resolve().parent == (home() / FOLDER).resolve():
        return path.resolve().name
    is_name = NAME.fullmatch(text) is not None and (text in shipped() or not places.is_dir(path))
    return text if is_name else path


def opened(arguments: argparse.Namespace) -> AnyDetector:
    """Open the detector that the options choose, with heads if they choose some.

    Args:
        arguments: those of `chosen`, and the detector's ``threshold``, ``iou``, ``classes``,
            ``threads``, ``flip`` and ``reading``.

    Raises:
        ObscuraError: a model, a head or the pipeline cannot be used.
    """
    names = ("threshold", "iou", "classes", "threads", "flip", "reading")
    options = {name: getattr(arguments, name) for name in names}
    spec = chosen(arguments)
    if spec is None:
        return Detector(arguments.model or USUAL_MODEL, **options)
    return PipelineDetector(spec, **options)


def failures(detector: AnyDetector) -> list[str]:
    """Return a sentence for each head that failed and is off."""
    return [
        f'The head "{name}" failed and is off. {message}'
        for name, message in native.failures(detector).items()
    ]


def as_text(attributes: dict[str, Any]) -> str:
    """Return the attributes of a row for people to read; points by their number."""
    parts = []
    for name, value in attributes.items():
        if isinstance(value, dict):
            parts.append(f"{name} {value['label']} {value['score']:.0%}")
        elif isinstance(value, list):
            parts.append(f"{name} {len(value)} points")
        elif name == "male":
            parts.append(f"male {value:.0%}")
        else:
            parts.append(f"{name} {value:.0f}")
    return ", ".join(parts)
