"""Addresses of this machine and of local networks, about which browsers ask people. Pure Python.

A page of the public internet that asks such an address says so beforehand, and Chrome asks the
person ("Local Network Access").
"""

from __future__ import annotations

import re

LOOPBACK = re.compile(r"localhost|.*\.localhost|127(\.\d+){3}|::1")
LOCAL = re.compile(
    r".*\.local|10(\.\d+){3}|192\.168(\.\d+){2}|169\.254(\.\d+){2}"
    r"|172\.(1[6-9]|2\d|3[01])(\.\d+){2}|f[cd][\da-f]{2}:.*|fe80:.*"
)


def address_space(host: str, page: str) -> str | None:
    """Return what a request to a host declares: "loopback", "local", or None for nothing.

    Args:
        host: name or address of the server, without a port.
        page: of the page, with or without a port. One that is as near itself need not declare it.
    """
    near = _space(host)
    own = _space(page.rpartition(":")[0] if re.search(r":\d+$", page) else page)
    return None if near == own or own == "loopback" else near


def _space(host: str) -> str | None:
    name = host.strip("[]")
    if LOOPBACK.fullmatch(name):
        return "loopback"
    return "local" if LOCAL.fullmatch(name) else None
