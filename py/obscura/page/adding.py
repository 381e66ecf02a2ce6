"""Taking in a model that a person brought: look, guess, try, ask if need be, keep.

It is tried in a session of its own, so that whatever it does, the model in use works on.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from js import Uint8Array

from obscura.card import ModelCard, ModelFile, RecordedAnswer
from obscura.detections import Detections
from obscura.errors import (
    BackendError,
    LabelsError,
    ModelError,
    ModelMismatch,
    ModelTooLarge,
    ModelUnreadable,
    ObscuraError,
    OutOfMemory,
)
from obscura.families import Outputs, decode
from obscura.families.reading import Reading
from obscura.page import text
from obscura.page.inference import Inference
from obscura.page.opening import Opened
from obscura.page.own import NotKept
from obscura.page.settings import Preferences
from obscura.page.shelf import Shelf, sha256
from obscura.page.sources import read_pixels

MOST_BYTES = 512 * 2**20
"""Of a file: the page, the worker and the runtime hold it, in a tab's few gigabytes."""
MOST_BESIDE = 4 * 2**20
"""Of the file that comes with it."""
MOST_SECONDS = 60
"""To open it, and for each look at a picture: a network that takes longer is of no use here."""
ENDING = ".onnx"
NAMES_ENDINGS = (".txt", ".json", ".toml", ".yaml", ".yml", ".pbtxt")
SAMPLE = "sample.jpg"

T = TypeVar("T")


class ModelSlow(ModelError):
    """The network took too long."""

    code = "model-slow"
    remedy = "Use a smaller model."


class Proposal(NamedTuple):
    """A way to read the network, and what it sees on the person's picture."""

    reading: Reading
    card: ModelCard
    detections: Detections


class Added(NamedTuple):
    """What has become of a file."""

    card: ModelCard
    trouble: NotKept | None
    """Why it will not be there on the next visit, if so."""


Ask = Callable[[str, Sequence[Proposal], Any], Awaitable[tuple[Proposal, tuple[str, ...]] | None]]
"""`(title, proposals, canvas of the picture)`: the one chosen and its class names; or None."""


class Adding:
    """Takes in one model at a time."""

    def __init__(
        self,
        shelf: Shelf,
        inference: Inference,
        preferences: Preferences,
        *,
        ask: Ask,
        picture: Callable[[], Awaitable[Any]],
        say: Callable[[str], None],
    ) -> None:
        """
        Args:
            ask: shows ways to read a network, and lets a person choose.
            picture: the canvas of what is in view.
            say: shows what is happening now.
        """
        self._shelf, self._inference, self._preferences = shelf, inference, preferences
        self._ask, self._picture, self._say = ask, picture, say

    async def add(self, files: Sequence[Any]) -> Added | None:
        """Take in an ONNX file, with a file of class names or a card if there is one.

        Returns:
            what is on the shelf by then; None if the person thought better of it.

        Raises:
            ModelTooLarge, ModelUnreadable, ModelExternal, NotADetector, ModelUnsupported,
            ModelMismatch, ModelSlow, OutOfMemory, BackendError: the model cannot be used.
            LabelsError: the class names cannot. CardError: the card cannot.
        """
        from obscura import guess  # here, for most visits need none of it

        file, beside = _sorted_out(files)
        title = str(file.name)[: -len(ENDING)].strip()[:60] or text.OWN_MODEL
        self._say(text.READING_MODEL.format(model=title))
        if file.size > MOST_BYTES:
            most = text.megabytes(MOST_BYTES)
            raise ModelTooLarge(f"{title} is larger than {most}", text.megabytes(file.size))
        network = await _bytes_of(file)
        graph = _inspect(network)
        digest = await sha256(network)
        name = self._name(title, digest)
        about = ModelFile(f"{name}{ENDING}", int(file.size), digest)
        table = await _card_table(beside)
        if table is not None:
            readings: list[Reading] = []
            cards, certain = [_card_beside(table, name, title, about)], True
        else:
            labels = await read_names(beside) if beside else ()
            readings = guess.guess(graph, labels)
            certain = guess.certain(readings)
            cards = [
                guess.card_of(reading, name=name, title=title, labels=labels or None, file=about)
                for reading in readings
            ]
        self._say(text.TRYING_MODEL.format(model=title))
        settings = self._preferences.current
        trial = await _in_time(
            self._inference.trial(cards[0], network, settings.backend, settings.threads)
        )
        try:
            if certain:
                card: ModelCard | None = cards[0]
            else:
                card = await self._choose(title, trial, readings, cards)
            if card is None:
                self._inference.end(trial)
                return None
            card = await self._record(trial, card)
        except BaseException:
            self._inference.end(trial)
            raise
        try:
            await self._shelf.add(card, guess.to_table(card), network)
        except NotKept as error:
            return Added(card, error)
        return Added(card, None)

    async def _choose(
        self,
        title: str,
        trial: Opened,
        readings: Sequence[Reading],
        cards: Sequence[ModelCard],
    ) -> ModelCard | None:
        """Let a person tell by eye which reading is right."""
        picture = await self._picture()
        proposals: list[Proposal] = []
        failure: ObscuraError | None = None
        for reading, card in zip(readings, cards, strict=True):
            try:
                _, detections = await _look(trial, card, read_pixels(picture))
                proposals.append(Proposal(reading, card, detections))
            except ModelSlow:
                raise
            except ObscuraError as error:  # this one is not the right one
                failure = error
        if not proposals:
            assert failure is not None
            raise failure
        chosen = await self._ask(title, proposals, picture)
        if chosen is None:
            return None
        proposal, labels = chosen
        return replace(proposal.card, labels=labels)

    async def _record(self, trial: Opened, card: ModelCard) -> ModelCard:
        """Put on the card what it sees on the bundled picture, for other backends to reproduce."""
        image = await self._inference.sample_image()
        size = (int(image.width), int(image.height))
        outputs, detections = await _look(trial, card, image)
        card = replace(card, check=RecordedAnswer(SAMPLE, size, detections))
        trial.card, trial.sample = card, outputs
        return card

    def _name(self, title: str, digest: str) -> str:
        """A name that addresses may hold: the file's own, made unique; its former one if it is
        here already."""
        for card in self._shelf.own.values():
            if card.file.sha256 == digest:
                return card.name
        plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40] or "model"
        name, number = f"own-{plain}", 1
        while name in self._shelf.cards:
            number += 1
            name = f"own-{plain}-{number}"
        return name


