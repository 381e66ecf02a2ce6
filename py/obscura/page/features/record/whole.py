"""Whole videos: every frame of a file encoded with the boxes that were found in it. Pure Python."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.export.reading import from_record
from obscura.page.features.record.recording import Encoder
from obscura.page.features.record.timeline import FRAME_S, JUMP_S
from obscura.page.live.analysis import DecodeOptions
from obscura.page.live.results import Results
from obscura.update import FrameInfo, Update

SAME_S = (0.0005, 0.002)
"""Times of one frame differ by no more than this, by how records and files round them; the nearer
is tried first, because some frames are that short."""
LEAST_S = 1e-3


Tracks = Mapping[int, tuple[float, float]]
"""Of each track: the time of its first frame in seconds, and its highest score."""


class Cancelled(Exception):
    """The video is not wanted any more."""


class SourceBroke(Exception):
    """The file cannot be read any further."""


class EncoderBroke(Exception):
    """The encoder or the device takes no more frames."""


async def tracks_of(results: Results) -> Tracks:
    """Return the tracks that results have.

    Raises:
        RecordsError, and what the store raises.
    """
    tracks: dict[int, tuple[float, float]] = {}
    async for record in results.records():
        for row in record["detections"]:
            track = row.get("track_id")
            if track is not None:
                begun_s, highest = tracks.get(track, (float(record["time_s"]), 0.0))
                tracks[track] = begun_s, max(highest, float(row["score"]))
    return tracks


class Seen:
    """What is shown of results, and what is counted, as it is set when a video is begun."""

    def __init__(self, options: DecodeOptions, card: ModelCard | None, tracks: Tracks | None):
        """
        Args:
            card: of the model that found them; None if it is not known here.
            tracks: those by whose highest score rows are shown; without any, rows are shown by
                their own scores. None if tracking is off.
        """
        threshold = card.threshold if card is not None else 0.0
        self._threshold = threshold if options.threshold is None else options.threshold
        self._classes, self._own = options.classes, len(card.labels) if card is not None else 0
        self._tracks = tracks

    def of(self, update: Update) -> tuple[Update, Update]:
        """Return a frame with all rows that are counted, and with those that are shown."""
        found = update.detections
        if self._tracks is None:
            found = found.replace(track_id=None)
        if self._classes is not None:
            ids = found.class_id.tolist()
            found = found[
                np.array([each in self._classes or each >= self._own for each in ids], bool)
            ]
        score = found.score
        if self._tracks and found.track_id is not None:
            known = [self._tracks.get(each, (0.0, -1.0)) for each in found.track_id.tolist()]
            begun_s, best = np.array(known, np.float64).reshape(-1, 2).T
            score = best.astype(np.float32)
            seen_s = np.where(found.track_id < 0, 0.0, update.frame.time_s - begun_s)
            found = found.replace(data={**found.data, "seen_s": seen_s})
        every = replace(update, detections=found)
        return every, replace(update, detections=found[score >= self._threshold])


async def found_at(results: Results, time_s: float, size: tuple[int, int]) -> Update:
    """Return what was found in the frame of this time, in seconds from the first frame; nothing if
    it was not analysed.

    Raises:
        RecordsError, and what the store raises.
    """
    for same_s in SAME_S:
        record = await results.at(time_s + same_s)
        if record is not None and abs(float(record["time_s"]) - time_s) <= same_s:
            return from_record(record)
    return Update(FrameInfo(0, time_s, *size), Detections.empty())


async def encode_all(
    samples: AsyncIterator[Any],
    results: Results,
    encoder: Encoder,
    draw: Callable[[Any, Update], None],
    *,
    start_s: float,
    size: tuple[int, int],
    progress: Callable[[float], None],
    wanted: Callable[[], bool],
) -> int:
    """Encode every frame of a video with its own boxes; return how many.

    Args:
        samples: mediabunny's `VideoSample`s in order, which are closed here.
        draw: draws one with an update.
        start_s: the time of the first, which is 0 in results and in what is made.
        size: width and height of the frames in pixels.
        progress: called with the time of each frame, in seconds from the first.
        wanted: asked at each frame.

    Raises:
        Cancelled, SourceBroke, EncoderBroke; and what the store of results raises.
    """
    count, before, lasts_s = 0, 0.0, FRAME_S
    frames = aiter(samples)
    try:
        while (sample := await _next(frames)) is not None:
            try:
                if not wanted():
                    raise Cancelled
                at = max(0.0, float(sample.timestamp) - start_s)
                draw(sample, await found_at(results, at, size))
                if at > before:
                    lasts_s = min(at - before, JUMP_S)
                # WebM does not say how long a frame shows that none follows.
                await _add(encoder, at, max(float(sample.duration) or lasts_s, LEAST_S))
                before = at
            finally:
                sample.close()
            count += 1
            progress(at)
    finally:
        with suppress(Exception):  # it has ended by itself, or with the error that is on its way
            # JavaScript's iterators call it return; else frames that wait there stay open.
            end = getattr(samples, "aclose", None) or getattr(samples, "return")
            await end()
    return count


async def _next(frames: AsyncIterator[Any]) -> Any:
    """Return the next frame; None after the last."""
    try:
        return await anext(frames, None)
    except Exception as error:
        raise SourceBroke(str(error)) from error


async def _add(encoder: Encoder, at: float, duration_s: float) -> None:
    try:
        await encoder.add(at, duration_s)
    except Exception as error:
        raise EncoderBroke(str(error)) from error
