"""Fixtures that every part of the suite shares, the order of the files, and the time they took.

Imports of anything beyond numpy stay inside the fixtures, for the core's tests run in Pyodide too.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
GRID = 64  # the colour model's input, pixels a side


def pytest_configure() -> None:
    """Have property tests draw the same examples each time, and none fail for taking long."""
    if sys.platform == "emscripten" or find_spec("hypothesis") is None:
        return
    from hypothesis import settings

    settings.register_profile("suite", deadline=None, derandomize=True, database=None)
    settings.load_profile("suite")


@pytest.fixture
def card_table() -> dict[str, Any]:
    """A complete card, as TOML or JSON gives it; tests change what they are about."""
    return {
        "name": "colours",
        "title": "Colours",
        "summary": "red, green and blue rectangles",
        "family": "ssd",
        "labels": list(COLOURS),
        "license": "Apache-2.0",
        "file": {"name": "model.onnx", "bytes": 3, "sha256": "0" * 64},
        "source": {"package": "none", "version": "1"},
        "input": {"width": GRID, "height": GRID, "resize": "stretch"},
        "output": {"top": 3, "threshold": 0.5, "iou": 0.5},
        "check": {
            "picture": "sample.jpg",
            "size": [640, 480],
            "detections": [{"class_id": 0, "score": 0.9, "box": [10, 20, 110, 220]}],
        },
        "accuracy": {"dataset": "none", "ap": 1.0, "ap50": 1.0},
    }


@pytest.fixture
def scene() -> Callable[..., NDArray[np.uint8]]:
    """Paint ``scene(width, height, red=(x1, y1, x2, y2), ...)``: rectangles on black, RGB."""

    def paint(width: int, height: int, **boxes: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        picture = np.zeros((height, width, 3), np.uint8)
        for name, (x1, y1, x2, y2) in boxes.items():
            picture[y1:y2, x1:x2] = COLOURS[name]
        return picture

    return paint


@pytest.fixture(scope="session")
def colour_network() -> bytes:
    """A sealed model, by the contract of all of them, that finds one rectangle of each colour.

    The picture is stretched to GRID x GRID; a pixel belongs to a colour by how much that channel
    exceeds the sum of the others; the box spans the first and last column and row that hold such
    a pixel, and the score is the purest pixel's.
    """
    from onnx import TensorProto, checker, helper, numpy_helper

    def constant(name: str, value: Any, dtype: Any) -> Any:
        return numpy_helper.from_array(np.array(value, dtype), name)

    def span(axis: str, reduce_over: str) -> list[Any]:
        """Nodes from ``near`` [1, y, x, colour] to ``{axis}_first``, ``{axis}_last`` in 0..1."""
        n = helper.make_node
        return [
            n("ReduceMax", ["near", reduce_over], [f"{axis}_line"], keepdims=0),
            n("ArgMax", [f"{axis}_line"], [f"{axis}_0"], axis=1, keepdims=0),
            n("ArgMax", [f"{axis}_line"], [f"{axis}_1"], axis=1, keepdims=0, select_last_index=1),
            n("Cast", [f"{axis}_0"], [f"{axis}_0f"], to=TensorProto.FLOAT),
            n("Cast", [f"{axis}_1"], [f"{axis}_1f"], to=TensorProto.FLOAT),
            n("Add", [f"{axis}_1f", "one"], [f"{axis}_end"]),
            n("Div", [f"{axis}_0f", "grid"], [f"{axis}_first"]),
            n("Div", [f"{axis}_end", "grid"], [f"{axis}_last"]),
        ]

    n = helper.make_node
    nodes = [
        n("Slice", ["image", "zeros", "threes", "last_axis"], ["rgb"]),
        n("Cast", ["rgb"], ["float"], to=TensorProto.FLOAT),
        n("Resize", ["float", "", "", "size"], ["small"], mode="linear"),
        n("MatMul", ["small", "purity"], ["pure"]),
        n("Greater", ["pure", "half"], ["is_near"]),
        n("Cast", ["is_near"], ["near"], to=TensorProto.FLOAT),
        *span("x", "over_y"),
        *span("y", "over_x"),
        *(
            n("Unsqueeze", [f"{axis}_{end}", "last"], [f"{axis}_{end}_column"])
            for axis in "xy"
            for end in ("first", "last")
        ),
        n(
            "Concat",
            ["x_first_column", "y_first_column", "x_last_column", "y_last_column"],
            ["all_boxes"],
            axis=2,
        ),
        n("ReduceMax", ["pure", "over_both"], ["all_scores"], keepdims=0),
        n("TopK", ["all_scores", "threes"], ["scores", "ids"], axis=1),
        n("Cast", ["ids"], ["classes"], to=TensorProto.INT32),
        n("Squeeze", ["ids", "zeros"], ["rows"]),
        n("Gather", ["all_boxes", "rows"], ["boxes"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "height", "width", 4])],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 3, 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 3]),
            helper.make_tensor_value_info("classes", TensorProto.INT32, [1, 3]),
        ],
        [
            constant("zeros", [0], np.int64),
            constant("threes", [3], np.int64),
            constant("last_axis", [3], np.int64),
            constant("last", [2], np.int64),
            constant("size", [1, GRID, GRID, 3], np.int64),
            constant("purity", (2 * np.eye(3) - 1) / 255, np.float32),
            constant("half", 0.5, np.float32),
            constant("one", 1, np.float32),
            constant("grid", GRID, np.float32),
            constant("over_y", [1], np.int64),
            constant("over_x", [2], np.int64),
            constant("over_both", [1, 2], np.int64),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


@pytest.fixture
def colour_models(
    tmp_path: Path,
    colour_network: bytes,
    card_table: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A folder of models, made the one in use, that holds the colour model alone."""
    from hashlib import sha256

    import tomli_w

    home = tmp_path / "models"
    folder = home / "colours"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(colour_network)
    card_table["file"] |= {
        "bytes": len(colour_network),
        "sha256": sha256(colour_network).hexdigest(),
    }
    (folder / "model.toml").write_text(tomli_w.dumps(card_table), encoding="utf-8")
    monkeypatch.setenv("OBSCURA_MODELS", str(home))
    return home


