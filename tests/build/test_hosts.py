"""What hosts are told, and the copies that are compressed beforehand."""

from __future__ import annotations

import gzip
import random
import re
from pathlib import Path

import pytest

from builder.build import ROOT
from builder.errors import BuildError
from builder.hosts import FOR_EVER, HOSTS, LARGE, headers, pack, precompress, write_host_file
from builder.site import Site
from obscura.serving.page import ISOLATION, PRIVATE

HTML = (ROOT / "index.html").read_text(encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A small site under a path."""
    folder = tmp_path / "site"
    folder.mkdir()
    made = Site(folder, "/cameras/")
    made.add_plain("index.html", HTML.encode())
    made.add("assets/boot.js", b"let a = 1;\n" * 400)
    made.add_folder("ort", {"ort.wasm": bytes(range(256)) * 40})
    made.add("store.js", b"x")
    made.add("assets/sample.jpg", b"\xff\xd8" * 900)
    return made


def test_the_headers_hold_the_pages_own_policy_and_what_only_headers_can() -> None:
    sent = headers(HTML)
    policy = sent["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")
    assert "camera=(self)" in sent["Permissions-Policy"]
    assert sent["Cross-Origin-Opener-Policy"] == "same-origin"
    assert sent["Cross-Origin-Embedder-Policy"] == "require-corp"


def test_a_server_of_ones_own_allows_the_page_what_other_hosts_do() -> None:
    sent = headers(HTML)
    own = {**ISOLATION, **PRIVATE}
    same = ["Permissions-Policy", *ISOLATION]
    assert {name: own[name] for name in same} == {name: sent[name] for name in same}


def test_a_page_without_a_policy_is_refused() -> None:
    with pytest.raises(BuildError, match="Content-Security-Policy"):
        headers("<html></html>")


@pytest.mark.parametrize("host", HOSTS)
def test_each_host_gets_every_header(site: Site, tmp_path: Path, host: str) -> None:
    path = write_host_file(host, site, tmp_path / "out", HTML)
    if path.name == "_headers":
        assert path.parent == tmp_path / "out", "it is part of the site"
        path = site.folder / "_headers"
    text = path.read_text(encoding="utf-8")
    for name, value in headers(HTML).items():
        assert name in text
        assert value in text
    assert FOR_EVER in text


def test_only_hashed_names_are_kept_for_ever(site: Site, tmp_path: Path) -> None:
    write_host_file("netlify", site, tmp_path / "out", HTML)
    text = (site.folder / "_headers").read_text(encoding="utf-8")
    rules = re.findall(r"^(/\S+)\n  Cache-Control: (.+)$", text, re.MULTILINE)
    ort = site.names["ort/ort.wasm"].split("/")[0]
    assert dict(rules) == {
        "/cameras/assets/*": FOR_EVER,
        f"/cameras/{ort}/*": FOR_EVER,
        f"/cameras/{site.names['store.js']}": FOR_EVER,
    }


def test_what_gets_smaller_is_compressed_and_kept_for_the_next_build(
    site: Site, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    cache = tmp_path / "cache"

    assert precompress(site, cache) == 3  # the page, the script, the wasm

    script = site.path("assets/boot.js")
    packed = script.with_name(script.name + ".gz").read_bytes()
    assert gzip.decompress(packed) == script.read_bytes()
    assert script.with_name(script.name + ".br").is_file()
    assert not list(site.folder.glob("assets/*.jpg.*"))
    assert not list(site.folder.glob("store.*.gz")), "a byte gets no smaller"
    capfd.readouterr()
    for path in (*site.folder.rglob("*.gz"), *site.folder.rglob("*.br")):
        path.unlink()
    assert precompress(site, cache) == 3
    assert "compressing" not in capfd.readouterr().out


def test_only_large_files_that_get_smaller_are_packed_and_no_copies_of_copies(
    site: Site, tmp_path: Path
) -> None:
    site.add("models/large.onnx", bytes(LARGE))
    site.add("models/small.onnx", bytes(LARGE - 1))
    site.add("models/noise.onnx", random.Random(1).randbytes(LARGE))
    name = site.names["models/large.onnx"]

    assert pack(site, tmp_path / "cache") == [name]
    assert gzip.decompress((site.folder / f"{name}.gz").read_bytes()) == bytes(LARGE)

    precompress(site, tmp_path / "cache")

    assert not list(site.folder.rglob("*.gz.*"))
