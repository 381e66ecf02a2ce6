"""Finder: what there is to cover in pictures and frames, found by a model and by networks for faces
and writing. CPython only."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from obscura.detector import Detector, rgba
from obscura.errors import ObscuraError
from obscura.heads.assembly import Assembly, assemble, completed, drive
from obscura.heads.budget import Budget
from obscura.heads.contract import Card
from obscura.heads.native import answered
from obscura.heads.shelf import open_network, read
from obscura.heads.spec import FINDER_NETWORKS, Every, HeadSpec, PipelineSpec
from obscura.heads.stage import HeadStage
from obscura.pipeline import Answer, Request
from obscura.redaction.errors import RedactionError
from obscura.redaction.heads import numbered, with_heads
from obscura.redaction.thresholds import tracker_options
from obscura.tracking import Tracker
from obscura.update import FrameInfo, Update


class Finder:
    """Finds objects, and looks at every frame for faces and writing if these are wanted. Also a
    context manager."""

    def __init__(
        self,
        what: Collection[str],
        *,
        model: str = "cocossd",
        threshold: float | None = None,
        threads: int = 0,
    ) -> None:
        """Load the model and the networks.

        Args:
            what: classes of the model, "face" or "text".
            model: name or folder of the model.
            threshold: score from which an object is covered, see `tracker_options`.
            threads: number of threads; 0 for one per core.

        Raises:
            ObscuraError: a model or a network cannot be loaded, or nothing finds such a class.
        """
        special = {each.casefold() for each in what} & set(FINDER_NETWORKS)
        classes = [each for each in what if each.casefold() not in special]
        self._detector = Detector(model, classes=classes or None, threads=threads)
        try:
            labels = self._detector.labels
            # As the model spells them.
            found = {labels[each] for each in self._detector.classes or ()}
            self.wanted = frozenset(found | special)
            """Labels of what is to be covered."""
            # A track may waver between classes, so all are detected.
            self._detector.classes = None
            networks = [
                name for each in sorted(special - set(labels)) for name in FINDER_NETWORKS[each]
            ]
            tracking = tracker_options(self._detector.card, threshold)
            self._least = tracking.birth
            # From which people without a track have a head: they may be out of view before they
            # have one.
            self._usual = self._detector.card.threshold if threshold is None else threshold
            self._detector.threshold = tracking.live
            heads = tuple(HeadSpec(name, name, cadence=Every(1)) for name in networks)
            spec = completed(PipelineSpec(heads=heads), labels)
            cards = {head.name: self._open(head.name) for head in spec.heads}

            def assembled(tracker: Tracker | None) -> Assembly:
                return assemble(spec, labels, cards, read, tracker=tracker, budget=Budget())

            # A pipeline of its own, or tracks of a video would live on in a picture.
            self._pictures, self._frames = assembled(None), assembled(Tracker(tracking))
        except BaseException:
            self._detector.close()
            raise

    def _open(self, name: str) -> Card:
        card, network = open_network(name)
        self._detector.session.open_head(name, network, card)
        return card

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes by class_id: the model's, then those that networks add."""
        return self._frames.labels

    def picture(self, pixels: NDArray[np.uint8]) -> Update:
        """Return what there is in a picture of its own; each row has a number as its track_id, from
        1, from left to right, the model's own before those of networks.

        Args:
            pixels: ``(height, width, 3 or 4)`` uint8.

        Raises:
            ObscuraError: the picture could not be analysed, or not looked at for faces or writing.
        """
        self._detector.flip = True  # finds more
        self._pictures.pipeline.reset()
        update = self._analysed(self._pictures, pixels, FrameInfo(0, 0.0, *_size(pixels)))
        update = numbered(update, self._least, len(self._detector.labels))
        return with_heads(update, self.labels)

    def frame(self, pixels: NDArray[np.uint8], index: int, time_s: float) -> Update:
        """Return what there is in a frame, with track_ids; index 0 begins another video.

        Args:
            pixels: ``(height, width, 3 or 4)`` uint8.
            index: number of the frame, from 0.
            time_s: its time in seconds, which never decreases within a video.

        Raises:
            As `picture`.
        """
        self._detector.flip = False
        if index == 0:
            self._frames.pipeline.reset()
        info = FrameInfo(index, time_s, *_size(pixels))
        return with_heads(self._analysed(self._frames, pixels, info), self.labels, self._usual)

    def _analysed(self, assembly: Assembly, pixels: NDArray[np.uint8], info: FrameInfo) -> Update:
        update = Update(info, self._detector.detect(rgba(pixels)))
        update = drive(assembly.pipeline.steps(update), self._run)
        for stage in assembly.heads:
            if stage.failure is not None:
                raise _not_looked_for(stage)
        return update

    def _run(self, request: Request) -> Answer:
        return answered(self._detector.session, request)

    def close(self) -> None:
        """Release the memory of all networks. May be called any number of times."""
        self._detector.close()

    def __enter__(self) -> Finder:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _size(pixels: NDArray[np.uint8]) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]


def _not_looked_for(stage: HeadStage) -> ObscuraError:
    return RedactionError(
        f"{stage.card.title} failed, so something could stay uncovered: {stage.failure}",
        remedy="Cover whole people instead, with --what person.",
    )