@pytest.fixture(scope="session")
def dist() -> Path:
    """The built site: the one that ``build.py test`` has just made, else built here, once."""
    made = os.environ.get("OBSCURA_DIST")
    if made:
        return Path(made)
    from filelock import FileLock

    from builder.build import build

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"alone-{os.getpid()}")
    folder = ROOT / "build" / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "run.txt"
    # Workers share the folder: the first of a run builds, the others wait for it.
    with FileLock(folder / "lock"):
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != run:
            build(folder / "site")
            stamp.write_text(run, encoding="utf-8")
    return folder / "site"


# Files that take long, the longest first: if one of them began last, all but one worker would wait.
LONGEST_FIRST = (
    "browser/test_webgpu.py",
    "browser/test_faults.py",
    "browser/test_bench_command.py",
    "browser/test_hosting.py",
    "browser/test_offline.py",
    "browser/test_own_models.py",
    "browser/test_engine_failures.py",
    "browser/test_camera.py",
    "browser/test_access.py",
    "browser/test_start.py",
    "browser/test_model_failures.py",
    "browser/test_updates.py",
    "browser/test_models_page.py",
    "browser/test_evaluate.py",
    "browser/test_installed.py",
    "browser/test_bench_page.py",
    "browser/test_soak_command.py",
    "build/test_failures.py",
    "convert/test_tfjs.py",
    "wasm/test_pyodide.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the files begin that take long, then those that need a browser, then the others."""
    here = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        name = item.path.relative_to(here).as_posix()
        if name in LONGEST_FIRST:
            return LONGEST_FIRST.index(name)
        return len(LONGEST_FIRST) + (not name.startswith("browser/"))

    items.sort(key=rank)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the time that all tests took, whichever worker ran them."""
    reports = [each for group in terminalreporter.stats.values() for each in group]
    seconds = sum(getattr(report, "duration", 0.0) for report in reports)
    terminalreporter.write_line(f"sum of the time of all tests: {seconds:.0f} s")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run in which nothing passed, such as one that skipped everything."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if (
        exitstatus == 0
        and not session.config.option.collectonly
        and not reporter.stats.get("passed")
    ):
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
