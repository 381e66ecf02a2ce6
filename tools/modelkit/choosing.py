"""Decides how a network that somebody brings is read: by itself where that is certain, else asks.

Asking means to list what is plausible, with what each reading sees on a picture, and to stop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from modelkit.errors import ConversionError
from obscura import families
from obscura.families.common.reading import Reading, as_picture
from obscura.graph.inspect import Graph
from obscura.identify import guess
from obscura.own_model import TRIAL_SIZE, describe, readings_of

Say = Callable[[str], None]
See = Callable[[int, Reading], str]
"""What a network sees on a picture if it is read so, in words; the number is the reading's own."""


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
    readings = readings_of(graph, network, asked.labels, asked.size or TRIAL_SIZE)
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
