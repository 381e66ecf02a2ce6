"""What is said of a server, and what a request to it declares."""

from __future__ import annotations

import pytest

from obscura.engine.remote import Refusal
from obscura.page.features.remote import words
from obscura.page.features.remote.near import address_space


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_is_a_sentence(refusal: Refusal) -> None:
    sentence = words.refused(refusal, "example.org")

    assert sentence.endswith(".")
    assert "{" not in sentence


def test_a_sentence_about_this_sites_server_begins_with_a_capital() -> None:
    assert words.refused(Refusal.GONE, words.SAME) == "This site's server doesn't answer."
    assert words.refused(Refusal.GONE, "example.org") == "example.org doesn't answer."


def test_what_was_sent_is_told() -> None:
    assert words.sent(0, 0) == "0 bytes"
    assert words.sent(360_000, 1) == "0.4 MB, 1 picture"
    assert words.sent(720_000, 2) == "0.7 MB, 2 pictures"


@pytest.mark.parametrize(
    ("host", "page", "space"),
    [
        ("example.org", "example.org", None),
        ("localhost", "example.org", "loopback"),
        ("127.0.0.1", "example.org", "loopback"),
        ("::1", "example.org", "loopback"),
        ("localhost", "localhost:8000", None),
        ("192.168.1.20", "example.org:8443", "local"),
        ("10.0.0.3", "example.org", "local"),
        ("172.16.0.1", "example.org", "local"),
        ("172.32.0.1", "example.org", None),
        ("box.local", "example.org", "local"),
        ("192.168.1.20", "192.168.1.30", None),
        ("192.168.1.20", "127.0.0.1:8000", None),
        ("localhost", "192.168.1.30", "loopback"),
        ("fd00::1", "[2001:db8::1]:443", "local"),
        ("localhost", "[::1]:8000", None),
    ],
)
def test_what_a_request_declares(host: str, page: str, space: str | None) -> None:
    assert address_space(host, page) == space
