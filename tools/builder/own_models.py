"""The commands that put a model into the repository and take it out again.

Adding needs numpy, ONNX and its runtime, so it runs as `tools/add_model.py` in the environment of
the suite; its arguments are told here, for ``build.py --help`` runs on the standard library.
"""

import argparse
import os
import shutil
import subprocess
from pathlib import Path

from builder.errors import BuildError
from builder.models import DEFAULT, default
from builder.suite import environment

STORAGES = ("none", "fp16", "int8-storage")
"""See `modelkit.compact`."""


def arguments() -> argparse.ArgumentParser:
    """Return what ``add-model`` takes, as a parent for its parser."""
    parser = argparse.ArgumentParser(add_help=False)
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="the network, an ONNX file")
    add("--name", required=True, help="its folder in models/, and the name to ask for it by")
    add("--title", help="its name as people read it (default: NAME)")
    add("--license", metavar="SPDX", help="licence of its weights, such as Apache-2.0 or MIT")
    add("--labels", type=Path, metavar="FILE", help="class names, .txt (one a line), .json, ...")
    add("--family", metavar="F", help="the kind of network, where that is not certain")
    add("--reading", type=int, metavar="N", help="the one meant of the readings that are listed")
    add("--size", type=size, metavar="WxH", help="its input, where that may vary, such as 640x640")
    add("--threshold", type=fraction, metavar="T", help="lowest score shown, 0 to 1")
    add(
        "--quantize",
        choices=STORAGES,
        help="how weights are stored (default: fp16, or none where that changes answers)",
    )
    add("--images", type=Path, metavar="DIR", help="pictures on which to compare it with FILE")
    add("--default", action="store_true", help="make it the model that the page loads first")
    add("--replace", action="store_true", help="replace the model of that name")
    return parser


def size(text: str) -> tuple[int, int]:
    """Read ``640x480``; a number alone is both sides."""
    width, _, height = text.lower().partition("x")
    try:
        sides = int(width), int(height or width)
    except ValueError:
        sides = (0, 0)
    if not all(1 <= side <= 8192 for side in sides):
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 640x640")
    return sides


def fraction(text: str) -> float:
    """Read a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 1")
    return value


def add_model(root: Path, argv: list[str]) -> int:
    """Run `tools/add_model.py` with the arguments of ``add-model``; return its exit code."""
    python = environment(root)
    tool = root / "tools" / "add_model.py"
    command = [str(python), str(root / "build.py"), "run", str(tool), *argv]
    return subprocess.run(command, check=False).returncode


def remove_model(root: Path, name: str) -> None:
    """Delete a model's folder.

    Raises:
        BuildError: there is no such model, or the page could not do without it.
    """
    models = root / "models"
    names = sorted(card.parent.name for card in models.glob("*/model.toml"))
    if name not in names:
        raise BuildError(f"there is no model {name!r}: choose one of {', '.join(names)}.")
    if name == default(root):
        raise BuildError(
            f"{name} is the model that loads first: write another name into {DEFAULT}, then "
            "run it again."
        )
    # Out of sight at once, so that being stopped leaves no half of it.
    gone = root / "build" / f"removed-{os.getpid()}"
    gone.parent.mkdir(exist_ok=True)
    (models / name).rename(gone)
    shutil.rmtree(gone)
