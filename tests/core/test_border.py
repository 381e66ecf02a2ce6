"""Borders: the floors of the house, and its few doors to browsers and other packages."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import obscura

ROOT = Path(obscura.__file__).parents[1]
BROWSER = {"js", "pyodide", "pyscript"}
ROOTS = ("main", "bench")
"""The pages' composition roots, which stand above all floors."""
FACE = "export"
"""A package that offers names of higher floors, too: they are loaded when they are asked for."""

# From the ground up. A module may import modules of lower floors, and its neighbours on its own.
FLOORS = (
    {
        "cli.arguments",
        "cli.exits",
        "errors",
        "extras",
        "boxes",
        "places",
        "cards.complete",
        "cards.nesting",
        "live.frame_grid",
        "live.pace",
        "live.timing",
        "spreadsheet",
        "starter",
        "suggest",
    },
    {"detections", "cards.table"},
    {"cards.yaml_names"},
    {"update"},
    {"pipeline", "live.frame_clock", "live.upright"},
    {"cards.card"},
    {"counting", "tracking"},
    {"redaction"},
    {"cards.labels"},
    {"graph"},
    {"families"},
    {"cards.head_card"},
    {"engine", "drawing", "export", "heads", "identify", "label_font", "png_colour"},
    {"engine.native", "engine.web", "cards.catalogue", "cards.classifier", "flip", "pictures"},
    {"own_model"},
    {"detector"},
    {"cards.head_files"},
    {"heads.shelf"},
    {"heads.native"},
    {"sources.errors"},
    {"sources.source"},
    {"sources"},
    {"export.video"},
    {"export.annotate"},
    {"evaluation", "counting.report"},
    {"counting.sources"},
    {"redaction.errors"},
    {"redaction.listing", "redaction.video"},
    {"redaction.finder"},
    {"redaction.files"},
    {"serving.faults", "serving.parts", "serving.refusal", "serving.settings"},
    {"serving.detecting", "serving.pictures", "serving.pool"},
    {"serving.inference", "serving.limits", "serving.metrics"},
    {"serving"},
    {"cli.parser", "cli.plain", "cli.saver"},
    {"cli.progress"},
    {"cli.detector", "cli.errors"},
    {"batch", "cli"},
    {"serving.ray_serve"},
    {"page.words"},
    {"page.state"},
    {"page.browser"},
    {"page.live", "page.stage"},
    {"page.models"},
    {"page.features"},
    {"page.app", "page.automation", "page.commands", "page.events", "page.platform"},
    {"__init__", "__main__", "cards", "live", "page"},
)

