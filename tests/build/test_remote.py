"""A server that people may send pictures to: in sites that are built for one, and in no other."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from builder.build import ROOT, build
from builder.errors import BuildError
from builder.page import assemble
from builder.remote import PLACES, SENTENCES, origin, server
from builder.trim import OPTIONAL, left_out
from obscura.page.state import build as page_build

ORIGIN = "https://boxes.example.org"
TRACES = (
    rb"features[/.]remote|engine[/.]remote|remote_link|RemoteSession|ServerUse"
    rb"|id=.remote-|[.#]remote-|/v1/detect|application/x-rgba|targetAddressSpace"
)
"""What only the parts and modules for a server have."""


def contents(site: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of every file of a site, and of every file in its archives."""
    for path in sorted(site.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(site).as_posix()
        yield name, path.read_bytes()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    yield f"{name}: {member}", member.encode() + b"\n" + archive.read(member)


def traces(site: Path) -> list[str]:
    """Return the names of what has anything of a server in it."""
    return [name for name, data in contents(site) if re.search(TRACES, data)]


def hashes(site: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a site."""
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in site.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that may ask a server of another origin."""
    return build(tmp_path_factory.mktemp("served") / "site", server=ORIGIN).folder


@pytest.fixture(scope="module")
def page(served: Path) -> str:
    """Its start page."""
    return (served / "index.html").read_text(encoding="utf-8")


# ---- a default build -----------------------------------------------------------------------------


def test_a_default_build_has_nothing_of_it(dist: Path, served: Path) -> None:
    assert traces(dist) == []
    assert len(traces(served)) > 4, "the traces are what such a site has"


def test_a_default_build_is_the_same_byte_for_byte_where_the_parts_do_not_exist(
    dist: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for source in ROOT.iterdir():
        if source.name not in ("py", "assets") and not source.name.startswith((".git", "dist")):
            (bare / source.name).symlink_to(source, target_is_directory=source.is_dir())
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("py", "assets"):
        shutil.copytree(ROOT / folder, bare / folder, ignore=ignored)
    shutil.rmtree(bare / "assets" / "remote")
    for path in (bare / "py").rglob("*.py"):
        if OPTIONAL["remote"].match(path.relative_to(bare / "py").as_posix()):
            path.unlink()

    assert hashes(build(tmp_path / "site", root=bare).folder) == hashes(dist)


def test_a_default_page_asks_its_own_origin_alone(dist: Path) -> None:
    page = (dist / "index.html").read_text(encoding="utf-8")

    assert "connect-src 'self';" in page
    assert "added" not in facts(page)


@pytest.mark.parametrize(
    "name",
    [
        "obscura/page/features/remote/__init__.py",
        "obscura/page/features/remote/use.py",
        "obscura/page/browser/remote_link.py",
        "obscura/engine/remote.py",
    ],
)
def test_its_modules_are_left_out_unless_wanted(name: str) -> None:
    assert (ROOT / "py" / name).is_file()
    assert left_out(name)
    assert not left_out(name, ["remote"])


# ---- a build for a server ------------------------------------------------------------------------


def facts(page: str) -> dict[str, Any]:
    """Return what a page knows about its build."""
    found: dict[str, Any] = json.loads(re.findall(r'id="obscura-build">(.*?)</script>', page)[0])
    return found


def test_the_one_origin_is_in_the_policy_and_no_other(served: Path, page: str) -> None:
    assert f"connect-src 'self' {ORIGIN};" in page
    worker = (served / "sw.js").read_text(encoding="utf-8")
    assert f"connect-src 'self' {ORIGIN};" in worker
    assert page_build.read(json.dumps(facts(page))).added == {
        "obscura.page.features.remote": {"origin": ORIGIN}
    }


def test_its_own_origin_needs_no_other_policy() -> None:
    asked = server("same-origin")
    page = asked.insert(assemble(ROOT, "index.html"), ROOT)

    assert "connect-src 'self';" in page
    assert "Send pictures to this site's server?" in page
    assert "only those to /v1 of this site upload anything" in page
    assert asked.facts() == {"added": {"obscura.page.features.remote": {"origin": ""}}}


def test_the_page_promises_no_more_than_it_keeps(page: str) -> None:
    for sentence in SENTENCES:
        assert sentence not in page
    assert "any other site but boxes.example.org." in page
    assert page.count('id="remote-sent"') == 1


def test_its_code_comes_when_it_is_wanted(served: Path, page: str) -> None:
    (library,) = served.glob("py/obscura.*.zip")
    with zipfile.ZipFile(library) as archive:
        assert [name for name in archive.namelist() if "remote" in name] == [
            "obscura/page/features/remote/__init__.pyc"
        ]
    with zipfile.ZipFile(served / facts(page)["features"]["remote"]) as archive:
        assert "obscura/engine/remote.pyc" in archive.namelist()


def test_every_part_has_a_place() -> None:
    assert {path.name for path in (ROOT / "assets/remote").glob("*.html")} == set(PLACES)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://example.org", "https://example.org"),
        ("https://example.org/", "https://example.org"),
        ("https://a-b.example.org:8443", "https://a-b.example.org:8443"),
        ("http://localhost:8765", "http://localhost:8765"),
        ("http://192.168.1.20:8765", "http://192.168.1.20:8765"),
        ("http://[::1]:8765", "http://[::1]:8765"),
        ("http://box.local", "http://box.local"),
    ],
)
def test_an_origin(address: str, found: str) -> None:
    assert origin(address) == found


@pytest.mark.parametrize(
    "address",
    [
        "example.org",
        "https://example.org/v1",
        "https://example.org?x",
        "https://user@example.org",
        "https://*.example.org",
        "https://a.org https://b.org",
        "https://a.org; script-src *",
        "ftp://example.org",
        "http://example.org",
        "http://8.8.8.8",
        "",
    ],
)
def test_what_is_not_an_origin_or_cannot_be_asked(address: str) -> None:
    with pytest.raises(BuildError, match=r"--server "):
        origin(address)
