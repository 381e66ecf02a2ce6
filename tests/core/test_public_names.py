"""The public names of the package: complete, and loaded only when used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import obscura
import obscura.export

NAMES = {
    "Cover": "obscura.redaction.cover",
    "CoverAhead": "obscura.redaction.ahead",
    "CoverClip": "obscura.redaction.clip",
    "CoverOptions": "obscura.redaction.geometry",
    "Covered": "obscura.redaction.geometry",
    "Detections": "obscura.detections",
    "FrameInfo": "obscura.update",
    "HeadSpec": "obscura.heads.spec",
    "HeadStage": "obscura.heads.stage",
    "ModelCard": "obscura.cards.card",
    "ObscuraError": "obscura.errors",
    "Pipeline": "obscura.pipeline",
    "PipelineSpec": "obscura.heads.spec",
    "Update": "obscura.update",
    "load_pipeline": "obscura.heads.file",
}


def test_these_names_are_public_and_no_others() -> None:
    assert set(obscura.__all__) == {*NAMES, "Detector", "PipelineDetector", "__version__"}


@pytest.mark.parametrize(("name", "home"), NAMES.items())
def test_a_public_name_is_that_of_its_module(name: str, home: str) -> None:
    public = getattr(obscura, name)

    assert public is getattr(sys.modules[home], name)
    assert (public.__module__, public.__name__) == (home, name)


@pytest.mark.parametrize("name", obscura.export.__all__)
def test_names_of_export_are_loaded_from_their_modules(name: str) -> None:
    public = getattr(obscura.export, name)

    assert public.__name__ == name
    assert public.__module__.startswith("obscura.export.")
    assert public.__doc__
    with pytest.raises(AttributeError, match="read_sessoin"):
        _ = obscura.export.read_sessoin


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Detectoin"):
        _ = obscura.Detectoin


@pytest.mark.skipif(sys.platform == "emscripten", reason="a browser starts no processes")
def test_importing_the_package_loads_none_of_its_modules() -> None:
    script = "import sys, obscura; print(*[n for n in sys.modules if n.startswith('obscura.')])"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(Path(obscura.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == ""