# The page's modules that run in CPython, where their tests do: none of them, nor anything that they
# import, imports the browser.
PURE_FOLDERS = ("page.words", "page.state")
PURE = {
    "page.live.analysis",
    "page.live.results",
    "page.live.controller",
    "page.live.further",
    "page.live.identity",
    "page.live.in_view",
    "page.live.kinds",
    "page.live.loop",
    "page.live.orientation",
    "page.live.playback",
    "page.live.protocols",
    "page.live.reading",
    "page.live.unreadable",
    "page.models.adding",
    "page.models.heads",
    "page.models.controller",
    "page.models.measure",
    "page.models.memory",
    "page.models.opening",
    "page.models.own",
    "page.models.picked",
    "page.models.pool",
    "page.models.race",
    "page.models.recover",
    "page.models.sessions",
    "page.models.shelf",
    "page.models.status",
    "page.models.views",
    "page.models.winners",
    "page.stage.annotate",
    "page.stage.display",
    "page.stage.layers",
    "page.stage.placement",
    "page.stage.seen",
    "page.features.analyse",
    "page.features.analyse.desk",
    "page.features.analyse.finder",
    "page.features.analyse.subject",
    "page.features.analyse.job",
    "page.features.analyse.markers",
    "page.features.analyse.marks",
    "page.features.analyse.recall",
    "page.features.analyse.row",
    "page.features.analyse.words",
    "page.features.bench.advice",
    "page.features.bench.agreement",
    "page.features.bench.deadline",
    "page.features.bench.device",
    "page.features.bench.record",
    "page.features.bench.ways",
    "page.features.bench.words",
    "page.features.bench.work",
    "page.features.context",
    "page.features.detect",
    "page.features.browse",
    "page.features.browse.words",
    "page.features.cameras",
    "page.features.cameras.watch",
    "page.features.cameras.words",
    "page.features.closer",
    "page.features.closer.adding",
    "page.features.closer.looks",
    "page.features.closer.own",
    "page.features.closer.shelf",
    "page.features.closer.skeleton",
    "page.features.closer.wanted",
    "page.features.closer.words",
    "page.features.count",
    "page.features.count.edits",
    "page.features.count.layer",
    "page.features.count.ledger",
    "page.features.count.undo",
    "page.features.count.words",
    "page.features.count.editor",
    "page.features.count.grips",
    "page.features.crop",
    "page.features.crop.frame",
    "page.features.crop.words",
    "page.features.events",
    "page.features.events.alerts",
    "page.features.events.log",
    "page.features.events.words",
    "page.features.count.figures",
    "page.features.count.history",
    "page.features.count.history_words",
    "page.features.export",
    "page.features.export.keeper",
    "page.features.export.replaying",
    "page.features.export.shelf",
    "page.features.export.words",
    "page.features.export.writing",
    "page.features.keep",
    "page.features.keep.capture",
    "page.features.keep.versions",
    "page.features.keep.words",
    "page.features.offline",
    "page.features.photos",
    "page.features.photos.album",
    "page.features.photos.answers",
    "page.features.photos.collection",
    "page.features.photos.layout",
    "page.features.photos.reader",
    "page.features.photos.selection",
    "page.features.photos.table",
    "page.features.photos.thumbs",
    "page.features.photos.tiles",
    "page.features.photos.words",
    "page.features.photos.work",
    "page.features.privacy",
    "page.features.redact",
    "page.features.redact.regions",
    "page.features.redact.words",
    "page.features.redact.choices",
    "page.features.redact.costs",
    "page.features.redact.kept",
    "page.features.redact.picking",
    "page.features.redact.readiness",
    "page.features.redact.redactor",
    "page.features.record",
    "page.features.record.drawing",
    "page.features.record.names",
    "page.features.record.whole",
    "page.features.record.recording",
    "page.features.record.room",
    "page.features.record.timeline",
    "page.features.record.words",
    "page.features.remote",
    "page.features.remote.near",
    "page.features.remote.use",
    "page.features.remote.words",
    "page.features.sample",
    "page.features.sample.example",
    "page.features.sample.trial",
    "page.features.sample.words",
    "page.features.track",
    "page.features.track.glide",
    "page.features.track.trails",
    "page.features.track.words",
    "page.features.privacy.account",
    "page.features.privacy.words",
    "page.app",
    "page.automation",
    "page.commands",
    "page.platform",
}
# What is imported beyond the standard library and numpy, and by whom.
DOORS = {
    "av": {"sources.video"},
    "click": {"serving.ray_serve"},
    "fastapi": {"cli.serve", "serving.asgi", "serving.ray_serve"},
    "fsspec": {"sources.remote"},
    "onnxruntime": {"engine.native"},
    "PIL": {"pictures", "detector", "export.annotate", "cli.redact", "label_font"},
    "playwright": {"evaluation.browser"},
    "prometheus_client": {"cli.serve", "serving.metrics"},
    "pyarrow": {"batch.parquet"},
    "pycocotools": {"evaluation.score"},
    "pydantic": {"serving.answers"},
    "ray": {"batch.cluster", "serving.ray_serve"},
    "scipy": {"evaluation.tracking"},
    "supervision": {"export.supervision"},
    "tqdm": {"cli.evaluate"},
    "starlette": {"serving.asgi", "serving.page"},
    "trackeval": {"evaluation.tracking"},
    "uvicorn": {"cli.serve", "serving.connection"},
}


def modules() -> dict[str, ast.Module]:
    """Return every module under py/, by dotted name without ``obscura.``, parsed."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        inner = parts[1:] if parts[0] == "obscura" else parts
        if len(inner) > 1 and inner[-1] == "__init__":
            inner = inner[:-1]
        found[".".join(inner)] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


MODULES = modules()


def imports(tree: ast.Module) -> Iterator[str]:
    """Yield the dotted name of everything that a module imports anywhere, for typing too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that a reader sees the floor"
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "need":
            name = node.args[0]  # of `extras.need`, which imports it
            assert isinstance(name, ast.Constant)
            yield str(name.value)


