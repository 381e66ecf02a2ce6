"""The page from the server: the files of a built site, with the headers of the local web server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from builder import hosts, serve, site
from obscura.serving import page

from .conftest import Start, error

FILES = {
    "index.html": "<!doctype html><title>Obscura</title>",
    "LICENSE": "Apache",
    "assets/style.1a2b3c4d5e.css": "p { color: red }",
    "engine-1a2b3c4d5e/run.mjs": "export {}",
    "engine-1a2b3c4d5e/run.wasm": "wasm",
    "pyscript.toml": "x = 1",
}


@pytest.fixture(scope="module")
def browser(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a server that serves a small site and wants a token of its API."""
    folder = tmp_path_factory.mktemp("site")
    for name, text in FILES.items():
        file = folder / "dist" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (folder / "secret").write_text("secret")
    token = folder / "token"
    token.write_text("0123456789abcdef")
    served = start("--page", str(folder / "dist"), "--token-file", str(token))
    with served.client() as client:
        yield client


def test_headers_are_those_of_the_local_web_server_and_of_hosts() -> None:
    assert page.TYPES == serve.TYPES
    assert page.ISOLATION == serve.ISOLATION
    assert page.HASHED.pattern == site.HASHED.pattern
    policy = '<meta http-equiv="Content-Security-Policy" content="default-src \'self\'">'
    of_hosts = hosts.headers(policy) | {"Content-Security-Policy": hosts.FRAMES}
    nosniff = {"X-Content-Type-Options": "nosniff"}
    assert page.ISOLATION | page.PRIVATE | nosniff == of_hosts


@pytest.mark.parametrize("name", FILES)
def test_files_come_with_their_type_isolated(browser: httpx.Client, name: str) -> None:
    answer = browser.get(f"/{name}")

    assert answer.text == FILES[name]
    wanted = serve.TYPES.get(Path(name).suffix, "text/plain; charset=utf-8")
    assert answer.headers["content-type"] == wanted
    assert (page.ISOLATION | page.PRIVATE).items() <= {
        key.title(): value for key, value in answer.headers.items()
    }.items()
    assert answer.headers["x-content-type-options"] == "nosniff"
    kept = site.HASHED.search(name) is not None
    assert ("immutable" in answer.headers["cache-control"]) == kept


def test_the_page_is_at_the_root(browser: httpx.Client) -> None:
    assert browser.get("/").text == FILES["index.html"]
    assert browser.get("/").headers["cross-origin-opener-policy"] == "same-origin"


def test_a_file_that_has_not_changed_is_not_sent_again(browser: httpx.Client) -> None:
    first = browser.get("/LICENSE")

    again = browser.get("/LICENSE", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cross-origin-embedder-policy"] == "require-corp"


def test_a_part_of_a_file_can_be_asked_for(browser: httpx.Client) -> None:
    answer = browser.get("/LICENSE", headers={"Range": "bytes=1-2"})

    assert (answer.status_code, answer.text) == (206, "pa")


@pytest.mark.parametrize(
    "path", ["/none.js", "/assets", "/assets/", "/%2e%2e/secret", "/..%2fsecret"]
)
def test_nothing_else_is_served(browser: httpx.Client, path: str) -> None:
    assert error(browser.get(path)) == (404, "not-found")


def test_the_api_beside_it_keeps_its_token_and_its_headers(browser: httpx.Client) -> None:
    answer = browser.get("/v1/models")

    assert error(answer) == (401, "token")
    assert answer.headers["cache-control"] == "no-store"
