"""The command ``obscura inspect``."""

from __future__ import annotations

import argparse
from pathlib import Path

from obscura.cli.arguments import filled
from obscura.cli.exits import OK
from obscura.cli.plain import plain


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("file", type=filled, metavar="FILE.onnx", help="a network")


def run(arguments: argparse.Namespace) -> int:
    """Print what goes in and out of a network, and the ways to read it as a detector."""
    from obscura.identify import guess
    from obscura.own_model import describe, labels_beside, read_file, readings_of

    path = Path(arguments.file)
    data, graph = read_file(path)
    print(plain(f"{path}: {len(data) / 1e6:.1f} MB, opset {graph.opsets.get('', 'unknown')}"))
    for word, values in (("takes", graph.inputs), ("returns", graph.outputs)):
        for value in values:
            shape = " x ".join(str(size or "?") for size in value.shape) or "one number"
            dtype = value.dtype or "of unknown type"
            print(plain(f"  {word:<7}  {value.name}  {dtype}  {shape}"))
    readings = readings_of(graph, data, labels_beside(path))
    print("Ways to read it:")
    for number, each in enumerate(readings, 1):
        print(f"  {number}  {each.confidence:4.0%}  {describe(each, readings)}")
        print(f"           {each.why}")
    certain = guess.certain(readings)
    print("The first is certain." if certain else "None is certain: choose one with --reading.")
    return OK