async def read_names(file: Any) -> tuple[str, ...]:
    """Class names from a file that a person gave. Raises `LabelsError`."""
    from obscura import labels

    return labels.parse(str(file.name), await _small(file))


async def _card_table(file: Any) -> dict[str, Any] | None:
    """The tables of a file that is a card (model.toml) rather than a list of names."""
    if file is None or not str(file.name).lower().endswith(".toml"):
        return None
    import tomllib

    try:
        table = tomllib.loads((await _small(file)).decode())
    except ValueError:
        return None  # whoever reads it for names will say what is wrong
    return table if "family" in table else None


def _card_beside(table: dict[str, Any], name: str, title: str, about: ModelFile) -> ModelCard:
    """The card that came with a network, which may leave out what is known without it."""
    usual = {
        "title": title,
        "summary": text.OWN_SUMMARY,
        "license": text.NO_LICENCE,
        "source": {},
        "output": {"top": 100, "threshold": 0.4, "iou": 0.5},
    }
    given = {key: value for key, value in table.items() if key not in ("check", "accuracy")}
    return ModelCard.from_dict({**usual, **given, "name": name, "file": about._asdict()})


async def _small(file: Any) -> bytes:
    """The bytes of a file that goes with a network."""
    if file.size > MOST_BESIDE:
        raise LabelsError(f"{file.name} is too large to be names", text.megabytes(file.size))
    try:
        return bytes(Uint8Array.new(await file.arrayBuffer()).to_bytes())
    except Exception as error:
        raise LabelsError(f"{file.name} cannot be read", error) from error


def is_model(file: Any) -> bool:
    """Whether a file calls itself a network."""
    return str(file.name).lower().endswith(ENDING)


def _sorted_out(files: Sequence[Any]) -> tuple[Any, Any]:
    """The network, and the file of class names or None."""
    networks = [file for file in files if is_model(file)]
    names = [file for file in files if str(file.name).lower().endswith(NAMES_ENDINGS)]
    if not networks:
        given = ", ".join(str(file.name) for file in files)
        raise ModelUnreadable(
            "None of these files is an ONNX model", given, remedy="Its name should end in .onnx."
        )
    return networks[0], names[0] if names else None


async def _bytes_of(file: Any) -> Any:
    try:
        return await file.arrayBuffer()
    except Exception as error:  # as vague in all browsers: gone, not allowed, no memory
        raise ModelUnreadable(
            f"{file.name} cannot be read", error, remedy="Copy it elsewhere and try again."
        ) from error


def _inspect(network: Any) -> Any:
    """The network's face. Only the windows that are looked at enter Python."""
    from obscura.graph.inspect import inspect

    def read(start: int, stop: int) -> bytes:
        return bytes(Uint8Array.new(network, start, stop - start).to_bytes())

    return inspect(read, int(network.byteLength))


async def _look(trial: Opened, card: ModelCard, image: Any) -> tuple[Outputs, Detections]:
    """What a network, read as a card says, sees on an `ImageData`."""

    async def look() -> Outputs:
        await trial.session.read_as(card)
        return await trial.session.run(image)

    size = (int(image.width), int(image.height))
    try:
        outputs = await _in_time(look())
        return outputs, decode(outputs, card, size)
    except BackendError as error:
        if isinstance(error, OutOfMemory):
            raise
        # Backends have proved themselves by other models, so it is this one, or how it is read.
        raise ModelMismatch("The network does not run as it is read", error) from error


async def _in_time(work: Awaitable[T]) -> T:
    """Wait for something, but not for ever. Whoever started it ends the session."""
    try:
        async with asyncio.timeout(MOST_SECONDS):
            return await work
    except TimeoutError as error:
        raise ModelSlow("The network took too long", f"over {MOST_SECONDS} s") from error
