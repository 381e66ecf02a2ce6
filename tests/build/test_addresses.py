"""No part of the site loads anything from elsewhere: every address that names a host is known.

What may not be fetched is also forbidden by the page's security policy; this finds it beforehand,
also in what a new version of a package brings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TEXT = {".js", ".mjs", ".html", ".css", ".json", ".svg", ".py", ".webmanifest"}
ADDRESS = re.compile(r"(?:https?|wss?|ftp)://[^\s\"'`<>)\\,;]*")
FETCHED = re.compile(
    r"""\b(?:src|href|srcset|poster|action)\s*=\s*["']?//
      | url\(\s*["']?//
      | \b(?:import|from|fetch|importScripts|Worker|open)\s*\(?\s*["'`]//""",
    re.VERBOSE,
)
"""Where an address without a scheme would be fetched from another host."""

# Which file, what it mentions, and why that is never fetched.
MENTIONED = (
    (r"\.svg$", r"http://www\.w3\.org/2000/svg", "the name of a namespace"),
    (r"sbom\.cdx\.json", r"http://cyclonedx\.org/schema/.*", "the name of a format"),
    (r"ort/", r"https://web\.dev/cross-origin-isolation-guide/", "in a warning, to be read"),
    (r"ort\.webgl", r"http://www\.apache\.org/licenses/LICENSE-2\.0", "in a licence's head"),
    (r"assets/media\.js", r"https://mozilla\.org/MPL/2\.0/\.", "in a licence's head"),
    (
        r"assets/media\.js",
        r"https://(aomediacodec\.github\.io|www\.w3\.org|www\.webmproject\.org)/.*",
        "formats' definitions, in messages, to be read",
    ),
    (r"pyodide\.asm", r"wss?://", "Emscripten's sockets, which no Python here opens"),
    (r"pyodide\.asm", r"https://\$\{t\}", "completes a host in a package's address; we name none"),
    (
        r"pyodide\.mjs",
        r"https://cdn\.jsdelivr\.net/pyodide/v\$\{\w+\}/full/",
        "where packages come from that are not beside it; the lock lists numpy alone, which is",
    ),
    (
        r"pyscript/core",
        r"https://cdn\.jsdelivr\.net/(npm/@micropython|pyodide)/.*",
        "interpreters of pages that name none; ours name their own",
    ),
    (r"pyscript/core", r"http://0\.0\.0\.0.*", "compared with the page's own address"),
    (
        r"pyscript/core",
        r"https://(micropython\.org/pi/v2|raw\.githubusercontent\.com/)",
        "MicroPython's installer, which Pyodide does not run",
    ),
    (r"pyscript/core", r"https?://", "compared with the beginnings of addresses"),
    (
        r"pyscript/core",
        r"https://(developer\.mozilla\.org|docs\.pyscript\.net|pyscript\.github\.io|github\.com"
        r"|packages\.pyscript\.net)/.*",
        "in messages, to be read",
    ),
)


def texts(dist: Path) -> Iterator[tuple[str, str]]:
    """Yield every text of a site: its name without hashes, and what it says."""
    for path in sorted(dist.rglob("*")):
        if path.suffix in TEXT:
            name = re.sub(r"[.-][0-9a-f]{10}(?=[./])", "", path.relative_to(dist).as_posix())
            yield name, path.read_text(encoding="utf-8")


def is_known(name: str, address: str) -> bool:
    """Tell whether an address is on the list."""
    return any(
        re.search(file, name) and re.fullmatch(mention, address) for file, mention, _ in MENTIONED
    )


def test_every_address_of_another_host_is_known(dist: Path) -> None:
    found = {(name, address) for name, text in texts(dist) for address in ADDRESS.findall(text)}
    assert len(found) > 10, "the search finds what it is to find"
    assert sorted(each for each in found if not is_known(*each)) == []


def test_the_list_holds_nothing_that_is_gone(dist: Path) -> None:
    found = {(name, address) for name, text in texts(dist) for address in ADDRESS.findall(text)}
    unused = [
        mention
        for file, mention, _ in MENTIONED
        if not any(re.search(file, name) and re.fullmatch(mention, it) for name, it in found)
    ]
    assert unused == []


def test_no_address_leaves_its_scheme_to_the_page(dist: Path) -> None:
    found = [(name, match[0]) for name, text in texts(dist) for match in FETCHED.finditer(text)]
    assert found == []


def test_our_own_files_name_no_other_host_at_all(dist: Path) -> None:
    """Nothing is excused there but the names of namespaces. (A library is joined into media.js.)"""
    ours = re.compile(r"^(assets/(?!media\.).*\.(js|css)|[\w-]+\.html|py/.*\.py|sw\.js)$")
    named = [name for name, _ in texts(dist) if ours.match(name)]
    assert {"index.html", "sw.js", "assets/boot.js", "assets/engine.js"} <= set(named)
    assert [
        (name, address)
        for name, text in texts(dist)
        if ours.match(name)
        for address in ADDRESS.findall(text)
    ] == []


@pytest.mark.parametrize(
    "line",
    [
        'fetch("//example.org/x")',
        'import x from "//example.org/x.js"',
        "import('//example.org/x.js')",
        '<img src="//example.org/x">',
        "@import url(//example.org/x.css)",
    ],
)
def test_the_search_finds_addresses_without_a_scheme(line: str) -> None:
    assert FETCHED.search(line)
