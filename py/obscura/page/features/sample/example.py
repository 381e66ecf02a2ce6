"""The line and the zone that are drawn for people in the sample clip. Pure Python."""

from __future__ import annotations

from obscura.counting import Line, Shapes, Zone
from obscura.page.features.sample import words

SHAPES = Shapes(
    lines=(Line(words.LINE, (0.44, 1.0), (0.44, 0.45)),),
    zones=(Zone(words.ZONE, ((0.55, 0.885), (0.73, 0.885), (0.745, 1.0), (0.53, 1.0))),),
)
"""The middle of the mat, and the field that is painted on the floor (tools/clip/story.py)."""
