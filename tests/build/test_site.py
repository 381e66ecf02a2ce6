"""The built site: what is in it, under which names, and that it comes out the same every time."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import obscura
from builder.build import ROOT, build
from builder.pyodide import Source, compile_all
from builder.report import report
from builder.serve import SiteServer
from builder.site import HASHED


@pytest.fixture(scope="module")
def page(dist: Path) -> str:
    """The shipped index.html."""
    return (dist / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def facts(page: str) -> dict[str, Any]:
    """What the page knows about its build."""
    match = re.search(r'<script type="application/json" id="obscura-build">(.*?)</script>', page)
    assert match
    found: dict[str, Any] = json.loads(match[1])
    return found


def files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def strings(value: Any) -> Iterator[str]:
    """Yield every string in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


# ---- what is in it -------------------------------------------------------------------------------


def test_every_name_tells_its_contents(dist: Path) -> None:
    """So that all but the pages and what looks for newer ones can be kept for ever."""
    plain = {name for name in files(dist) if not HASHED.search(name)}
    assert plain == {
        "index.html",
        "bench.html",
        "manifest.webmanifest",
        f"obscura-{obscura.__version__}-py3-none-any.whl",
        "sbom.cdx.json",
        "sw.js",
        "LICENSE",
        "NOTICE",
    }


def test_every_reference_leads_to_a_file(dist: Path, page: str, facts: dict[str, Any]) -> None:
    references = re.findall(r'\s(?:src|href|config)="(\./[^"]+)"', page)
    references += [text for text in strings(facts) if text.startswith("./")]
    assert len(references) > 20
    assert [each for each in references if not (dist / each).is_file()] == []


def test_the_page_knows_its_parts_to_the_byte(dist: Path, facts: dict[str, Any]) -> None:
    """A progress bar counts them."""
    assert {part["stage"] for part in facts["parts"]} == {"python", "engine", "model"}
    assert {part.get("runtime") for part in facts["parts"]} >= set(facts["ort"]) - {"webgl"}
    names = {part["model"] for part in facts["parts"] if part["stage"] == "model"}
    assert names == {model["name"] for model in facts["models"]}
    for part in facts["parts"]:
        assert (dist / part["url"]).stat().st_size == part["bytes"]


def test_the_page_carries_the_cards(facts: dict[str, Any]) -> None:
    assert facts["default_model"] == facts["models"][0]["name"]
    for model in facts["models"]:
        assert {"labels", "input", "output", "file", "url"} <= set(model)


def test_nothing_ships_that_no_visit_loads(dist: Path) -> None:
    """No source maps, and no pointers to them; no terminals and editors of PyScript's."""
    names = set(files(dist))
    assert not [name for name in names if name.endswith((".map", ".d.ts"))]
    assert not [name for name in names if re.search("codemirror|xterm|py-editor", name)]
    scripts = [path for path in dist.rglob("*") if path.suffix in (".js", ".mjs")]
    assert len(scripts) > 10
    assert not [path for path in scripts if b"sourceMappingURL" in path.read_bytes()[-200:]]


def test_python_ships_as_bytecode(dist: Path) -> None:
    """The lock lists numpy alone, by the hash of the rebuilt wheel."""
    folder = next(dist.glob("pyodide-*"))
    (wheel,) = folder.glob("*.whl")
    lock = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))
    assert set(lock["packages"]) == {"numpy"}
    assert lock["packages"]["numpy"]["file_name"] == wheel.name
    assert lock["packages"]["numpy"]["sha256"] == hashlib.sha256(wheel.read_bytes()).hexdigest()
    for archive in (wheel, folder / "python_stdlib.zip", next(dist.glob("py/obscura.*.zip"))):
        with zipfile.ZipFile(archive) as opened:
            assert not [name for name in opened.namelist() if name.endswith(".py")]
    with zipfile.ZipFile(wheel) as opened:
        assert [name for name in opened.namelist() if name.endswith("licenses/LICENSE.txt")]


