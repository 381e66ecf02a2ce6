"""Adding a model from a file: inspect it, find out how to read it, test it, store it.

It is tested in a session of its own, so that whatever it does, the model in use goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

from obscura.cards.card import InputSpec, ModelCard, ModelFile, OpenForm, RecordedAnswer
from obscura.cards.complete import complete
from obscura.detections import Detections
from obscura.engine.session import RawOutputs
from obscura.errors import (
    BackendError,
    CardError,
    ModelError,
    ModelExternal,
    ModelMismatch,
    NotADetector,
    ObscuraError,
    OutOfMemory,
)
from obscura.families import FAMILIES
from obscura.families.common.reading import (
    USUAL_SIZES,
    Picture,
    Reading,
    any_size,
    one_picture,
)
from obscura.families.decode import Outputs, decode, read
from obscura.graph.inspect import Graph
from obscura.identify import guess
from obscura.page.live.kinds import MODEL_ENDING
from obscura.page.models import picked
from obscura.page.models.opening import OpenModel
from obscura.page.models.own import NotKept
from obscura.page.models.sessions import Sessions
from obscura.page.models.shelf import Shelf
from obscura.page.state.protocols import Canvas, Frame, Network, PickedFile, Preferences
from obscura.page.words import text

TIME_LIMIT_S = 60.0
"""For opening a network and for each picture: one that takes longer is of no use here."""
SAMPLE = "sample.jpg"
MOST_PLAUSIBLE = 100
"""Boxes in one picture; wrong readings often find hundreds."""
SIZES = (320, 416, 512, 640, 800, 1024, 1280)
"""Sides in pixels that are offered for a network of variable size."""

T = TypeVar("T")


class ModelSlow(ModelError):
    """The network took too long."""

    code = "model-slow"
    remedy = "Use a smaller model."


class ModelUnrunnable(ModelError):
    """The runtime refuses the network."""

    remedy = "Check that it runs in onnxruntime, or export it again."


class Proposal(NamedTuple):
    """A way to read the network, and what it finds on the user's picture."""

    reading: Reading
    card: ModelCard
    detections: Detections


def doubtful(proposals: Sequence[Proposal]) -> bool:
    """Return whether none of the proposals may be right: nothing in the file speaks for any, or
    what they find is nothing, or more than pictures show."""
    return all(
        guess.doubtful([proposal.reading]) or not 0 < len(proposal.detections) <= MOST_PLAUSIBLE
        for proposal in proposals
    )


class Choice(NamedTuple):
    """The proposal that the user chose, and the class names they gave."""

    proposal: Proposal
    labels: tuple[str, ...]


class AddModelResult(NamedTuple):
    """Result of adding a model."""

    card: ModelCard
    not_kept: NotKept | None
    """Why it will not be there on the next visit, if so."""


class Question(NamedTuple):
    """How a network is to be read."""

    title: str
    proposals: Sequence[Proposal]
    picture: Canvas
    resize: Callable[[int], Awaitable[Sequence[Proposal]]] | None
    """Returns the proposals for a square input of that side in pixels, none if the network does not
    run with it; None if the network has one size only."""


Ask = Callable[[Question], Awaitable[Choice | None]]
"""Returns what the user chose, None if they cancelled."""


@dataclass
class _NewModel:
    """A network that is being added."""

    title: str
    name: str
    file: ModelFile
    network: Network
    graph: Graph
    trial: OpenModel | None = None
    """Its session, once one was needed."""


