"""The public face of the package: its names, and that each is loaded only when it is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import obscura


def test_the_package_offers_exactly_these_names() -> None:
    assert obscura.__all__ == [
        "Detections",
        "Detector",
        "FrameInfo",
        "ModelCard",
        "ObscuraError",
        "Pipeline",
        "Update",
        "__version__",
    ]


@pytest.mark.parametrize("name", [name for name in obscura.__all__ if name != "__version__"])
def test_each_name_is_a_class_of_that_name(name: str) -> None:
    assert getattr(obscura, name).__name__ == name


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Detektor"):
        _ = obscura.Detektor


def test_importing_the_package_loads_none_of_its_modules() -> None:
    script = "import sys, obscura; print(*(n for n in sys.modules if n.startswith('obscura.')))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(Path(obscura.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == ""
