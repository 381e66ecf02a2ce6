"""A run in a folder: what `detect` and `track` write in parts, and can resume."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from obscura import places
from obscura.batch.finders import Finder
from obscura.batch.parquet import pyarrow
from obscura.batch.run import Summary, run
from obscura.batch.shards import FORMATS
from obscura.cli.errors import UsageError
from obscura.cli.plain import plain
from obscura.cli.progress import Progress
from obscura.cli.work import Found
from obscura.sources.source import Complain


def is_wanted(arguments: argparse.Namespace) -> bool:
    """Whether ``--out`` names a folder for shards: one that is there, or a name without an ending.

    Raises:
        UsageError: other options exclude it. ToolMissing: its format needs a package.
    """
    form, out = arguments.format, arguments.out
    is_folder = out is not None and (places.is_dir(out) or not Path(out).suffix or out[-1] in "/\\")
    if form == "parquet" and not is_folder:
        raise UsageError("--format parquet writes a folder", remedy="Name one with --out.")
    if not is_folder or form not in (None, *FORMATS):
        return False
    if form == "parquet":
        pyarrow()
    return True


def write(
    arguments: argparse.Namespace,
    sources: Iterator[str],
    finder: Finder,
    bar: Progress,
    complain: Complain,
) -> None:
    """Find objects in the sources that were not done before, and say how many those were.

    Raises:
        ObscuraError: see `batch.run.run`.
    """

    def report(summary: Summary, found: Found | None) -> None:
        if found is not None:
            bar.say(found.notes)
        bar.show(f"{summary.known + summary.found} done")

    summary = run(sources, Path(arguments.out), arguments, finder, complain=complain, report=report)
    bar.hide()
    before = f", {summary.known} were done before" if summary.known else ""
    failed = f", {summary.failed} failed" if summary.failed else ""
    print(plain(f"{arguments.out}: {summary.found} done{before}{failed}"))
