"""Counting: lines, zones, and what happens at them."""

from obscura.counting.counter import Counter
from obscura.counting.events import Appeared, Crossing, Vanished, ZoneEntered, ZoneLeft
from obscura.counting.periods import SeriesError
from obscura.counting.presence import Presence
from obscura.counting.series import Series
from obscura.counting.shapes import Line, Shapes, ShapesError, Zone, from_json, to_json
from obscura.counting.still import inside

__all__ = [
    "Appeared",
    "Counter",
    "Crossing",
    "Line",
    "Presence",
    "Series",
    "SeriesError",
    "Shapes",
    "ShapesError",
    "Vanished",
    "Zone",
    "ZoneEntered",
    "ZoneLeft",
    "from_json",
    "inside",
    "to_json",
]
