"""Taking in a model that a person brought: look, guess, try, ask if need be, keep.

It is tried in a session of its own, so that whatever it does, the model in use works on.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

from js import Uint8Array
from numpy.typing import NDArray

from obscura.cards import labels
from obscura.cards.card import InputSpec, ModelCard, ModelFile, OpenForm, RecordedAnswer
from obscura.detections import Detections
from obscura.errors import (
    BackendError,
    CardError,
    LabelsError,
    ModelError,
    ModelExternal,
    ModelMismatch,
    ModelTooLarge,
    ModelUnreadable,
    NotADetector,
    ObscuraError,
    OutOfMemory,
)
from obscura.families import FAMILIES
from obscura.families.common.reading import USUAL_SIZES, Picture, Reading, one_picture
from obscura.families.decode import Outputs, decode
from obscura.graph.inspect import Graph, inspect
from obscura.identify import guess
from obscura.page.browser.canvas import read_pixels
from obscura.page.live.kinds import MODEL_ENDING, is_model
from obscura.page.models.opening import Opened
from obscura.page.models.own import NotKept
from obscura.page.models.sessions import Inference
from obscura.page.models.shelf import Shelf, sha256
from obscura.page.state.preferences import Preferences
from obscura.page.words import text

MOST_BYTES = 512 * 2**20
"""Of a file: the page, the worker and the runtime hold it, in a tab's few gigabytes."""
MOST_BESIDE = 4 * 2**20
"""Of the file that comes with it."""
MOST_SECONDS = 60
"""To open it, and for each look at a picture: a network that takes longer is of no use here."""
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


@dataclass
class _Newcomer:
    """A network that is being taken in."""

    title: str
    name: str
    file: ModelFile
    network: Any
    graph: Graph
    trial: Opened | None = None
    """Its session, once it was tried."""


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
        file, beside = _sorted_out(files)
        stem = str(file.name)[: -len(MODEL_ENDING)]
        title = "".join(filter(str.isprintable, stem)).strip()[:60] or text.OWN_MODEL
        self._say(text.READING_MODEL.format(model=title))
        if file.size > MOST_BYTES:
            most = text.megabytes(MOST_BYTES)
            raise ModelTooLarge(f"{title} is larger than {most}", text.megabytes(file.size))
        network = await _bytes_of(file)
        digest = await sha256(network)
        name = self._name(title, digest)
        about = ModelFile(f"{name}{MODEL_ENDING}", int(file.size), digest)
        new = _Newcomer(title, name, about, network, _inspect(network))
        table = await _card_table(beside)
        try:
            if table is not None:
                card: ModelCard | None = _card_beside(table, new)
            else:
                card = await self._read_how(new, await read_names(beside) if beside else ())
            if card is None:
                self._end(new)
                return None
            card = await self._record(new, card)
        except BaseException:
            self._end(new)
            raise
        try:
            await self._shelf.add(card, guess.to_table(card), network)
        except NotKept as error:
            return Added(card, error)
        return Added(card, None)

    async def _read_how(self, new: _Newcomer, labels: Sequence[str]) -> ModelCard | None:
        """Find out how a network is to be read, from its face, else from what it returns, else by
        asking; None if the person thought better of it."""
        try:
            readings = guess.guess(new.graph, labels)
        except NotADetector as refusal:
            picture = one_picture(new.graph)
            if picture is None or all(v.shape and v.is_fixed() for v in new.graph.outputs):
                raise
            # The file does not say what comes out, but a run does.
            size = (picture.width or USUAL_SIZES[0], picture.height or USUAL_SIZES[0])
            try:
                outputs = await self._probe(new, picture, size)
            except OutOfMemory:
                raise
            except BackendError as error:
                raise refusal from error
            shapes = {name: array.shape for name, array in outputs.items()}
            readings = guess.guess(guess.refined(new.graph, size, shapes), labels)
        cards = [
            guess.card_of(reading, name=new.name, title=new.title, file=new.file)
            for reading in readings
        ]
        if guess.certain(readings):
            return cards[0]
        return await self._choose(new, readings, cards)

    async def _probe(
        self, new: _Newcomer, picture: Picture, size: tuple[int, int]
    ) -> dict[str, NDArray[Any]]:
        """What a network returns for the bundled picture, whatever that means."""
        channels = "grey" if picture.channels == 1 else "rgb"
        form = OpenForm(
            picture.name, picture.layout, channels, picture.dtype, std=(255.0, 255.0, 255.0)
        )
        some = Reading(next(iter(FAMILIES)), InputSpec(*size, "stretch"), form, 0, 0.0, "")
        card = guess.card_of(some, name=new.name, title=new.title, file=new.file)
        image = await self._inference.sample_image()
        trial = await self._trial(new, card)
        await trial.session.read_as(card)
        return await _in_time(trial.session.run_raw(image))

    async def _trial(self, new: _Newcomer, card: ModelCard) -> Opened:
        """The newcomer's session, opened when it is first needed."""
        if new.trial is None:
            self._say(text.TRYING_MODEL.format(model=new.title))
            settings = self._preferences.current
            new.trial = await _in_time(
                self._inference.trial(card, new.network, settings.backend, settings.threads)
            )
        return new.trial

    def _end(self, new: _Newcomer) -> None:
        if new.trial is not None:
            self._inference.end(new.trial)

    async def _choose(
        self, new: _Newcomer, readings: Sequence[Reading], cards: Sequence[ModelCard]
    ) -> ModelCard | None:
        """Let a person tell by eye which reading is right."""
        picture = await self._picture()
        proposals: list[Proposal] = []
        failure: ObscuraError | None = None
        for reading, card in zip(readings, cards, strict=True):
            trial = await self._trial(new, card)
            try:
                _, detections = await _look(trial, card, read_pixels(picture))
                proposals.append(Proposal(reading, card, detections))
            except (CardError, ModelMismatch) as error:  # this one is not the right one
                failure = error
        if not proposals:
            assert failure is not None
            raise failure
        chosen = await self._ask(new.title, proposals, picture)
        if chosen is None:
            return None
        proposal, labels = chosen
        return replace(proposal.card, labels=labels)

    async def _record(self, new: _Newcomer, card: ModelCard) -> ModelCard:
        """Put on the card what it sees on the bundled picture, for other backends to reproduce."""
        image = await self._inference.sample_image()
        size = (int(image.width), int(image.height))
        trial = await self._trial(new, card)
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
    return labels.parse(str(file.name), await _small(file))


