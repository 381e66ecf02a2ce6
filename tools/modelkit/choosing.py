"""Decides how a network that somebody brings is read: by itself where that is certain, else asks.

Asking means to list what is plausible, with what each reading sees on a picture, and to stop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from modelkit.errors import ConversionError
from obscura import families
from obscura.boxes import RESIZES
from obscura.errors import NotADetector
from obscura.families.common.reading import Reading, as_picture
from obscura.graph.inspect import Graph
from obscura.identify import guess

Say = Callable[[str], None]
See = Callable[[int, Reading], str]
"""What a network sees on a picture if it is read so, in words; the number is the reading's own."""

TRIAL_SIZE = (640, 640)  # for a network of open size of which nothing tells another


class Asked(NamedTuple):
    """What the command line says of the reading."""

    labels: tuple[str, ...] = ()
    family: str | None = None
    number: int | None = None  # in the list of readings, from 1
    size: tuple[int, int] | None = None  # width, height


def choose(graph: Graph, network: bytes, asked: Asked, say: Say, see: See) -> Reading:
    """Return the reading that is certain, or asked for.

    Args:
        graph: the network's face.
        network: the whole of it, to be run where the file does not tell what it returns.
        asked: what is known.
        say: told the readings, where the choice is not clear.
        see: see there.

    Raises:
        ConversionError: it is not clear which is right, or what is asked for makes no sense.
        NotADetector: no family reads it.
        LabelsError: it tells another number of classes apart than there are names.
    """
    if asked.family is not None and asked.family not in families.FAMILIES:
        raise ConversionError(
            f"there is no family {asked.family!r}: choose one of {', '.join(families.FAMILIES)}."
        )
    if asked.size:
        graph = _sized(graph, asked.size)
    readings = _readings(graph, network, asked)
    if asked.family is not None:
        every = readings
        readings = [reading for reading in every if reading.family == asked.family]
        if not readings:
            others = ", ".join(dict.fromkeys(reading.family for reading in every))
            raise ConversionError(
                f"the network cannot be of the family {asked.family}: leave --family out, or say "
                f"--family {others}."
            )
    if asked.number is not None:
        if not 1 <= asked.number <= len(readings):
            raise ConversionError(f"there is no reading {asked.number}: there are {len(readings)}.")
        return readings[asked.number - 1]
    if guess.certain(readings) or (asked.family is not None and len(readings) == 1):
        return readings[0]
    many = f"in {len(readings)} ways" if len(readings) > 1 else "in one way, which is not certain"
    say(f"the network could be read {many}; on the picture it would see:")
    for number, reading in enumerate(readings, 1):
        say(f"  {number}  {reading.confidence:3.0%}  {describe(reading, readings)}")
        say(f"          {reading.why}")
        say(f"          sees {see(number, reading)}")
    if guess.doubtful(readings):
        say("none of them may be right: nothing in the file clearly fits a known kind of network")
    raise ConversionError(
        "how to read the network is not certain: run it again with --reading and the number of "
        "the one that sees what is there"
        + (" (--labels may narrow them down)." if not asked.labels else ".")
    )


def describe(reading: Reading, among: Sequence[Reading] = ()) -> str:
    """A reading in one line: family, input and range, and the options in which `among` differ."""
    form = reading.open
    title = families.FAMILIES[reading.family].title
    spread = _range(form.mean, form.std) if form.dtype != "uint8" else "0 to 255"
    options = [
        f"{key} {value}"
        for key, value in sorted(form.options.items())
        if any(other.open.options.get(key) != value for other in among)
    ]
    fit = dict(zip(RESIZES, ("stretched", "centred in bars", "in the corner"), strict=True))
    size = f"{reading.input.width} x {reading.input.height} {fit[reading.input.resize]}"
    return ", ".join([title, size, f"{form.channels.upper()} {spread}", *options])


def _range(mean: Sequence[float], std: Sequence[float]) -> str:
    low, high = (
        {round((value - m) / s, 2) for m, s in zip(mean, std, strict=True)} for value in (0, 255)
    )
    if len(low) == len(high) == 1:
        return f"{low.pop():g} to {high.pop():g}"
    return "normalised by channel"


def _sized(graph: Graph, size: tuple[int, int]) -> Graph:
    for value in graph.inputs:
        picture = as_picture(value)
        if picture is None:
            continue
        fixed = (picture.width or size[0], picture.height or size[1])
        if fixed != size:
            raise ConversionError(
                f"the network takes {fixed[0]}x{fixed[1]} and no other size: leave --size out."
            )
    return guess.refined(graph, size, {})


def _readings(graph: Graph, network: bytes, asked: Asked) -> list[Reading]:
    try:
        return guess.guess(graph, asked.labels)
    except NotADetector:
        if all(value.is_fixed() for value in graph.outputs):
            raise
        # The file does not tell its shapes; a run does.
        size = asked.size or TRIAL_SIZE
        shapes = _shapes(guess.refined(graph, size, {}), network)
        if not shapes:
            raise
        return guess.guess(guess.refined(graph, size, shapes), asked.labels)


def _shapes(graph: Graph, network: bytes) -> Mapping[str, tuple[int, ...]]:
    """Run a network on grey, and return the shapes of what it returns; {} if it cannot be run."""
    feeds: dict[str, NDArray[Any]] = {}
    for value in graph.inputs:
        if not value.dtype or not value.is_fixed():
            return {}
        feeds[value.name] = np.full([int(size) for size in value.shape], 100, value.dtype)
    names = [value.name for value in graph.outputs]
    try:
        session = ort.InferenceSession(network, providers=["CPUExecutionProvider"])
        outputs = session.run(names, feeds)
    except Exception:  # noqa: BLE001  the runtime's exceptions have no public base
        return {}
    return {name: array.shape for name, array in zip(names, outputs, strict=True)}
