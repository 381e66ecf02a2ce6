"""Counting: which tracks cross which lines, and who is in which zone. Pure Python and numpy.

A `Counter` is a stage after the tracker. Only rows with a track count, so boxes that appear in a
single frame never do, and an object counts once however its boxes jitter.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from math import hypot, inf

from obscura.counting.events import Crossing, TrackEvent, ZoneEntered, ZoneLeft
from obscura.counting.heirs import Heirs
from obscura.counting.shapes import Line, Point, Shapes, Zone, carried, points
from obscura.counting.sight import Sight, sights
from obscura.update import Update

LOST_S = 2.0
"""Seconds after which a track that is not seen any more has left. Shorter gaps are occlusions."""


@dataclass(slots=True)
class _Passage:
    """A track in relation to a line."""

    side: int  # where it was when it last left the band: -1 left, 1 right
    net: int  # crossings of the segment since, to the right minus to the left
    place: Point
    seen_s: float


class LineCounter:
    """Counts the crossings of one line.

    A track crosses when it comes from beyond the band on one side to beyond the band on the other
    and its way leads through the segment itself. Standing or jittering on the line is no crossing.

    Attributes:
        line: the line.
        counts: number of crossings by class_id and direction ("in", "out").
    """

    def __init__(self, line: Line) -> None:
        self.line = line
        self.counts: Tally[tuple[int, str]] = Tally()
        self._passages: dict[int, _Passage] = {}

    def see(self, sight: Sight, aspect: float) -> Crossing | None:
        """Take in where a track is; return its crossing, if that completes one.

        Args:
            aspect: width of the picture divided by its height.
        """
        place = sight.anchors[self.line.anchor]
        distance = _distance(self.line, place, aspect)
        passage = self._passages.get(sight.track_id)
        if passage is None:
            side = 1 if distance > 0 else -1
            self._passages[sight.track_id] = _Passage(side, 0, place, sight.time_s)
            return None
        passage.net += _through(self.line, passage.place, place, aspect)
        passage.place, passage.seen_s = place, sight.time_s
        if abs(distance) <= self.line.band * sight.height:
            return None
        side, before, net = (1 if distance > 0 else -1), passage.side, passage.net
        passage.side, passage.net = side, 0
        if side == before or net == 0:
            return None
        direction = "in" if side > 0 else "out"
        self.counts[sight.class_id, direction] += 1
        return Crossing(
            sight.time_s, sight.track_id, sight.class_id, place, self.line.name, direction
        )

    def at(self, line: Line) -> LineCounter:
        """Go on with the counts at another line; return self."""
        if (points(line), line.anchor) != (points(self.line), self.line.anchor):
            self._passages.clear()
        if points(line) == points(self.line)[::-1]:
            other = {"in": "out", "out": "in"}
            self.counts = Tally({(of, other[way]): n for (of, way), n in self.counts.items()})
        self.line = line
        return self

    def hand_over(self, old: int, new: int) -> None:
        """Go on with a track under another id."""
        if old in self._passages:
            self._passages[new] = self._passages.pop(old)

    def forget(self, before_s: float, present: Container[int]) -> None:
        """Forget tracks that were not seen since and are not present."""
        gone = [
            each
            for each, passage in self._passages.items()
            if passage.seen_s < before_s and each not in present
        ]
        for track_id in gone:
            del self._passages[track_id]


@dataclass(slots=True)
class _Stay:
    """A track in relation to a zone."""

    class_id: int
    inside: bool  # as reported
    since_s: float  # it was first seen on the side that it is on now
    on_side: bool  # the side, inside or not, that it was last seen on
    entered_s: float
    seen_s: float
    inside_s: float  # when it was last seen inside
    place: Point


class ZoneCounter:
    """Keeps who is in one zone.

    Attributes:
        zone: the zone.
        entries, exits: numbers by class_id.
        dwell_s: seconds that those who left were inside, by class_id: their sum.
    """

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.entries: Tally[int] = Tally()
        self.exits: Tally[int] = Tally()
        self.dwell_s: dict[int, float] = {}
        self._stays: dict[int, _Stay] = {}

    @property
    def inside(self) -> Tally[int]:
        """Number of tracks that are inside now, by class_id."""
        return Tally(stay.class_id for stay in self._stays.values() if stay.inside)

    def dwelling_s(self, now_s: float) -> dict[int, float]:
        """Return the seconds that each track inside has been there, by track_id."""
        return {
            track_id: now_s - stay.entered_s
            for track_id, stay in self._stays.items()
            if stay.inside
        }

    def see(self, sight: Sight) -> TrackEvent | None:
        """Take in where a track is; return that it entered or left, if it did."""
        place, now = sight.anchors[self.zone.anchor], sight.time_s
        within = contains(self.zone.corners, place)
        stay = self._stays.get(sight.track_id)
        if stay is None:
            if not within:
                return None
            stay = self._stays[sight.track_id] = _Stay(
                sight.class_id, False, now, True, now, now, now, place
            )
        stay.seen_s, stay.place = now, place
        if not stay.inside:
            # Of who is inside it stays as it was counted, or per class more would leave than enter.
            stay.class_id = sight.class_id
        if within:
            stay.inside_s = now
        if within != stay.on_side:
            stay.on_side, stay.since_s = within, now
        if within == stay.inside:
            return None
        if within and now - stay.since_s >= self.zone.enter_s:
            stay.inside, stay.entered_s = True, stay.since_s
            self.entries[stay.class_id] += 1
            return ZoneEntered(stay.since_s, sight.track_id, stay.class_id, place, self.zone.name)
        if not within and now - stay.since_s >= self.zone.leave_s:
            return self._leave(sight.track_id, stay)
        return None

    def at(self, zone: Zone) -> ZoneCounter:
        """Go on with the counts in another zone; return self.

        Tracks inside stay inside, and leave it as usual if it is elsewhere now.
        """
        self.zone = zone
        return self

    def hand_over(self, old: int, new: int) -> None:
        """Go on with a track under another id."""
        if old in self._stays:
            self._stays[new] = self._stays.pop(old)

    def forget(self, before_s: float, present: Container[int]) -> list[TrackEvent]:
        """Forget tracks that were not seen since and are not present; return that those inside have
        left."""
        gone = [
            (each, stay)
            for each, stay in self._stays.items()
            if stay.seen_s < before_s and each not in present
        ]
        left = []
        for track_id, stay in gone:
            if stay.inside:
                left.append(self._leave(track_id, stay))
            del self._stays[track_id]
        return left

    def _leave(self, track_id: int, stay: _Stay) -> TrackEvent:
        stay.inside = False
        dwell_s = stay.inside_s - stay.entered_s
        self.exits[stay.class_id] += 1
        self.dwell_s[stay.class_id] = self.dwell_s.get(stay.class_id, 0.0) + dwell_s
        return ZoneLeft(stay.inside_s, track_id, stay.class_id, stay.place, self.zone.name, dwell_s)


@dataclass(slots=True)
class Counter:
    """A `Stage` that adds events of lines and zones to updates with track_ids.

    Attributes:
        shapes: lines and zones.
        stitches: whether a new track that goes on where another was lost is the same object. Set it
            to False where ids are known to be right.
        lines, zones: their counters, by name.
    """

    shapes: Shapes
    stitches: bool = True
    lines: dict[str, LineCounter] = field(init=False)
    zones: dict[str, ZoneCounter] = field(init=False)
    _time_s: float = field(default=-inf, init=False)
    _heirs: Heirs = field(default_factory=Heirs, init=False)

    def __post_init__(self) -> None:
        self.lines = {line.name: LineCounter(line) for line in self.shapes.lines}
        self.zones = {zone.name: ZoneCounter(zone) for zone in self.shapes.zones}

    def reset(self) -> None:
        """Forget the tracks, because another source follows; the counts stay. Who was in a zone
        has left it."""
        self._time_s = -inf
        self._forget(inf)

    def change(self, shapes: Shapes) -> None:
        """Count at these lines and zones from now on.

        What has been counted stays with a shape of the same name and kind, or of the same points:
        it was moved or renamed. Of a line that was moved the tracks are forgotten, because they did
        not cross what was moved over them; of one that was reversed, in and out change places.
        """
        names = {after.name: before.name for before, after in carried(self.shapes, shapes)}
        self.lines = {
            line.name: self.lines[names[line.name]].at(line)
            if line.name in names
            else LineCounter(line)
            for line in shapes.lines
        }
        self.zones = {
            zone.name: self.zones[names[zone.name]].at(zone)
            if zone.name in names
            else ZoneCounter(zone)
            for zone in shapes.zones
        }
        self.shapes = shapes

    def clear(self) -> None:
        """Begin all counts at 0 again. Who is in a zone stays there."""
        for line in self.lines.values():
            line.counts.clear()
        for zone in self.zones.values():
            zone.entries.clear()
            zone.exits.clear()
            zone.dwell_s.clear()

    def update(self, update: Update) -> Update:
        """Return the update with the events of this frame.

        Where time runs backwards, as when a video begins again, all tracks are gone, and who was in
        a zone has left it.
        """
        frame = update.frame
        aspect = frame.width / frame.height
        events: list[TrackEvent] = []
        if frame.time_s < self._time_s:
            events += self._forget(inf)
        self._time_s = frame.time_s
        seen = sights(update)
        present = {sight.track_id for sight in seen}
        # First, or somebody new would go on with what is known of somebody who left long ago.
        events += self._forget(frame.time_s - LOST_S, present)
        if self.stitches:
            self._hand_over(seen, frame.time_s, aspect)
        for sight in seen:
            for line in self.lines.values():
                crossing = line.see(sight, aspect)
                if crossing is not None:
                    events.append(crossing)
            for zone in self.zones.values():
                event = zone.see(sight)
                if event is not None:
                    events.append(event)
        return replace(update, events=(*update.events, *events)) if events else update

    def _hand_over(self, seen: list[Sight], time_s: float, aspect: float) -> None:
        for new, old in self._heirs.find(seen, time_s, aspect).items():
            for line in self.lines.values():
                line.hand_over(old, new)
            for zone in self.zones.values():
                zone.hand_over(old, new)

    def _forget(self, before_s: float, present: Container[int] = ()) -> list[TrackEvent]:
        """Forget tracks that were not seen since and are not present; return that those in zones
        have left."""
        self._heirs.forget(before_s, present)
        for line in self.lines.values():
            line.forget(before_s, present)
        return [event for zone in self.zones.values() for event in zone.forget(before_s, present)]


def contains(corners: Iterable[Point], point: Point) -> bool:
    """Whether a point lies in a polygon, by the even-odd rule (Shimrat 1962)."""
    x, y = point
    inside = False
    polygon = list(corners)
    x1, y1 = polygon[-1]
    for x2, y2 in polygon:
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            inside = not inside
        x1, y1 = x2, y2
    return inside


def _side(a: Point, b: Point, point: Point, aspect: float) -> float:
    """Return the cross product of a line and a point: above 0 on the line's right, as people see
    it, whose y axis points down. In heights of the picture, squared."""
    return aspect * ((b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]))


def _distance(line: Line, point: Point, aspect: float) -> float:
    """Return the distance of a point from a line, in heights of the picture; above 0 on its
    right."""
    length = hypot((line.end[0] - line.start[0]) * aspect, line.end[1] - line.start[1])
    return _side(line.start, line.end, point, aspect) / length


def _through(line: Line, before: Point, now: Point, aspect: float) -> int:
    """Return 1 if the way between two points leads through the segment to its right, -1 if to its
    left, 0 if it does not."""
    was_right = _side(line.start, line.end, before, aspect) > 0
    is_right = _side(line.start, line.end, now, aspect) > 0
    if was_right == is_right:
        return 0
    one = _side(before, now, line.start, aspect) > 0
    other = _side(before, now, line.end, aspect) > 0
    if one == other:
        return 0  # past one of its ends
    return 1 if is_right else -1
