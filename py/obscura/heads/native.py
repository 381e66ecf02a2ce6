"""PipelineDetector: a detector and its heads in CPython, from a picture to what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from obscura.cards.card import ModelCard
from obscura.detections import ATTRIBUTES, Detections
from obscura.detector import Detector, rgba
from obscura.engine.session import Session
from obscura.errors import ObscuraError, OutOfMemory
from obscura.export.records import to_record
from obscura.heads.assembly import assemble, completed, described, drive, plain
from obscura.heads.budget import Budget
from obscura.heads.contract import Card
from obscura.heads.shelf import open_network, read
from obscura.heads.spec import HeadSpec, PipelineSpec
from obscura.heads.stage import HeadStage
from obscura.pipeline import Answer, Request
from obscura.tracking import Tracker
from obscura.update import FrameInfo, Update

if TYPE_CHECKING:
    from obscura.detector import Picture

USUAL_MODEL = "cocossd"


class PipelineDetector:
    """A detector, and heads that look closer at what it finds. Also a context manager.

    >>> from obscura.heads import HeadSpec, PipelineSpec
    >>> spec = PipelineSpec("cocossd", (HeadSpec("emotion", "emotion"),))
    >>> with PipelineDetector(spec) as detector:  # faces are found on the way to emotions
    ...     found = detector.detect("street.jpg")
    ...     detector.attributes(found)[0]
    {...}
    """

    def __init__(
        self,
        spec: PipelineSpec,
        *,
        threshold: float | None = None,
        iou: float | None = None,
        classes: Iterable[str] | None = None,
        threads: int = 0,
        flip: bool = False,
        reading: int | None = None,
        live: bool = False,
    ) -> None:
        """Load the detector and all heads.

        Args:
            spec: the pipeline; completed as `obscura.heads.completed` does it.
            threshold: of the detector, as the next five; see `Detector`.
            iou: see `Detector`.
            classes: see `Detector`.
            threads: see `Detector`.
            flip: see `Detector`.
            reading: see `Detector`.
            live: keep to the pipeline's budget, because somebody watches. Without it the heads
                look at everything that is due.

        Raises:
            PipelineError: a head does not get what it looks at.
            ObscuraError: a model or a head cannot be loaded; see `Detector`.
        """
        detector = Detector(
            USUAL_MODEL if spec.detector is None else spec.detector,
            threshold=threshold,
            iou=iou,
            classes=classes,
            threads=threads,
            flip=flip,
            reading=reading,
        )
        self._detector = detector
        try:
            cards = {head.name: self._open(head) for head in spec.heads}
            self.spec = completed(spec, detector.labels, cards)
            more = [head for head in self.spec.heads if head.name not in cards]
            cards |= {head.name: self._open(head) for head in more}
            budget = Budget(spec.budget_ms) if live else Budget()
            self._tracker = Tracker()
            self._tracker.use_card(detector.card, threshold)
            given: tuple[Any, ...] = (self.spec, detector.labels, cards, read)
            # One pipeline per way of use, or tracks of a video would live on in a picture.
            self._pictures = assemble(*given, budget=Budget())
            self._frames = assemble(*given, tracker=self._tracker, budget=budget)
        except BaseException:
            detector.close()
            raise

    def _open(self, head: HeadSpec) -> Card:
        card, network = open_network(head.network)
        self._detector.session.open_head(head.name, network, card)
        return card

    @property
    def card(self) -> ModelCard:
        """The card of the detector."""
        return self._detector.card

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes by class_id: the detector's, then those that heads add."""
        return self._frames.labels

    @property
    def heads(self) -> tuple[HeadStage, ...]:
        """The heads in the order in which they run, as `update` drives them."""
        return self._frames.heads

    @property
    def budget(self) -> Budget:
        """Time that the heads take of a frame, as `update` drives them."""
        return self._frames.budget

    def failures(self) -> dict[str, str]:
        """Return the message of each head that is off because it failed, by its name."""
        return {**self._frames.failures(), **self._pictures.failures()}

    def retry_heads(self) -> None:
        """Let heads that failed look at the next picture again, which may be somebody else's."""
        for stage in (*self._frames.heads, *self._pictures.heads):
            stage.failure = None

    def detect(self, picture: Picture) -> Detections:
        """Find objects in one picture, and look closer at them; see `Detector.detect`.

        Returns:
            Detections with the rows and arrays that the heads add, see `HeadStage`. A head that
            fails adds nothing, see `failures`.
        """
        pixels = rgba(picture)
        self._pictures.pipeline.reset()
        found = self._detector.detect(pixels)
        frame = FrameInfo(0, 0.0, pixels.shape[1], pixels.shape[0])
        update = Update(frame, found)
        return drive(self._pictures.pipeline.steps(update), self._run).detections

    def update(self, pixels: NDArray[np.uint8], index: int, time_s: float) -> Update:
        """Return the update of one frame of a source, with track_ids and attributes of tracks.

        Args:
            pixels: ``(height, width, 3 or 4)`` uint8.
            index: number of the frame, from 0.
            time_s: its time in seconds, which never decreases within a source.
        """
        pixels = rgba(pixels)
        began = perf_counter()
        found = self._detector.detect(pixels)
        self.budget.add_detector(1000 * (perf_counter() - began))
        update = Update(FrameInfo(index, time_s, pixels.shape[1], pixels.shape[0]), found)
        return drive(self._frames.pipeline.steps(update), self._run)

    def reset(self) -> None:
        """Forget all tracks, because another source follows, whose tracks are numbered from 1."""
        self._frames.pipeline.reset()
        self._tracker.restart()

    def attributes(self, found: Detections) -> list[dict[str, Any]]:
        """Return the attributes of each row as plain JSON types; see `obscura.heads.described`."""
        return described(found, self.heads)

    def scene(self) -> dict[str, Any]:
        """Return what heads found out about the whole picture detected last, by name."""
        known: dict[str, Any] = {}
        for stage in self._pictures.heads:
            if stage.scene is not None:
                known |= plain(stage.scene, stage.name, stage.card.labels)
        return known

    def _run(self, request: Request) -> Answer:
        return answered(self._detector.session, request)

    def close(self) -> None:
        """Release the memory of all networks. May be called any number of times."""
        self._detector.close()

    def __enter__(self) -> PipelineDetector:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


AnyDetector = Detector | PipelineDetector


def failures(detector: AnyDetector) -> dict[str, str]:
    """Return the message of each head that is off because it failed, by its name."""
    return detector.failures() if isinstance(detector, PipelineDetector) else {}


def record(detector: AnyDetector, update: Update, *, source: str = "") -> dict[str, Any]:
    """Return the record of a frame, see `obscura.export.records`: with what heads found out about
    the whole picture that was detected last, and those that failed.

    Args:
        update: what the detector found.
        source: name of the source.
    """
    made = to_record(update, detector.labels, source=source, model=detector.card.name)
    if isinstance(detector, PipelineDetector) and (scene := detector.scene()):
        made[ATTRIBUTES] = scene
    if failed := failures(detector):
        made["failures"] = failed
    return made


def answered(
    session: Session, request: Request, clock: Callable[[], float] = perf_counter
) -> Answer:
    """Run the head that a request names; an error becomes part of the answer.

    Args:
        clock: returns seconds.
    """
    began = clock()
    try:
        outputs = session.run_crops(request.head, request.xyxy, request.size)
    except ObscuraError as error:
        return Answer({}, 0.0, error)
    except MemoryError:
        return Answer({}, 0.0, OutOfMemory("There is too little memory for the head", request.head))
    return Answer(outputs, 1000 * (clock() - began))