class ModelAdder:
    """Adds models, one at a time."""

    def __init__(
        self,
        shelf: Shelf,
        sessions: Sessions,
        preferences: Preferences,
        *,
        ask: Ask,
        picture: Callable[[], Awaitable[Canvas]],
        read_pixels: Callable[[Canvas], Frame],
        say: Callable[[str], None],
        time_limit_s: float = TIME_LIMIT_S,
    ) -> None:
        """
        Args:
            ask: shows ways to read a network, and lets the user choose.
            picture: the canvas of what is in view.
            read_pixels: makes pixels of such a canvas.
            say: shows what is going on.
        """
        self._shelf, self._sessions, self._preferences = shelf, sessions, preferences
        self._ask, self._picture, self._read_pixels = ask, picture, read_pixels
        self._say, self._time_limit_s = say, time_limit_s

    async def add(self, files: Sequence[PickedFile]) -> AddModelResult | None:
        """Add an ONNX file, with a file of class names or a card if there is one.

        Returns:
            The model, which is on the shelf by then; None if the user cancelled.

        Raises:
            ModelTooLarge, ModelUnreadable, ModelExternal, NotADetector, ModelUnsupported,
            ModelMismatch, ModelSlow, OutOfMemory, BackendError: the model cannot be used.
            LabelsError: the class names cannot. CardError: the card cannot.
        """
        file, companion = picked.sort_files(files)
        title = picked.title_of(file)
        self._say(text.READING_MODEL.format(model=title))
        new = await self._inspect(title, file)
        table = await picked.read_card(companion) if companion else None
        try:
            if table is not None:
                card: ModelCard | None = _card_of_table(table, new)
            else:
                labels = await picked.read_names(companion) if companion else ()
                card = await self._find_reading(new, labels)
            if card is None:
                self._end(new)
                return None
            card = await self._record(new, card)
        except BaseException:
            self._end(new)
            raise
        try:
            await self._shelf.add(card, guess.to_table(card), new.network)
        except NotKept as error:
            return AddModelResult(card, error)
        return AddModelResult(card, None)

    async def _inspect(self, title: str, file: PickedFile) -> _NewModel:
        network = await picked.read_network(file)
        digest = await network.sha256()
        same = [card.name for card in self._shelf.own.values() if card.file.sha256 == digest]
        name = same[0] if same else picked.name_of(title, self._shelf.cards)
        about = ModelFile(f"{name}{MODEL_ENDING}", network.size, digest)
        return _NewModel(title, name, about, network, picked.inspect_network(network))

    async def _find_reading(self, new: _NewModel, labels: Sequence[str]) -> ModelCard | None:
        """Find out how to read a network: from its inputs and outputs, else from what it returns,
        else by asking. None if the user cancelled."""
        try:
            readings = guess.guess(new.graph, labels)
        except NotADetector as refusal:
            readings = guess.guess(await self._graph_of_a_run(new, refusal), labels)
        cards = [
            guess.card_of(reading, name=new.name, title=new.title, file=new.file)
            for reading in readings
        ]
        if guess.certain(readings):
            return cards[0]
        return await self._choose(new, readings, cards)

    async def _graph_of_a_run(self, new: _NewModel, refusal: NotADetector) -> Graph:
        """Complete a graph whose file leaves output shapes open, with those of a run.

        Raises:
            NotADetector: the given one, if there is nothing to complete or it does not run.
        """
        picture = one_picture(new.graph)
        if picture is None or all(v.shape and v.is_fixed() for v in new.graph.outputs):
            raise refusal
        size = (picture.width or USUAL_SIZES[0], picture.height or USUAL_SIZES[0])
        try:
            outputs = await self._run_unread(new, picture, size)
        except OutOfMemory:
            raise
        except BackendError as error:
            raise refusal from error
        shapes = {name: array.shape for name, array in outputs.items()}
        return guess.refined(new.graph, size, shapes)

    async def _run_unread(
        self, new: _NewModel, picture: Picture, size: tuple[int, int]
    ) -> RawOutputs:
        """Return what a network returns for the bundled picture, without knowing its meaning."""
        channels = "grey" if picture.channels == 1 else "rgb"
        form = OpenForm(
            picture.name, picture.layout, channels, picture.dtype, std=(255.0, 255.0, 255.0)
        )
        some = Reading(next(iter(FAMILIES)), InputSpec(*size, "stretch"), form, 0, 0.0, "")
        card = guess.card_of(some, name=new.name, title=new.title, file=new.file)
        image = await self._sessions.sample_image()
        trial = await self._trial(new, card)
        await trial.session.feed_as(card)
        return await self._in_time(trial.session.run(image))

    async def _trial(self, new: _NewModel, card: ModelCard) -> OpenModel:
        """Return the new model's session, opened when it is first needed."""
        if new.trial is None:
            self._say(text.TRYING_MODEL.format(model=new.title))
            settings = self._preferences.current
            try:
                new.trial = await self._in_time(
                    self._sessions.trial(card, new.network, settings.backend, settings.threads)
                )
            except OutOfMemory:
                raise
            except BackendError as error:  # which runs other models, so the cause is this one
                raise ModelUnrunnable(
                    "The browser's runtime cannot open the model", error
                ) from error
        return new.trial

    def _end(self, new: _NewModel) -> None:
        if new.trial is not None:
            self._sessions.end(new.trial)

    async def _choose(
        self, new: _NewModel, readings: Sequence[Reading], cards: Sequence[ModelCard]
    ) -> ModelCard | None:
        """Let the user choose the reading whose boxes look right, and the size if it varies."""
        picture = await self._picture()
        proposals = await self._proposals(new, zip(readings, cards, strict=True), picture)

        async def resize(side: int) -> Sequence[Proposal]:
            sized = [
                (each._replace(input=fed), replace(card, input=fed))
                for each, card in zip(readings, cards, strict=True)
                for fed in [card.input._replace(width=side, height=side)]
            ]
            try:
                return await self._proposals(new, sized, picture)
            except (CardError, ModelMismatch):
                return ()

        again = resize if any_size(new.graph) else None
        choice = await self._ask(Question(new.title, proposals, picture, again))
        return None if choice is None else replace(choice.proposal.card, labels=choice.labels)

    async def _proposals(
        self, new: _NewModel, readings: Iterable[tuple[Reading, ModelCard]], picture: Canvas
    ) -> list[Proposal]:
        """Return the readings under which a network runs, with what they find.

        Raises:
            CardError, ModelMismatch: it runs under none of them.
        """
        proposals: list[Proposal] = []
        failure: ObscuraError | None = None
        for reading, card in readings:
            trial = await self._trial(new, card)
            try:
                _, detections = await self._detect(trial, card, self._read_pixels(picture))
                proposals.append(Proposal(reading, card, detections))
            except (CardError, ModelMismatch) as error:  # not the right reading
                failure = error
        if not proposals:
            assert failure is not None
            raise failure
        return proposals

    async def _record(self, new: _NewModel, card: ModelCard) -> ModelCard:
        """Record on the card what it finds in the bundled picture, for other backends to match."""
        image = await self._sessions.sample_image()
        size = (int(image.width), int(image.height))
        trial = await self._trial(new, card)
        outputs, detections = await self._detect(trial, card, image)
        card = replace(card, check=RecordedAnswer(SAMPLE, size, detections))
        trial.card, trial.sample = card, outputs
        return card

    async def _detect(
        self, trial: OpenModel, card: ModelCard, image: Frame
    ) -> tuple[Outputs, Detections]:
        """Run a network on pixels and read it as a card says."""

        async def run() -> RawOutputs:
            await trial.session.feed_as(card)
            return await trial.session.run(image)

        size = (int(image.width), int(image.height))
        try:
            outputs = read(await self._in_time(run()), card)
            return outputs, decode(outputs, card, size)
        except OutOfMemory:
            raise
        except BackendError as error:
            # The backend has passed the self-check of other models, so the cause is this one, or
            # the way it is read.
            raise ModelMismatch("The network does not run as it is read", error) from error

    async def _in_time(self, work: Awaitable[T]) -> T:
        """Await something within the time limit. The caller ends the session."""
        try:
            async with asyncio.timeout(self._time_limit_s):
                return await work
        except TimeoutError as error:
            limit = f"over {self._time_limit_s:g} s"
            raise ModelSlow("The network took too long", limit) from error


def _card_of_table(table: dict[str, Any], new: _NewModel) -> ModelCard:
    """Return the card that came with a network, completed by what is known without it."""
    if new.graph.external:
        raise ModelExternal(
            "The model keeps its weights in other files", ", ".join(new.graph.external[:3])
        )
    usual = {"title": new.title, "summary": text.OWN_SUMMARY, "license": text.NO_LICENCE}
    given = {key: value for key, value in table.items() if key not in ("check", "accuracy")}
    about = {"name": new.name, "file": new.file._asdict()}
    return ModelCard.from_dict(complete({**usual, **given, **about}, new.name))
