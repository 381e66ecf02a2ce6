"""Where the page may live: under any path, on hosts that send no headers of their own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from builder.build import build

from .conftest import OpenRoom, Serve
from .hosts import nginx, python_server, stop
from .pictures import encode, sample
from .room import Room, sees_the_person, settled
from .spies import PATIENT_OF_WORKER


def test_under_a_path_and_without_isolation_all_works_on_one_thread(
    new_room: OpenRoom, serve: Serve, dist: Path
) -> None:
    address = serve(dist, "/a/b/", isolated=False).url
    room = new_room(url=address)
    asked: list[str] = []
    room.page.on("request", lambda request: asked.append(request.url))
    room.open("?threads=4")

    now = room.until_state("ready")

    assert room.page.evaluate("() => crossOriginIsolated") is False
    assert now["threads"] == 1
    assert now["backend"] == "wasm"
    assert [row["label"] for row in room.read(encode(sample()))["detections"]] == ["person"]
    room.start()
    assert len(asked) > 10
    outside = [url for url in asked if not url.startswith((address, "blob:", "data:"))]
    assert outside == []


@pytest.mark.parametrize("name", ["LICENSE", "NOTICE"])
def test_the_licence_opens_in_the_browser(new_room: OpenRoom, name: str) -> None:
    room = new_room()
    # A page of bare text names no icon, so browsers ask for one that is not there.
    room.page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    response = room.page.goto(room.url + name)

    assert response is not None
    assert response.status == 200
    assert response.headers["content-type"].startswith("text/plain")
    assert "Apache" in room.page.locator("body").inner_text()


# ---- a small matrix of hosts ---------------------------------------------------------------------

Running = AbstractContextManager[tuple[str, "subprocess.Popen[bytes]"]]


def plain(dist: Path, _folder: Path) -> Running:
    """Python's own server: no headers, no compression, no word on caching."""
    return python_server(dist)


def below(dist: Path, folder: Path) -> Running:
    """The same with the site under a path, which is asked for without its last slash."""
    (folder / "a").mkdir()
    (folder / "a" / "b").symlink_to(dist)
    return python_server(folder, "a/b")


def proper(_dist: Path, folder: Path) -> Running:
    """nginx as docs/deploy.md has it."""
    site = build(folder / "site", host="nginx").folder
    return nginx(f"root {site}; include {folder}/site.nginx.conf;", folder)


def forgetful(dist: Path, folder: Path) -> Running:
    """nginx that compresses, forbids all caching and knows few types."""
    lines = "gzip on; gzip_types *; add_header Cache-Control no-store;"
    return nginx(f"root {dist}; {lines}", folder)


def packed(_dist: Path, folder: Path) -> Running:
    """Python's own, with a site built for it; but one large file has no copy, and the others have
    nothing else."""
    site = build(folder / "site", unpack=True).folder
    copies = list(site.rglob("*.gz"))
    assert len(copies) > 10
    for copy in copies:
        (copy if "models" in copy.parts else copy.with_suffix("")).unlink()
    return python_server(site)


needs_nginx = pytest.mark.skipif(
    shutil.which("nginx") is None, reason="nginx is not installed (apt-get install nginx-light)"
)


@pytest.mark.parametrize(
    "served",
    [
        plain,
        below,
        packed,
        pytest.param(proper, marks=needs_nginx),
        pytest.param(forgetful, marks=needs_nginx),
    ],
)
def test_on_every_host_threads_photo_and_camera_and_then_without_it(
    new_room: OpenRoom, dist: Path, tmp_path: Path, served: Callable[[Path, Path], Running]
) -> None:
    with served(dist, tmp_path) as (address, running):
        room = new_room(url=address, service_workers="allow", init=PATIENT_OF_WORKER)
        room.open("?threads=2")
        assert settled(room).startswith("yes")
        assert room.page.evaluate("() => crossOriginIsolated")
        assert room.snapshot()["threads"] == 2
        sees_the_person(room)
        stop(running)

        # Under the address that the host sent it to: only there is the worker in charge.
        other = Room(room.page.context.new_page(), room.page.url).open()
        other.until_state("ready")
        assert other.page.evaluate("() => crossOriginIsolated")
        sees_the_person(other)
