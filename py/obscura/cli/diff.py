"""The command ``obscura diff``: where two models disagree on the same pictures."""

from __future__ import annotations

import argparse
import heapq
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from obscura import places
from obscura.cli.arguments import add_jobs, add_threads, closed_share, filled, names, positive
from obscura.cli.exits import OK, SOME_FAILED
from obscura.cli.plain import plain
from obscura.cli.progress import Progress

if TYPE_CHECKING:
    from obscura.detections import Detections

IOU = 0.5
"""Two boxes of the same class that overlap as much are the same object."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add = parser.add_argument
    add("a", type=filled, metavar="A", help="a model: name, folder or ONNX file")
    add("b", type=filled, metavar="B", help="the other model")
    add("sources", nargs="+", type=filled, metavar="SOURCE", help="pictures and folders of them")
    add("--recursive", action="store_true", help="also look into the folders of a folder")
    add("--out", type=filled, default="diff.html", metavar="FILE", help="default: %(default)s")
    add("--threshold", type=closed_share, metavar="T", help="minimum score of both, 0 to 1")
    add("--classes", type=names, metavar="A,B", help="compare only these classes (default: all)")
    add_jobs(add)
    add_threads(add)
    add(
        "--show",
        type=positive,
        default=100,
        metavar="N",
        help="show the N pictures with most disagreement (default: %(default)s)",
    )


class _Pair(NamedTuple):
    """Two models: the title of each."""

    titles: tuple[str, str]


class _Compared(NamedTuple):
    """What two models find in a picture.

    Attributes:
        both: classes of what both find.
        only: classes of what one alone finds, for each.
        images: what `small` has returned for each, with words; none if it is not to be shown.
    """

    both: list[str]
    only: tuple[list[str], list[str]]
    images: list[tuple[str, str]]

    @property
    def differences(self) -> int:
        """Number of what one alone finds."""
        return sum(map(len, self.only))


class _Shown(NamedTuple):
    """A picture with disagreement; those with more of it are greater."""

    differences: int
    order: int  # the first pictures go first
    images: list[tuple[str, str]]
    caption: str


def run(arguments: argparse.Namespace) -> int:
    """Write the page; return 1 if a picture is bad."""
    from obscura.batch.finders import here
    from obscura.cli.errors import UsageError
    from obscura.cli.work import Item
    from obscura.errors import PictureError
    from obscura.export.formats import KEPT
    from obscura.pictures import SUFFIXES
    from obscura.sources.listing import Choice, expand

    out = Path(arguments.out)
    if places.is_dir(out) or out.suffix.lower() not in (".html", ".htm"):
        raise UsageError("The result is an HTML file", out, remedy="Name one with --out.")
    choice = Choice(arguments.recursive, kinds=SUFFIXES)
    with Progress() as bar:
        sources = expand(arguments.sources, choice, bar.complain)
        finder, items = here(arguments, map(Item, sources), _Both)
        with finder as opened:
            comparison = _Comparison(opened.model.titles, arguments.show)
            try:
                for item, found in opened.found(items, bar.complain):
                    bar.show(f"{comparison.pictures} pictures")
                    try:
                        (compared,) = found
                    except PictureError as error:
                        bar.complain(error)
                    else:
                        comparison.add(item.where, compared)
            except KEPT:
                if comparison.pictures:
                    comparison.write(out)
                raise
    comparison.write(out)
    print(plain(f"{out}: {comparison.words()}"))
    return SOME_FAILED if bar.failed else OK


class _Both:
    """Compares what two detectors find: a kind of work, see `batch.worker`."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        from obscura.detector import Detector

        options = {name: getattr(arguments, name) for name in ("threshold", "classes", "threads")}
        first = Detector(arguments.a, **options)
        try:
            self._detectors = (first, Detector(arguments.b, **options))
        except BaseException:
            first.close()
            raise
        self._most = arguments.show
        self._shown: list[int] = []

    @property
    def model(self) -> _Pair:
        """The titles of both."""
        a, b = (detector.card.title for detector in self._detectors)
        return _Pair((f"{a} (A)", f"{b} (B)") if a == b else (a, b))

    def find(self, item: Any, _complain: Any) -> Iterator[_Compared]:
        """Yield what both find in a picture."""
        from obscura.cli.sheet import small
        from obscura.export.annotate import annotated
        from obscura.sources import open_source

        with open_source(item.where) as source:
            pixels = next(iter(source)).pixels
        found = [detector.detect(pixels) for detector in self._detectors]
        names = [_names(each, d) for each, d in zip(found, self._detectors, strict=True)]
        pairs = matched(found[0], names[0], found[1], names[1])
        paired = [{pair[side] for pair in pairs} for side in (0, 1)]
        a, b = (
            [name for row, name in enumerate(labels) if row not in rows]
            for labels, rows in zip(names, paired, strict=True)
        )
        compared = _Compared([names[0][row] for row, _ in pairs], (a, b), [])
        if self._is_shown(compared.differences):
            compared.images.extend(
                (
                    small(annotated(pixels, each, d.labels)),
                    f"{title}: {', '.join(labels) or 'nothing'}",
                )
                for each, d, title, labels in zip(
                    found, self._detectors, self.model.titles, names, strict=True
                )
            )
        yield compared

    def _is_shown(self, differences: int) -> bool:
        """Whether a picture is among those with most, as far as this process knows."""
        full = len(self._shown) >= self._most
        if not differences or (full and differences <= self._shown[0]):
            return False
        (heapq.heappushpop if full else heapq.heappush)(self._shown, differences)
        return True

    def failures(self) -> list[str]:
        """There are no heads."""
        return []

    def close(self) -> None:
        """Release the memory of both."""
        for detector in self._detectors:
            detector.close()


