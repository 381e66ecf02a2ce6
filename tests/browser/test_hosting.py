"""Where the page may live: under any path, on hosts that send no headers of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import OpenRoom, Serve
from .pictures import encode, sample


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
