"""Adding heads from files: a classifier and its class names, or a pipeline with its networks.

Pure Python. It is imported when a person adds the first one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from obscura.cards.card import ModelFile, toml_table
from obscura.cards.classifier import BESIDE, card_of
from obscura.cards.head_card import HeadCard
from obscura.errors import CardError
from obscura.families.heads import read
from obscura.heads import HeadSpec, PipelineError, PipelineSpec, assemble, completed
from obscura.heads.file import MOST_BYTES, parse_pipeline
from obscura.heads.spec import Cadence, name_of
from obscura.page.features.closer.own import OwnHead
from obscura.page.live.kinds import MODEL_ENDING, is_companion, is_model
from obscura.page.models import picked
from obscura.page.state.protocols import Network, PickedFile
from obscura.suggest import suggestion


@dataclass(frozen=True)
class Draft:
    """A classifier that is being added; a person says what it looks at."""

    card: HeadCard
    network: Network

    def own(self, on: str, margin: float, cadence: Cadence) -> OwnHead:
        """Return it as a head.

        Raises:
            PipelineError: a value is out of its range.
        """
        spec = HeadSpec(self.card.name, f"{self.card.name}{MODEL_ENDING}", (on,), None, margin,
                        None, cadence)  # fmt: skip
        return OwnHead(spec, self.card)


@dataclass(frozen=True)
class Pipeline:
    """A pipeline that is being added."""

    spec: PipelineSpec
    heads: tuple[tuple[OwnHead, Network | None], ...]
    """Its heads, in order, each with its network; None for a shipped one."""


def is_pipeline(files: Sequence[PickedFile]) -> bool:
    """Return whether one of the files describes a pipeline."""
    return any(file.name.lower().endswith(".toml") for file in files)


async def read_classifier(
    files: Sequence[PickedFile], known: Mapping[str, OwnHead], taken: Collection[str]
) -> Draft:
    """Read an ONNX file, and its class names if there are some.

    Args:
        known: the heads that were added before; the same file replaces one of them.
        taken: names that it cannot have.

    Raises:
        ModelError, LabelsError: it cannot be used; says why.
    """
    file, companion = picked.sort_files(files)
    network = await picked.read_network(file)
    digest = await network.sha256()
    same = [name for name, own in known.items() if own.card and own.card.file.sha256 == digest]
    title = picked.title_of(file)
    name = same[0] if same else name_of(title, {*taken, *known})
    labels = await picked.read_names(companion) if companion is not None else ()
    return Draft(_card(network, digest, name, title, labels), network)


async def read_pipeline(
    files: Sequence[PickedFile], shipped: Mapping[str, HeadCard], models: Mapping[str, Any],
    labels: Sequence[str],
) -> Pipeline:  # fmt: skip
    """Read a pipeline and the networks that it names.

    Args:
        shipped: cards of the heads that come with the page.
        models: cards of the models, by name.
        labels: of the model in use, which the pipeline is for if it names none.

    Raises:
        PipelineError: it is not valid, or a head does not get what it looks at.
        ModelError, LabelsError: a network cannot be used.
    """
    file = next(file for file in files if file.name.lower().endswith(".toml"))
    content = await _text(file)
    if _is_card(content):
        raise PipelineError(
            "The page does not read the cards of heads",
            file.name,
            remedy="Choose the ONNX file of a classifier without its card.",
        )
    spec = parse_pipeline(content)
    if spec.detector is not None:
        if str(spec.detector) not in models:
            raise PipelineError(
                "The pipeline is for a model that this page does not have",
                spec.detector,
                remedy=suggestion(str(spec.detector), list(models), otherwise="Add it first."),
            )
        labels = models[str(spec.detector)].labels
    heads = [(head, *await _found(head, files, shipped)) for head in spec.heads]
    cards = {head.name: card for head, card, _ in heads}
    whole = completed(spec, labels, cards)
    extra = {
        head.name: shipped[str(head.network)] for head in whole.heads if head.name not in cards
    }
    assemble(whole, labels, {**cards, **extra}, read)  # which raises what is wrong
    terms = {head.name: head for head in whole.heads}
    return Pipeline(
        spec,
        tuple(
            (OwnHead(terms[head.name], None if network is None else card, spec.budget_ms), network)
            for head, card, network in heads
        ),
    )


async def _found(
    head: HeadSpec, files: Sequence[PickedFile], shipped: Mapping[str, HeadCard]
) -> tuple[HeadCard, Network | None]:
    """Return the card and the network of a pipeline's head."""
    wanted = str(head.network)
    if not wanted.lower().endswith(MODEL_ENDING):
        if wanted not in shipped:
            otherwise = f"It should be one of {', '.join(shipped)}, or an .onnx file."
            raise PipelineError(
                f'The network of the head "{head.name}" does not exist',
                wanted,
                remedy=suggestion(wanted, list(shipped), otherwise=otherwise),
            )
        return shipped[wanted], None
    path = PurePosixPath(wanted.replace("\\", "/"))
    file = next((file for file in files if is_model(file) and file.name == path.name), None)
    if file is None:
        raise PipelineError(
            f'The file of the head "{head.name}" is missing',
            path.name,
            remedy="Choose it together with the pipeline.",
        )
    network = await picked.read_network(file)
    names = {f"{path.stem}{ending}" for ending in BESIDE}
    beside = next((f for f in files if is_companion(f) and f.name in names), None)
    labels = await picked.read_names(beside) if beside is not None else ()
    title = picked.title_of(file)
    return _card(network, await network.sha256(), head.name, title, labels), network


def _card(
    network: Network, digest: str, name: str, title: str, labels: Sequence[str]
) -> HeadCard:  # fmt: skip
    graph = picked.inspect_network(network)
    file = ModelFile(f"{name}{MODEL_ENDING}", network.size, digest)
    return replace(card_of(graph, file, name=name, labels=labels), title=title)


def _is_card(content: str) -> bool:
    """Return whether a TOML text is a head.toml; what is not TOML is not."""
    try:
        return "family" in toml_table(content)
    except CardError:
        return False


async def _text(file: PickedFile) -> str:
    if file.size > MOST_BYTES:
        raise PipelineError("The file is too large for a pipeline", file.name)
    try:
        content = await file.read()
    except Exception as error:
        raise PipelineError(f"{file.name} cannot be read", error) from error
    try:
        return content.window(0, content.size).decode("utf-8")
    except UnicodeDecodeError as error:
        raise PipelineError(
            "The pipeline is not text", file.name, remedy="Save it in UTF-8."
        ) from error
