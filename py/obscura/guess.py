"""The guess: how a network that nobody has described wants to be fed and read.

Every family says whether the network could be one of its kind, judging by names, shapes and types;
what the file's metadata says (Ultralytics and others embed ``names``, ``imgsz``, ``task``) decides
between them and gives size and class names.
"""

from __future__ import annotations

from obscura import families
from obscura.families.reading import Reading
from obscura.graph.inspect import Graph

CERTAIN = 0.8
"""A best reading of at least this confidence needs no question, if the next is well below it."""

CLEARLY = 0.2
"""How far below the best reading the next one must be."""


def guess(graph: Graph) -> list[Reading]:
    """Return the plausible readings of a network, best first; none if it is no detector we know."""
    readings = [
        reading for name in families.FAMILIES for reading in families.module(name).recognise(graph)
    ]
    return sorted(readings, key=lambda reading: -reading.confidence)


def certain(readings: list[Reading]) -> bool:
    """Whether the first reading can be taken without asking a person."""
    if not readings or readings[0].confidence < CERTAIN:
        return False
    return len(readings) == 1 or readings[1].confidence <= readings[0].confidence - CLEARLY
