"""The table of other packages: what it says of what was measured, and of what was not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from builder.build import ROOT
from builder.errors import BuildError
from builder.site import Site
from speed import others, packages, report

MEASURED: dict[str, Any] = {
    "told": "wasm",
    "cold": [3000.0, 1000.0, 2000.0],
    "warm": [500.0, 700.0, 600.0],
    "bytes": 4_040_000,
    "hosts": [],
    "documented": ["cdn.example"],
    "frame": {"median": 107.26, "boxes": 1},
    "memory": {
        "JS heap, page": 5e6, "wasm heap, page": 80e6, "GPU buffers, page": 9e6, "proxies": 3,
        "JS heap, worker": 1e6, "wasm heap, worker": 2e6,
    },
}  # fmt: skip
FAILED: dict[str, Any] = {
    "why": "no weights/ultralytics.tflite",
    "bytes": 1_300_000,
    "hosts": [],
    "documented": [],
}


def test_a_row_has_every_figure() -> None:
    assert others.row("human", MEASURED) == (
        *("Human", "MIT", "CenterNet, 512 × 512", "wasm", "4.0 MB", "2.00 s"),  # noqa: RUF001
        *("0.60 s", "107.3 ms", "88 MB", "0; as documented: cdn.example"),
    )


def test_hosts_that_are_asked_are_named_once() -> None:
    told = {**MEASURED, "hosts": ["cdn.example"]}
    assert others.row("human", told)[-1] == "1 (cdn.example)"


def test_a_package_that_finds_nothing_on_the_camera_does_not_pass_for_fast() -> None:
    told = {**MEASURED, "frame": {"median": 10.0, "boxes": 0}}
    assert others.row("human", told)[7] == "10.0 ms, finds nothing"


def test_without_its_network_a_package_has_a_reason() -> None:
    made = "\n".join(others.parts({"ultralytics": FAILED, "human": MEASURED}, report.table))
    assert (
        "| Ultralytics | AGPL-3.0 | YOLO of the file given | - | 1.3 MB without a network" in made
    )
    assert "no registry package has its network; `--weights ultralytics=FILE`" in made
    assert others.parts({}, report.table) == []


def test_weights_are_files_for_packages_that_have_none(tmp_path: Path) -> None:
    assert packages.parse_weights(["libreyolo=a/b.onnx"]) == {"libreyolo": Path("a/b.onnx")}
    for wrong in ("human=a.onnx", "libreyolo", "libreyolo=", "x=y"):
        with pytest.raises(BuildError, match="libreyolo"):
            packages.parse_weights([wrong])
    with pytest.raises(BuildError, match="there is no such file"):
        packages.add_weights(
            Site(tmp_path, "./"), packages.BY_NAME["libreyolo"], tmp_path / "gone.onnx"
        )


@pytest.mark.parametrize("other", packages.OTHERS, ids=lambda other: other.name)
def test_each_has_a_page_that_loads_what_is_served(other: packages.Other, tmp_path: Path) -> None:
    site = Site(tmp_path, "./")
    for folder, files in other.folders.items():
        site.add_folder(folder, dict.fromkeys(files, b""))
    pages = ROOT / "bench" / "rivals" / "pages"
    html = (pages / f"{other.name}.html").read_text(encoding="utf-8")
    own = {f"./pages/{path.name}" for path in pages.iterdir()} | {"./sample.jpg"}
    patterns = (packages.ATTRIBUTE, packages.IMPORT)
    references = {m["reference"] for each in patterns for m in each.finditer(html)}
    assert references - own
    for reference in references - own:
        assert site.resolve(reference, other.name)


def test_what_is_under_the_agpl_has_a_lock_of_its_own() -> None:
    homes = {other.home for other in packages.OTHERS if other.license == "AGPL-3.0"}
    assert homes == {"agpl"}
    assert "ultralytics" not in (ROOT / "bench/rivals/package-lock.json").read_text("utf-8")