def floor(module: str) -> int:
    """Return the floor of ``engine.web``, ``page.live.loop``...: by full name, else by folder."""
    name = module
    while name:
        for height, rooms in enumerate(FLOORS):
            if name in rooms:
                return height
        name = name.rpartition(".")[0]
    raise AssertionError(f"obscura.{module} is on no floor: add it to FLOORS")


def own_module(imported: str) -> str | None:
    """Return which of our modules ``obscura.x.y`` is or lies in; None if it is not ours."""
    if imported.split(".")[0] != "obscura":
        return None
    inner = imported.split(".")[1:]
    while inner and ".".join(inner) not in MODULES:
        inner.pop()
    return ".".join(inner) or "__init__"


def may_touch_the_browser(module: str) -> bool:
    return module in (*ROOTS, "engine.web") or module.startswith("page.browser.")


def feature_of(module: str | None) -> str | None:
    """Return the feature that a module belongs to; None if it is not part of one."""
    parts = (module or "").split(".")
    inside = parts[:2] == ["page", "features"] and len(parts) > 2 and parts[2] != "context"
    return parts[2] if inside else None


@pytest.mark.parametrize("module", MODULES)
def test_only_a_few_modules_import_the_browser(module: str) -> None:
    touched = {name.split(".")[0] for name in imports(MODULES[module])} & BROWSER

    assert not touched or may_touch_the_browser(module)


@pytest.mark.parametrize("module", [name for name in MODULES if feature_of(name)])
def test_features_do_not_import_each_other(module: str) -> None:
    others = {feature_of(own_module(name)) for name in imports(MODULES[module])}

    assert others <= {None, feature_of(module)}


def is_pure(module: str) -> bool:
    return module in PURE or module.startswith(tuple(f"{folder}." for folder in PURE_FOLDERS))


@pytest.mark.parametrize("module", [name for name in MODULES if is_pure(name)])
def test_pure_modules_import_no_browser_by_any_way(module: str) -> None:
    seen: set[str] = set()
    new = {module}
    while new:
        seen |= new
        new = {
            target
            for each in new
            for name in imports(MODULES[each])
            if (target := own_module(name)) is not None
        } - seen

    assert not {name for name in seen if may_touch_the_browser(name)}


def test_pure_modules_are_those_that_there_are() -> None:
    """A name that no module has any more would hold nothing."""
    assert sorted(PURE - set(MODULES)) == []


def test_the_app_knows_no_feature_by_name() -> None:
    features = {feature_of(name) for name in MODULES} - {None}
    for module in ("page.app", "page.commands", "page.events", "page.automation"):
        names = {n.value for n in ast.walk(MODULES[module]) if isinstance(n, ast.Constant)}
        named = {feature_of(own_module(name)) for name in imports(MODULES[module])} - {None}

        assert not named
        assert not features & {name for name in names if isinstance(name, str)}


@pytest.mark.parametrize("module", MODULES)
def test_others_import_the_standard_library_numpy_and_little_else(module: str) -> None:
    for name in imports(MODULES[module]):
        top = name.split(".")[0]
        if top in sys.stdlib_module_names or top in ("numpy", "obscura"):
            continue
        if top in BROWSER:
            continue  # the test above sees to those
        assert module in DOORS.get(top, set()), f"{module} imports {name}"


@pytest.mark.parametrize("module", [name for name in MODULES if name not in (*ROOTS, FACE)])
def test_arrows_point_down(module: str) -> None:
    for name in imports(MODULES[module]):
        target = own_module(name)
        if target is not None and target != "__init__":
            assert floor(target) <= floor(module), f"{module} imports {target} from above"


def test_the_walk_sees_the_whole_package() -> None:
    assert {"boxes", "families", "engine", "engine.native", "cli", "__init__"} <= set(MODULES)


def test_the_core_loads_without_what_is_slow_to_load() -> None:
    script = """
import sys, numpy
import obscura.boxes, obscura.cards.card, obscura.detections, obscura.drawing, obscura.errors
import obscura.engine.plans, obscura.engine.selfcheck, obscura.families.decode
import obscura.live.timing
print(*sorted({"PIL", "argparse", "hashlib", "onnxruntime", "tomllib"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == ""
