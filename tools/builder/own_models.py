"""Commands that add a model to the repository and remove it.

Adding needs numpy, ONNX and its runtime, so `tools/add_model.py` does it in the tests' environment.
Its arguments are defined here, because ``build.py --help`` needs only the standard library.
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
    """Return the arguments of ``add-model``, as a parent for its parser."""
    parser = argparse.ArgumentParser(add_help=False)
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="the network, as an ONNX file")
    add("--name", required=True, help="name of the model and of its folder in models/")
    add("--title", help="name shown to people (default: NAME)")
    add("--license", metavar="SPDX", help="licence of the weights, such as Apache-2.0 or MIT")
    add("--labels", type=Path, metavar="FILE", help="class names: .txt (one per line), .json, ...")
    add("--family", metavar="F", help="type of network, if the file does not show it")
    add(
        "--reading",
        type=int,
        metavar="N",
        help="which of the listed interpretations to use",
    )
    add("--size", type=size, metavar="WxH", help="input size if it is variable, such as 640x640")
    add("--threshold", type=fraction, metavar="T", help="minimum score, 0 to 1")
    add(
        "--quantize",
        choices=STORAGES,
        help="how weights are stored (default: fp16, or none if that changes results)",
    )
    add(
        "--images",
        type=Path,
        metavar="DIR",
        help="pictures on which the added model is compared with FILE",
    )
    add("--default", action="store_true", help="make it the default model of the page")
    add("--models", type=Path, metavar="DIR", help="folder of models (default: Obscura's own)")
    add("--replace", action="store_true", help="replace an existing model of that name")
    return parser


def size(text: str) -> tuple[int, int]:
    """Parse ``640x480``; a single number stands for both sides."""
    width, _, height = text.lower().partition("x")
    try:
        sides = int(width), int(height or width)
    except ValueError:
        sides = (0, 0)
    if not all(1 <= side <= 8192 for side in sides):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 640x640")
    return sides


def fraction(text: str) -> float:
    """Parse a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
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
        BuildError: there is no such model, or it is the default.
    """
    models = root / "models"
    names = sorted(card.parent.name for card in models.glob("*/model.toml"))
    if name not in names:
        raise BuildError(f"there is no model {name!r}: choose one of {', '.join(names)}.")
    if name == default(root):
        raise BuildError(
            f"{name} is the default model: write another name into {DEFAULT}, then run it again."
        )
    # Moved away first, so that an interruption leaves no half of it.
    gone = root / "build" / f"removed-{os.getpid()}"
    gone.parent.mkdir(exist_ok=True)
    (models / name).rename(gone)
    shutil.rmtree(gone)