def test_the_benchmark_adds_nothing_to_the_start_page(dist: Path, page: str) -> None:
    """Its Python is in an archive of its own, which the start page does not unpack."""
    (library,) = dist.glob("py/obscura.*.zip")
    (own,) = dist.glob("py/bench.*.zip")
    (late,) = dist.glob("py/obscura-rest.*.zip")
    with zipfile.ZipFile(library) as archive:
        start = {*archive.namelist()}
    with zipfile.ZipFile(own) as archive:
        benchmark = {*archive.namelist()}
    with zipfile.ZipFile(late) as archive:
        compiled = [name for name in archive.namelist() if name.endswith(".pyc")]
    # The feature's row, which is a line.
    assert [name for name in start if "bench" in name] == [
        "obscura/page/features/bench/__init__.pyc"
    ]
    assert "obscura/page/features/bench/page.pyc" in benchmark
    assert benchmark.isdisjoint(start)
    assert [name for name in compiled if "bench" in name] == []
    (config,) = dist.glob("pyscript.*.json")
    assert f"./py/{library.name}" in json.loads(config.read_text(encoding="utf-8"))["files"]
    assert "bench" not in config.read_text(encoding="utf-8")
    assert re.findall(r'"\./([^"]*bench[^"]*)"', page) == ["bench.html"]  # the link to it


def test_a_feature_that_starts_later_has_an_archive_of_its_own(dist: Path, page: str) -> None:
    """It holds what the feature needs beyond the start page's modules, as bytecode alone."""
    facts = json.loads(re.findall(r'id="obscura-build">(.*?)</script>', page)[0])
    (library,) = dist.glob("py/obscura.*.zip")
    with zipfile.ZipFile(library) as archive:
        at_start = set(archive.namelist())

    assert set(facts["features"]) == {
        "analyse",
        "browse",
        "cameras",
        "closer",
        "keep",
        "offline",
        "photos",
        "privacy",
        "record",
        "redact",
        "track",
        "count",
        "crop",
        "events",
        "export",
        "sample",
    }
    for name, url in facts["features"].items():
        with zipfile.ZipFile(dist / url) as archive:
            modules = set(archive.namelist())
        assert any(module.startswith(f"obscura/page/features/{name}/") for module in modules)
        assert all(module.endswith(".pyc") for module in modules)
        assert not modules & at_start


# ---- made again ----------------------------------------------------------------------------------


