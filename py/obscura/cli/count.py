"""The command ``python3 -m obscura count``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import TextIO

import numpy as np

from obscura.cli.arguments import (
    add_threads,
    filled,
    moment,
    names,
    positive,
    rate,
    share,
    size,
)
from obscura.cli.errors import UsageError
from obscura.cli.exits import OK, SOME_FAILED
from obscura.cli.plain import plain
from obscura.cli.progress import Progress, of
from obscura.counting import report
from obscura.counting.counter import Counter
from obscura.counting.periods import PERIODS
from obscura.counting.presence import Presence
from obscura.counting.series import Series
from obscura.counting.shapes import Shapes, ShapesError, from_json
from obscura.counting.sources import Frames, Options, Table, open_source
from obscura.detector import Detector, class_ids
from obscura.errors import ObscuraError
from obscura.export import events
from obscura.export.errors import OutputError
from obscura.heads.native import USUAL_MODEL
from obscura.pipeline import Pipeline, Stage
from obscura.sources.errors import SourceError
from obscura.tracking import Tracker
from obscura.update import Update

TABLE_LABEL = "object"
"""Name of the one class of a table, which does not say what was detected."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add = parser.add_argument
    add(
        "source",
        type=filled,
        metavar="SOURCE",
        help="a video, a camera such as camera:0, an address such as rtsp://..., a folder of "
        "frames, or a det.txt or gt.txt as MOTChallenge has them",
    )
    add(
        "--zones",
        "--shapes",
        dest="shapes",
        type=filled,
        required=True,
        metavar="JSON",
        help="the file of lines and zones",
    )
    add("--model", type=filled, metavar="M", help=f"default: {USUAL_MODEL}")
    add(
        "--pipeline",
        metavar="FILE",
        help="also count what its heads find, such as faces, see docs/heads.md",
    )
    add("--threshold", type=share, metavar="T", help="minimum score of a new track, 0 to 1")
    add("--classes", type=names, metavar="A,B", help="count only these classes (default: all)")
    add(
        "--every",
        type=positive,
        default=1,
        metavar="N",
        help="use only every Nth frame (default: %(default)s)",
    )
    add("--fps", type=rate, metavar="F", help="frames per second, where the source does not say")
    add("--size", type=size, metavar="WxH", help="size of the frames of a table, in pixels")
    add(
        "--start",
        type=moment,
        metavar="TIME",
        help="when the recording began, such as 2026-05-01T08:00, for times by the clock",
    )
    add_threads(add)
    add("--events", type=filled, metavar="FILE", help="write each event to a file of JSON Lines")
    for form, text in (("json", "print one JSON document"), ("csv", "print counts over time")):
        add(f"--{form}", dest="form", action="store_const", const=form, help=text)
    add("--per", choices=PERIODS, default="minute", help="period of --csv (default: %(default)s)")


@dataclass(slots=True)
class _Only:
    """A `Stage` that leaves out the tracks of other classes."""

    classes: Collection[int]

    def update(self, update: Update) -> Update:
        """Return the update with the rows of the classes."""
        found = update.detections
        rows = np.isin(found.class_id, list(self.classes))
        return replace(update, detections=found[rows])

    def reset(self) -> None:
        """Nothing is held."""


