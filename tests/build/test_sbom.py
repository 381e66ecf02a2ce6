"""The list of parts names all that is shipped and nothing else, and so does NOTICE in words."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from builder import models, sbom
from builder.build import ROOT, parts_list
from builder.errors import BuildError

Part = dict[str, Any]


@pytest.fixture(scope="module")
def document(dist: Path) -> Part:
    """The shipped list."""
    found: Part = json.loads((dist / sbom.NAME).read_text(encoding="utf-8"))
    return found


def walk(parts: list[Part]) -> Iterator[Part]:
    """Yield parts, and those within them."""
    for part in parts:
        yield part
        yield from walk(part.get("components", []))


def licence(part: Part) -> str:
    """Return the licence of a part as text."""
    (only,) = part["licenses"]
    inner = only.get("license", {})
    return str(only.get("expression") or inner.get("id") or inner.get("name"))


# ---- the document --------------------------------------------------------------------------------


def test_it_has_what_the_format_requires(document: Part) -> None:
    """Of CycloneDX 1.6: the fields without which a reader refuses it, and their forms."""
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["version"] >= 1
    parts = [document["metadata"]["component"], *walk(document["components"])]
    kinds = {"application", "library", "platform", "file", "machine-learning-model"}
    for part in parts:
        assert part["type"] in kinds
        assert part["name"]
        assert set(part) <= {
            *("type", "bom-ref", "name", "version", "description", "purl", "licenses", "hashes"),
            *("components", "pedigree"),
        }
        for each in part.get("hashes", []):
            length = {"SHA-256": 64, "SHA-512": 128}[each["alg"]]
            assert re.fullmatch(f"[0-9a-f]{{{length}}}", each["content"])
    references = [part["bom-ref"] for part in parts]
    assert len(set(references)) == len(references)
    for row in document["dependencies"]:
        assert {row["ref"], *row["dependsOn"]} <= set(references)


def test_it_tells_no_time_and_no_place(document: Part) -> None:
    assert set(document) == {
        *("$schema", "bomFormat", "specVersion", "version", "metadata", "components"),
        "dependencies",
    }
    assert set(document["metadata"]) == {"lifecycles", "component"}
    assert str(ROOT) not in json.dumps(document)


def test_every_shipped_package_is_there_with_version_licence_and_hash(document: Part) -> None:
    asked = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    pin = tomllib.loads((ROOT / "vendor" / "vendor.toml").read_text(encoding="utf-8"))["numpy"]
    networks = {model.name: model for model in [*models.collect(ROOT), *models.collect_heads(ROOT)]}
    parts = {part["name"]: part for part in document["components"]}

    assert parts.keys() == {*asked["dependencies"], "numpy", *networks, "assets/sample.jpg"}
    for name, version in asked["dependencies"].items():
        assert parts[name]["version"] == version
        assert parts[name]["purl"] == f"pkg:npm/{name.replace('@', '%40')}@{version}"
    assert parts["numpy"]["hashes"] == [{"alg": "SHA-256", "content": pin["sha256"]}]
    for name, network in networks.items():
        assert licence(parts[name]) == network.card["license"]
        data = network.path.read_bytes()
        assert parts[name]["hashes"][0]["content"] == hashlib.sha256(data).hexdigest()


def test_every_module_of_npm_in_the_site_is_of_a_listed_package(document: Part, dist: Path) -> None:
    """What is bundled into PyScript is listed as part of it."""
    (pyscript,) = (part for part in document["components"] if part["name"] == "@pyscript/core")
    assert {"polyscript", "coincident"} < {part["name"] for part in pyscript["components"]}
    folders = {path.name.partition("-")[0] for path in dist.iterdir() if path.is_dir()}
    assert folders == {
        *("assets", "heads", "litert", "models", "ort", "py", "pyodide", "pyscript"),
    }


def test_a_licence_is_never_left_out(document: Part) -> None:
    named = {part["name"]: licence(part) for part in walk(document["components"])}
    assert [name for name, found in named.items() if found in ("", "not known")] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("APACHE-2.0", {"license": {"id": "Apache-2.0"}}),
        ("MIT OR Apache-2.0", {"expression": "MIT OR Apache-2.0"}),
        ("ask the author", {"license": {"name": "ask the author"}}),
        ("", {"license": {"name": "not known"}}),
    ],
)
def test_licences_are_told_as_well_as_they_are_known(text: str, shown: Part) -> None:
    assert sbom.licences(text) == [shown]


def test_bundled_packages_are_told_by_source_maps(tmp_path: Path) -> None:
    script = tmp_path / "core.js"
    sources = ["../src/x.js", "../node_modules/a/i.js", "../node_modules/a/node_modules/@b/c/i.js"]
    (tmp_path / "core.js.map").write_text(json.dumps({"sources": sources}), encoding="utf-8")

    assert sbom.bundled([script, tmp_path / "without.js"]) == {"a", "@b/c"}


@pytest.mark.parametrize("field", ["license", "integrity"])
def test_a_lock_without_licence_or_hash_is_refused(tmp_path: Path, field: str) -> None:
    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    lock = json.loads((tmp_path / "package-lock.json").read_text(encoding="utf-8"))
    del lock["packages"]["node_modules/pyodide"][field]
    (tmp_path / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")

    with pytest.raises(BuildError, match=r"package-lock\.json lacks pyodide"):
        sbom.npm_parts(tmp_path, {})


def test_the_same_parts_give_the_same_bytes(document: Part, dist: Path) -> None:
    """Whatever the order in which the file system or a set gives things."""
    version = document["metadata"]["component"]["version"]
    networks = [*models.collect(ROOT), *models.collect_heads(ROOT)]
    again = parts_list(ROOT, ROOT / "node_modules", networks, version)
    assert again == (dist / sbom.NAME).read_bytes()


# ---- NOTICE --------------------------------------------------------------------------------------


def entries() -> list[str]:
    """The entries of NOTICE: a line with those below it that are indented, as one line each."""
    text = (ROOT / "NOTICE").read_text(encoding="utf-8")
    shipped, _, _ = text.partition("Used for tests only")
    return [
        " ".join(entry.split()) for entry in re.findall(r"^\S.*(?:\n  .*)*", shipped, re.MULTILINE)
    ]


def test_the_notice_names_all_that_is_shipped_with_its_licence(document: Part) -> None:
    """With its version where that is known; models have a test of their own."""
    missing = [
        f"{part['name']} {part.get('version', '')}, {licence(part)}"
        for part in walk(document["components"])
        if part["type"] != "machine-learning-model"
        and not any(
            re.search(rf"(?<![\w@/-]){re.escape(part['name'])}(?![\w/-])", entry)
            and licence(part) in entry
            and part.get("version", "") in entry
            for entry in entries()
        )
    ]
    assert missing == []


def test_the_notice_names_every_model_its_source_and_its_licence(document: Part) -> None:
    shipped = [part for part in document["components"] if part["type"] == "machine-learning-model"]
    assert shipped
    for part in shipped:
        (origin,) = part["pedigree"]["ancestors"]
        assert [
            entry
            for entry in entries()
            if part["name"] in entry
            and f"{origin['name']} {origin['version']}" in entry
            and licence(part) in entry
        ], part["name"]