def test_what_is_compiled_depends_on_the_source_alone(
    dist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not on the folder, what is compiled beside it, the zone, the language or the seed of hashes:
    compiled once more, alone, a module is the one that is shipped."""
    for name, value in {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7"}.items():
        monkeypatch.setenv(name, value)
    shipped = {}
    for path in dist.glob("py/obscura*.zip"):
        with zipfile.ZipFile(path) as archive:
            shipped |= {name: archive.read(name) for name in archive.namelist()}
    names = ("state/settings", "words/text")
    sources = [(ROOT / f"py/obscura/page/{name}.py").read_bytes() for name in names]

    compiled = compile_all(
        (
            Source(source, f"/home/pyodide/obscura/page/{name}.py", keep_asserts=True)
            for name, source in zip(names, sources, strict=True)
        ),
        ROOT / "node_modules" / "pyodide",
    )

    assert compiled == [shipped[f"obscura/page/{name}.pyc"] for name in names]


def test_a_base_is_in_every_url(tmp_path: Path) -> None:
    """But only in them: the names stay, and so do the files that hold none."""
    site = build(tmp_path / "based", "/cameras/hall/")
    page = (site.folder / "index.html").read_text(encoding="utf-8")
    assert '="./' not in page
    assert '"./' not in page
    assert page.count("/cameras/hall/") > 20
    config = json.loads(site.path("pyscript.json").read_text(encoding="utf-8"))
    assert config["interpreter"].startswith("/cameras/hall/assets/interpreter.")
    assert all(name.startswith("/cameras/hall/py/") for name in config["files"])


def test_the_report_adds_up(tmp_path: Path) -> None:
    """Every starred row is in the total; the compressed column is smaller than the raw."""
    site = build(tmp_path / "site")
    table = report(site, ROOT / "build" / "cache" / "compressed")
    row = re.compile(r"^(\*| ) (.+?) +([\d.]+) MB +([\d.]+) MB$", re.MULTILINE)
    rows = [
        (star, title, float(raw), float(small)) for star, title, raw, small in row.findall(table)
    ]
    *parts, total = rows
    assert len(parts) > 9
    for column in (2, 3):
        counted = sum(float(part[column]) for part in parts if part[0] == "*")
        assert float(total[column]) == pytest.approx(counted, abs=0.01)
    assert all(small < raw for _, _, raw, small in rows)


# ---- served --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(dist: Path) -> Iterator[SiteServer]:
    """The site under a path of its own."""
    with SiteServer(("127.0.0.1", 0), dist, "/a/b/") as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


def get(server: SiteServer, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    """Ask for a path; return the answer and its body."""
    connection = HTTPConnection(*server.server_address[:2], timeout=30)  # type: ignore[arg-type]
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("ort-*/*.mjs", "text/javascript; charset=utf-8"),
        ("pyscript-*/core.js", "text/javascript; charset=utf-8"),
        ("pyodide-*/*.wasm", "application/wasm"),
        ("pyodide-*/*.whl", "application/zip"),
        ("pyscript.*.json", "application/json"),
        ("models/*/*.onnx", "application/octet-stream"),
    ],
)
def test_every_kind_of_file_has_its_type(
    dist: Path, server: SiteServer, pattern: str, wanted: str
) -> None:
    path = next(dist.glob(pattern))
    answer, body = get(server, "/a/b/" + path.relative_to(dist).as_posix())
    assert answer.status == 200
    assert answer.headers["Content-Type"] == wanted
    assert body == path.read_bytes()


def test_the_page_is_isolated_and_fresh_and_the_rest_is_kept(
    dist: Path, server: SiteServer
) -> None:
    for path in ("/a/b/", "/a/b/?source=camera"):
        answer, _ = get(server, path)
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    style = next(dist.glob("assets/*.css")).name
    answer, _ = get(server, f"/a/b/assets/{style}")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "path", ["/", "/index.html", "/a/b/assets/", "/a/b/gone.0123456789.css", "/a/b/../../build.py"]
)
def test_what_is_not_there_is_not_kept(server: SiteServer, path: str) -> None:
    answer, _ = get(server, path)
    assert answer.status == 404
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=5-", 5, None),
        ("bytes=-7", -7, None),
        ("bytes=3-99999999", 3, None),
    ],
)
def test_a_range_of_bytes(
    dist: Path, server: SiteServer, asked: str, first: int, last: int | None
) -> None:
    """Players of video ask for them."""
    path = next(dist.glob("assets/sample.*"))
    answer, body = get(server, f"/a/b/assets/{path.name}", Range=asked)
    data = path.read_bytes()
    assert answer.status == 206
    assert body == data[first:last]
    start = first % len(data)
    assert answer.headers["Content-Range"] == f"bytes {start}-{start + len(body) - 1}/{len(data)}"


def test_a_range_past_the_end(dist: Path, server: SiteServer) -> None:
    path = next(dist.glob("assets/sample.*"))
    answer, body = get(server, f"/a/b/assets/{path.name}", Range="bytes=99999999-")
    assert (answer.status, body) == (416, b"")


def test_isolation_can_be_left_out(dist: Path) -> None:
    with SiteServer(("127.0.0.1", 0), dist, isolated=False) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        answer, _ = get(server, "/")
        server.shutdown()
    assert answer.status == 200
    assert not [name for name in answer.headers if name.startswith("Cross-Origin")]
