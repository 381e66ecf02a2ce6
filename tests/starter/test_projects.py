"""Each template: rendered, built, and its own tests run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builder.build import ROOT
from builder.own_page import STARTS

New = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[str]]
TESTS = ("-m", "unittest", "discover", "-s", "tests")


def facts(folder: Path) -> dict[str, Any]:
    """Return what a built page knows about its build."""
    found = re.search(r'id="obscura-build">(.*?)</script>', page(folder))
    assert found
    table: dict[str, Any] = json.loads(found[1])
    return table


def page(folder: Path) -> str:
    """Return the built index.html."""
    return (folder / "dist" / "index.html").read_text("utf-8")


def exchange(path: Path, old: str, new: str) -> None:
    """Change one place of a file."""
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


# ---- page ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with everything of its own, built and tested. ``dist``: its caches are there."""
    assert dist.is_dir()
    folder = tmp_path_factory.mktemp("projects") / "page"
    command = [sys.executable, "-m", "obscura", "new", str(folder), "--name", "Doors & <more>"]
    command += ["--model", "centernet-320", "--colour", "#123456", "--looks", "faces,pose"]
    subprocess.run(command, cwd=ROOT / "py", check=True)
    done = subprocess.run(
        [sys.executable, "build.py", "test"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ran 1 test" in done.stderr
    return folder


def test_a_page_has_its_own_name(built: Path) -> None:
    html = page(built)
    assert "<title>Doors &amp; &lt;more&gt;</title>" in html
    assert "<span>Doors &amp; &lt;more&gt;</span>" in html
    manifest = json.loads((built / "dist" / "manifest.webmanifest").read_text("utf-8"))
    assert manifest["name"] == manifest["short_name"] == "Doors & <more>"


def test_a_page_has_its_own_colour_with_legible_text_on_it(built: Path) -> None:
    (style,) = (built / "dist" / "assets").glob("style.*.css")
    last = style.read_text("utf-8").splitlines()[-1]
    assert last == ":root { --accent: #123456; --accent-strong: #102e4c; --on-accent: #ffffff; }"


def test_a_page_offers_its_models_alone(built: Path) -> None:
    assert [model["name"] for model in facts(built)["models"]] == ["centernet-320"]
    assert facts(built)["default_model"] == "centernet-320"
    assert {path.name for path in (built / "dist" / "models").iterdir()} == {"centernet-320"}


def test_a_page_opens_with_its_zones_and_closer_looks(built: Path) -> None:
    wishes = facts(built)["wishes"]
    zones = built / "dist" / wishes.pop("shapes")
    assert zones.read_bytes() == (built / "zones.json").read_bytes()
    assert wishes == {"threshold": "0.5", "closer_looks": "faces,pose"}


def test_the_page_of_this_repository_has_none_of_it(dist: Path) -> None:
    found = re.search(r'id="obscura-build">(.*?)</script>', (dist / "index.html").read_text())
    assert found
    assert json.loads(found[1])["wishes"] == {}
    assert not (dist / "own").exists()


def test_a_page_is_upgraded_by_one_version(built: Path, run: Run) -> None:
    toml = built / "page.toml"
    exchange(toml, 'version = "0.1.0"', 'version = "0.0.9"')
    site = page(built)

    done = run(built, "build.py", "build")

    assert done.returncode == 1
    assert done.stderr.startswith("build.py: page.toml is for Obscura 0.0.9, and this is 0.1.0")
    assert page(built) == site

    exchange(toml, 'version = "0.0.9"', 'version = "0.1.0"')
    done = run(built, "build.py", "build")
    assert done.returncode == 0, done.stderr
    assert page(built) == site


@pytest.mark.parametrize(
    ("old", "changed", "wanted"),
    [
        ("threshold =", "treshold =", "page.toml has start.treshold, which means nothing here"),
        ('colour = "#f4b942"', 'colour = "red"', "colour in page.toml is 'red'"),
        ('models = ["cocossd"]', 'models = ["mine"]', "page.toml names the model 'mine'"),
        ('models = ["cocossd"]', 'models = "cocossd"', "models in page.toml is not text"),
        ('"zones.json"', '"gone.json"', "page.toml names gone.json, which does not exist"),
        ('zones = "zones.json"', "zones = 1", "zones in page.toml is not text"),
        ("[start]", "[start", "page.toml is not valid"),
        ("[obscura]", "[other]", "page.toml lacks 'obscura'"),
        ("checkout =", "other =", "page.toml lacks 'checkout'"),
        ('version = "', 'other = "', "page.toml lacks 'version'"),
        ("checkout =", "checkout = 1 #", "page.toml is not valid"),
    ],
)
def test_what_is_wrong_in_the_file_takes_one_line(
    new: New, run: Run, dist: Path, old: str, changed: str, wanted: str
) -> None:
    assert dist.is_dir()  # the caches are there
    folder = new("page")
    exchange(folder / "page.toml", old, changed)

    done = run(folder, "build.py", "build")

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"build.py: {wanted}")
    assert not (folder / "dist").exists()


def test_a_page_starts_with_any_parameter_of_the_address() -> None:
    section = (ROOT / "docs" / "automation.md").read_text("utf-8").split("## ")[1]
    documented = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert {*STARTS} == documented - {"model", "shapes"}


def test_a_page_without_its_file_takes_one_line(new: New, run: Run) -> None:
    folder = new("page")
    (folder / "page.toml").unlink()

    done = run(folder, "build.py", "build")

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("build.py: page.toml cannot be read")


def test_a_page_without_source_code_says_what_is_missing(new: New, run: Run) -> None:
    folder = new("page")

    done = run(folder, "build.py", "serve", OBSCURA_CHECKOUT="nowhere")

    assert done.returncode == 1
    assert "there is no source code of Obscura in" in done.stderr


# ---- library and service -------------------------------------------------------------------------


def test_a_library_finds_what_is_in_a_picture(new: New, run: Run) -> None:
    done = run(new("library"), *TESTS)

    assert done.returncode == 0, done.stderr
    assert "Ran 1 test" in done.stderr


def test_a_library_becomes_a_wheel(new: New, run: Run) -> None:
    folder = new("library")

    done = run(folder, "-m", "hatchling", "build", "-t", "wheel")

    assert done.returncode == 0, done.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        (metadata,) = (name for name in names if name.endswith("METADATA"))
        asked = opened.read(metadata).decode()
    assert "door_counter/__init__.py" in names
    assert "Requires-Dist: obscura==0.1.0" in asked


def test_a_service_answers_over_http(new: New, run: Run) -> None:
    done = run(new("service"), "build.py", "test")

    assert done.returncode == 0, done.stderr
    assert "Ran 1 test" in done.stderr