class _Comparison:
    """What two detectors find in the same pictures."""

    def __init__(self, titles: tuple[str, str], most: int) -> None:
        self._titles, self._most = titles, most
        self.pictures = self.differing = 0
        self._both: Counter[str] = Counter()
        self._only: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self._shown: list[_Shown] = []

    def add(self, where: str, compared: _Compared) -> None:
        """Add a picture."""
        self.pictures += 1
        self._both.update(compared.both)
        for labels, counter in zip(compared.only, self._only, strict=True):
            counter.update(labels)
        differences = compared.differences
        if not differences:
            return
        self.differing += 1
        if len(self._shown) >= self._most and differences <= self._shown[0].differences:
            return
        only = "; ".join(
            f"only {title}: {', '.join(labels)}"
            for title, labels in zip(self._titles, compared.only, strict=True)
            if labels
        )
        entry = _Shown(differences, -self.pictures, compared.images, f"{where}. {only}")
        (heapq.heappush if len(self._shown) < self._most else heapq.heappushpop)(self._shown, entry)

    def words(self) -> str:
        """Return the result in a sentence."""
        return f"Pictures on which they differ: {self.differing} of {self.pictures}"

    def write(self, out: Path) -> None:
        """Write the page."""
        from obscura.cli.sheet import Page

        first, second = self._titles
        with Page(out, f"{first} and {second}", pairs=True) as page:
            page.say(
                f"{self.words()}. Boxes of one class that overlap by half count as the same. On "
                f"the left {first}, on the right {second}; most disagreement first."
            )
            names = sorted({*self._both, *self._only[0], *self._only[1]})
            page.table(
                ["class", "both", f"only {first}", f"only {second}"],
                [[n, self._both[n], self._only[0][n], self._only[1][n]] for n in names],
            )
            for entry in sorted(self._shown, reverse=True):
                page.figure(entry.images, entry.caption)


def _names(found: Detections, detector: Any) -> list[str]:
    return [detector.labels[class_id] for class_id in found.class_id.tolist()]


def matched(
    a: Detections, names_a: list[str], b: Detections, names_b: list[str]
) -> list[tuple[int, int]]:
    """Return pairs of rows that are the same object: of the same name, best overlap first."""
    from obscura.boxes import iou

    overlaps = iou(a.xyxy, b.xyxy)
    candidates = sorted(
        (-float(overlaps[i, j]), i, j)
        for i in range(len(a))
        for j in range(len(b))
        if names_a[i] == names_b[j] and overlaps[i, j] >= IOU
    )
    pairs: list[tuple[int, int]] = []
    for _, i, j in candidates:
        if all(i != one and j != other for one, other in pairs):
            pairs.append((i, j))
    return pairs