class _Run:
    """One run: frames pass the stages, and events and counts go where they are wanted."""

    def __init__(self, arguments: argparse.Namespace, shapes: Shapes) -> None:
        self.arguments = arguments
        self.counter = Counter(shapes)
        self.tracker = Tracker()
        start = arguments.start
        # Without a moment to begin at, times begin at 0, and no column says otherwise.
        self.series = Series(start.tzinfo if start else UTC)
        self.start_s = start.timestamp() if start else 0.0
        self.labels: tuple[str, ...] = (TABLE_LABEL,)
        self.model = ""
        self.frames, self.last_s = 0, 0.0
        self.off: list[str] = []
        """A sentence for each head that failed and is off."""
        self.progress = Progress()

    def count(self) -> None:
        """Count in the whole source."""
        arguments = self.arguments
        options = Options(arguments.every, arguments.fps, arguments.size, self.progress.complain)
        source = open_source(arguments.source, options)
        with ExitStack() as stack:
            lines = self._lines(stack)
            stages: list[Stage] = [Presence(), self.counter]
            if isinstance(source, Table):
                updates = self._table(source, stages)
            else:
                updates = self._detected(source, stages, stack)
            pipeline = Pipeline(stages)
            # Hidden at once, or what is printed after Ctrl-C would stand beside the progress.
            stack.enter_context(self.progress)
            for update in updates:
                self.progress.show(of(update.frame.index + 1, source.total, "frames"))
                self._take(pipeline.update(update), lines)

    def _table(self, source: Table, stages: list[Stage]) -> Iterator[Update]:
        arguments = self.arguments
        if arguments.classes is not None:
            raise SourceError("A table has no classes", "--classes", remedy="Leave it out.")
        if arguments.pipeline is not None:
            raise SourceError("A table has no pictures", "--pipeline", remedy="Leave it out.")
        if not source.tracked:
            if arguments.threshold is not None:
                self.tracker.set_threshold(arguments.threshold)
            if source.best < self.tracker.options.birth:
                print(
                    f"obscura: No score reaches {self.tracker.options.birth:g}, so nothing is "
                    "tracked. Lower it with --threshold.",
                    file=sys.stderr,
                )
            stages.insert(0, self.tracker)
        return source.updates()

    def _detected(self, source: Frames, stages: list[Stage], stack: ExitStack) -> Iterator[Update]:
        arguments = self.arguments
        if arguments.pipeline is not None:
            return self._looked_at(source, stages, stack)
        model = arguments.model or USUAL_MODEL
        detector = stack.enter_context(
            Detector(model, classes=arguments.classes, threads=arguments.threads)
        )
        self.tracker.use_card(detector.card, arguments.threshold)
        # Tracks live on scores that begin none, and on rows that are taken for another class.
        detector.threshold = self.tracker.options.live
        if detector.classes is not None:
            stages.insert(0, _Only(detector.classes))
            detector.classes = None
        stages.insert(0, self.tracker)
        self.labels, self.model = detector.labels, detector.card.name
        return source.updates(lambda each: Update(each.info, detector.detect(each.pixels)))

    def _looked_at(self, source: Frames, stages: list[Stage], stack: ExitStack) -> Iterator[Update]:
        """Yield what a detector and its heads find, which is tracked among them."""
        from obscura.cli.detector import failures
        from obscura.heads.file import load_pipeline
        from obscura.heads.native import PipelineDetector

        arguments = self.arguments
        spec = load_pipeline(arguments.pipeline)
        if arguments.model is not None:
            spec = replace(spec, detector=arguments.model)
        options = {"threshold": arguments.threshold, "threads": arguments.threads}
        detector = stack.enter_context(PipelineDetector(spec, **options))
        stack.callback(lambda: self.off.extend(failures(detector)))
        if arguments.classes is not None:
            chosen = class_ids(detector.card, arguments.classes, detector.labels)
            stages.insert(0, _Only(chosen))
        self.labels, self.model = detector.labels, detector.card.name
        return source.updates(
            lambda each: detector.update(each.pixels, each.info.index, each.info.time_s)
        )

    def _lines(self, stack: ExitStack) -> TextIO | None:
        """Open the file of events, if one is wanted."""
        if not self.arguments.events:
            return None
        path = Path(self.arguments.events)
        inputs = (self.arguments.source, self.arguments.shapes)
        if path.resolve() in [Path(each).resolve() for each in inputs]:
            raise UsageError(
                "The events would overwrite what is read",
                path,
                remedy="Name another file with --events.",
            )
        try:
            return stack.enter_context(
                path.open(
                    "w",
                    buffering=1,
                    encoding="utf-8",
                    errors="backslashreplace",  # of a name that is not Unicode, as JSON has it
                    newline="\n",
                )
            )
        except OSError as error:
            raise _unwritable(path, error) from error

    def _take(self, update: Update, lines: TextIO | None) -> None:
        self.frames += 1
        self.last_s = update.frame.time_s
        wall_s = self.start_s + update.frame.time_s
        self.series.take(update, wall_s, self.labels, self.counter)
        if lines is None:
            return
        records = events.to_records(
            update,
            self.labels,
            wall_s=wall_s if self.arguments.start else None,
            source=Path(self.arguments.source).name,
            model=self.model,
        )
        lines.writelines(map(events.to_line, records))

    def show(self, *, complete: bool) -> None:
        """Print what was counted.

        Args:
            complete: whether the source was read to its end.
        """
        arguments = self.arguments
        if arguments.form == "csv":
            sys.stdout.write(self.series.to_csv(arguments.per, wall=bool(arguments.start)))
        elif arguments.form == "json":
            made = {
                "source": arguments.source,
                "model": self.model,
                "frames": self.frames,
                "seconds": round(self.last_s, 3),
                "complete": complete,
                **report.document(self.counter, self.labels),
            }
            print(json.dumps(made, indent=2))
        else:
            seconds = f"{self.frames} frames analysed, {self.last_s:.1f} s"
            end = "" if complete else ", not to its end"
            print(plain(f"{arguments.source}: {seconds}{end}") + "\n")
            print(report.table(self.counter, self.labels))


def run(arguments: argparse.Namespace) -> int:
    """Count, and print what was counted; also what was counted until an error or Ctrl-C."""
    counting = _Run(arguments, _shapes(Path(arguments.shapes)))
    try:
        counting.count()
    except (ObscuraError, KeyboardInterrupt):
        if counting.frames:
            counting.show(complete=False)
        raise
    except OSError as error:
        if not arguments.events:
            raise
        if counting.frames:
            counting.show(complete=False)
        raise _unwritable(arguments.events, error) from error
    counting.show(complete=True)
    counting.progress.say(counting.off)
    return SOME_FAILED if counting.progress.failed or counting.off else OK


def _unwritable(events: str | Path, error: OSError) -> OutputError:
    return OutputError(
        f"The file cannot be written: {error.strerror}",
        events,
        remedy="Name another file with --events.",
    )


def _shapes(path: Path) -> Shapes:
    try:
        shapes = from_json(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ShapesError(
            f"The file cannot be read: {error.strerror}", path, remedy="Check its path."
        ) from error
    except UnicodeDecodeError as error:
        raise ShapesError(
            "This is not a JSON file of lines and zones", path, remedy="Save it as UTF-8."
        ) from error
    if not shapes.lines and not shapes.zones:
        raise ShapesError("The file has no lines and no zones", path, remedy="Add one.")
    return shapes