async def _card_table(file: Any) -> dict[str, Any] | None:
    """The tables of a file that is a card (model.toml) rather than a list of names."""
    if file is None or not str(file.name).lower().endswith(".toml"):
        return None
    import tomllib

    from obscura.cards.nesting import too_deep

    try:
        content = (await _small(file)).decode()
        table = {} if too_deep(content) else tomllib.loads(content)
    except ValueError:
        return None  # whoever reads it for names will say what is wrong
    return table if "family" in table else None


def _card_beside(table: dict[str, Any], new: _Newcomer) -> ModelCard:
    """The card that came with a network, which may leave out what is known without it."""
    if new.graph.external:
        raise ModelExternal(
            "The model keeps its weights in other files", ", ".join(new.graph.external[:3])
        )
    usual = {
        "title": new.title,
        "summary": text.OWN_SUMMARY,
        "license": text.NO_LICENCE,
        "source": {},
        "output": {"top": guess.TOP, "threshold": 0.4, "iou": 0.5},
    }
    given = {key: value for key, value in table.items() if key not in ("check", "accuracy")}
    return ModelCard.from_dict({**usual, **given, "name": new.name, "file": new.file._asdict()})


async def _small(file: Any) -> bytes:
    """The bytes of a file that goes with a network."""
    if file.size > MOST_BESIDE:
        raise LabelsError(f"{file.name} is too large to be names", text.megabytes(file.size))
    try:
        return bytes(Uint8Array.new(await file.arrayBuffer()).to_bytes())
    except Exception as error:
        raise LabelsError(f"{file.name} cannot be read", error) from error


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


def _inspect(network: Any) -> Graph:
    """The network's face. Only the windows that are looked at enter Python."""

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
