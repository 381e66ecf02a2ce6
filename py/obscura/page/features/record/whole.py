"""Whole videos: every frame of a file encoded with the boxes that were found in it. Pure Python."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.export.reading import from_record
from obscura.page.features.record.recording import Encoder
from obscura.page.live.analysis import DecodeOptions
from obscura.page.live.results import Results
from obscura.update import FrameInfo, Update

SAME_S = 0.002
"""Times of one frame differ by no more than this, by how records and files round them."""
LEAST_S = 1e-3


class Cancelled(Exception):
    """A person does not want the video any more."""


def shown(update: Update, options: DecodeOptions, card: ModelCard | None) -> Update:
    """Return what is shown of what was found.

    Args:
        card: of the model that found it; None if it is not known here: then only the options count.
    """
    found = update.detections
    threshold = options.threshold
    if threshold is None:
        threshold = card.threshold if card is not None else 0.0
    chosen = found.score >= threshold
    if options.classes is not None:
        own = len(card.labels) if card is not None else 0
        chosen &= [each in options.classes or each >= own for each in found.class_id.tolist()]
    return replace(update, detections=found[chosen])


async def found_at(results: Results, time_s: float, size: tuple[int, int]) -> Update:
    """Return what was found in the frame of this time, in seconds from the first frame; nothing if
    it was not analysed.

    Raises:
        RecordsError, and what the store raises.
    """
    record = await results.at(time_s + SAME_S)
    if record is not None and abs(float(record["time_s"]) - time_s) <= SAME_S:
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
        Cancelled: it is not wanted any more. What the decoder, the encoder or the store raises.
    """
    count = 0
    try:
        async for sample in samples:
            try:
                if not wanted():
                    raise Cancelled
                at = max(0.0, float(sample.timestamp) - start_s)
                draw(sample, await found_at(results, at, size))
                await encoder.add(at, max(float(sample.duration), LEAST_S))
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
