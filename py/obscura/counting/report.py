"""What `obscura count` prints: what was counted, as a table and as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from obscura.counting.counter import Counter, ZoneCounter

NOTHING = "-"


def document(counter: Counter, labels: Sequence[str]) -> dict[str, Any]:
    """Return what was counted as plain JSON types.

    Args:
        labels: name of each class, by class_id.

    Returns:
        ``{"lines": [{"name", "in", "out"}], "zones": [{"name", "entries", "exits", "mean_dwell_s",
        "inside"}]}``, each but the name by class. Classes of which nothing was counted are missing.
    """
    lines = []
    for name, line in counter.lines.items():
        both: dict[str, dict[str, int]] = {"in": {}, "out": {}}
        for (class_id, direction), number in sorted(line.counts.items()):
            both[direction][labels[class_id]] = number
        lines.append({"name": name, **both})
    zones = [
        {
            "name": name,
            "entries": _by_label(zone.entries, labels),
            "exits": _by_label(zone.exits, labels),
            "mean_dwell_s": {
                labels[class_id]: round(seconds, 3) for class_id, seconds in _dwell_s(zone).items()
            },
            "inside": _by_label(zone.inside, labels),
        }
        for name, zone in counter.zones.items()
    ]
    return {"lines": lines, "zones": zones}


def table(counter: Counter, labels: Sequence[str]) -> str:
    """Return what was counted as text: a row per line and class, and one per zone and class."""
    parts = []
    if counter.lines:
        rows = [("line", "class", "in", "out")]
        for name, line in counter.lines.items():
            classes = sorted({class_id for class_id, _ in line.counts})
            rows += [
                (name, labels[each], str(line.counts[each, "in"]), str(line.counts[each, "out"]))
                for each in classes
            ] or [(name, NOTHING, "0", "0")]
        parts.append(_aligned(rows, 2))
    if counter.zones:
        heads = [("zone", "class", "entries", "exits", "mean dwell", "now inside")]
        for name, zone in counter.zones.items():
            dwell_s, inside = _dwell_s(zone), zone.inside
            heads += [
                (
                    name,
                    labels[each],
                    str(zone.entries[each]),
                    str(zone.exits[each]),
                    f"{dwell_s[each]:.1f} s" if each in dwell_s else NOTHING,
                    str(inside[each]),
                )
                for each in sorted(zone.entries)
            ] or [(name, NOTHING, "0", "0", NOTHING, "0")]
        parts.append(_aligned(heads, 2))
    return "\n\n".join(parts)


def _by_label(tally: Mapping[int, int], labels: Sequence[str]) -> dict[str, int]:
    return {labels[class_id]: number for class_id, number in sorted(tally.items())}


def _dwell_s(zone: ZoneCounter) -> dict[int, float]:
    """Return the mean time that those who left were inside, by class_id, in seconds."""
    return {class_id: seconds / zone.exits[class_id] for class_id, seconds in zone.dwell_s.items()}


def _aligned(rows: Sequence[Sequence[str]], left: int) -> str:
    """Return rows in columns; the first ``left`` of them begin at the left, others end at the
    right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            f"{cell:<{width}}" if place < left else f"{cell:>{width}}"
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
