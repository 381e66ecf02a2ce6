"""The command ``obscura serve``."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import socket
import sys
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obscura import places
from obscura.cli.arguments import filled, positive, rate
from obscura.cli.exits import NO_ENGINE, OK

if TYPE_CHECKING:
    from fastapi import FastAPI

    from obscura.serving.settings import Models, Settings

INSTALL = "obscura[serve]"
SHORTEST_TOKEN = 16
STOP_S = 10
"""Seconds that requests have to end in when the server is stopped."""
MOST_CONNECTIONS = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    from obscura.cli.detector import add_arguments as add_detector

    add_detector(parser)
    add = parser.add_argument_group("server").add_argument
    add(
        "--also",
        type=filled,
        action="append",
        default=[],
        metavar="NAME",
        help="a further model, which requests may name; may be repeated",
    )
    add("--host", type=filled, default="127.0.0.1", help="address (default: %(default)s)")
    add("--port", type=_port, default=8765, help="port (default: %(default)s)")
    add("--page", type=filled, metavar="DIR", help="serve the built page too")
    add("--token-file", type=filled, metavar="F", help="file with the token that requests carry")
    add(
        "--no-token",
        action="store_true",
        help="let everybody in who can reach an address that is not this machine's alone",
    )
    add(
        "--allow-host",
        type=filled,
        action="append",
        default=[],
        metavar="NAME",
        help="a further name by which the server is called; may be repeated",
    )
    add(
        "--origin",
        type=_origin,
        action="append",
        default=[],
        metavar="URL",
        help="let in pages of this origin, such as https://example.org; may be repeated",
    )
    add("--openapi", type=filled, metavar="FILE", help="write the description of the API, and end")
    _add_bounds(parser)


def _add_bounds(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("bounds").add_argument
    add("--jobs", type=positive, metavar="N", help="workers of one thread (default: one per core)")
    add("--queue", type=positive, metavar="N", help="pictures that wait (default: 4 per worker)")
    add("--most-mb", type=positive, default=32, metavar="N", help="of a body (default: 32)")
    add("--most-megapixels", type=positive, default=40, metavar="N", help="of a picture (40)")
    add("--body-seconds", type=rate, default=30.0, metavar="S", help="for a body to arrive (30)")


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f'"{text}" is not a port, 0 to 65535')
    return int(text)


def _origin(text: str) -> str:
    scheme, _, rest = text.partition("://")
    if scheme not in ("http", "https") or not rest or set(rest) & set("/?#@* "):
        raise argparse.ArgumentTypeError(f'"{text}" is not an origin such as https://example.org')
    return text.lower()


def run(arguments: argparse.Namespace) -> int:
    """Serve until the server is stopped; return 3 if the models cannot be opened."""
    app = application(arguments)
    if arguments.openapi:
        from obscura.export.formats import placed

        text = json.dumps(app.openapi(), ensure_ascii=False, indent=1) + "\n"
        remedy = "Name another file with --openapi."
        with placed(Path(arguments.openapi), whole=True, remedy=remedy) as file:
            file.write(text)
        return OK
    return serve(app, arguments)


def application(arguments: argparse.Namespace) -> FastAPI:
    """Return the application that the options describe.

    Raises:
        UsageError: the options make no sense.
        ToolMissing: the packages of the extra ``serve`` are not installed.
    """
    from obscura.extras import need

    need("fastapi", "The server is made with FastAPI", INSTALL)
    need("prometheus_client", "Counters are kept with prometheus-client", INSTALL)
    need("uvicorn", "The server runs in uvicorn", INSTALL)
    from obscura.serving.asgi import create_app

    return create_app(settings(arguments))


def serve(app: FastAPI, arguments: argparse.Namespace) -> int:
    """Serve an application that `application` made, until the server is stopped.

    Returns:
        The exit code: 3 if the models cannot be opened.

    Raises:
        UsageError: the address cannot be had.
    """
    import uvicorn

    from obscura.serving.connection import Connection

    Connection.head_s = min(Connection.head_s, arguments.body_seconds)
    Connection.take_s = arguments.body_seconds
    logging.basicConfig(level=logging.WARNING, format="obscura: %(message)s", stream=sys.stderr)
    # Of a warning for every request that is not HTTP, a log would only grow.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    logging.getLogger("uvicorn.error").addFilter(_is_fault)
    config = uvicorn.Config(
        app,
        host=arguments.host,
        port=arguments.port,
        http=Connection,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=STOP_S,
        proxy_headers=False,
    )
    return _served(uvicorn.Server(config), app.state.server.pool, arguments)


def _is_fault(record: logging.LogRecord) -> bool:
    """Return whether something is wrong: not if requests were only cut off by the server's end."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def _served(server: Any, pool: Any, arguments: argparse.Namespace) -> int:
    """Run a server to its end."""
    from obscura.cli.errors import exit_code
    from obscura.errors import ObscuraError

    def stop() -> None:
        server.should_exit = True

    pool.on_failure = stop
    with _listening(arguments.host, arguments.port) as listener:
        port = listener.getsockname()[1]
        name = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
        print(f"Serving on http://{name}:{port}", flush=True)
        server.run(sockets=[listener])
    if pool.failure is None:
        return OK
    print(f"obscura: {pool.failure}", file=sys.stderr)
    return exit_code(pool.failure) if isinstance(pool.failure, ObscuraError) else NO_ENGINE


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        UsageError: the address cannot be had.
    """
    from obscura.cli.errors import UsageError

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"The server cannot listen: {reason}",
            f"{host}, port {port}",
            remedy="Choose another --host or --port.",
        ) from None


def settings(arguments: argparse.Namespace) -> Settings:
    """Return the settings that the arguments describe.

    Raises:
        UsageError: the token or the page cannot be used, or a token is needed.
    """
    from obscura.cli.errors import UsageError
    from obscura.engine.native import cores
    from obscura.serving.settings import LOCAL, Settings

    token = _token(arguments.token_file) if arguments.token_file else None
    local = arguments.host in (*LOCAL, "::1")
    if not local and token is None and not arguments.no_token and not arguments.openapi:
        raise UsageError(
            "Others could use the server without a token",
            arguments.host,
            remedy="Add --token-file, or --no-token if that is meant.",
        )
    if arguments.page and not places.is_file(Path(arguments.page) / "index.html"):
        raise UsageError(
            "There is no page in the folder",
            arguments.page,
            remedy="Build it: python3 build.py build",
        )
    jobs = arguments.jobs or cores()
    own = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    hosts = {name.lower() for name in (*LOCAL, own, *arguments.allow_host)}
    return Settings(
        lambda: _opened(arguments),
        jobs=jobs,
        most_waiting=arguments.queue or 4 * jobs,
        hosts=frozenset(hosts),
        origins=frozenset(arguments.origin),
        token=token,
        most_bytes=arguments.most_mb << 20,
        most_held=8 * arguments.most_mb << 20,
        most_pixels=arguments.most_megapixels * 1_000_000,
        body_s=arguments.body_seconds,
        page=Path(arguments.page) if arguments.page else None,
    )


def _token(file: str) -> str:
    """Return the token that a file holds.

    Raises:
        UsageError: it cannot be read, or is too short to be one.
    """
    from obscura.cli.errors import UsageError

    try:
        token = Path(file).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise UsageError("The token cannot be read", file, remedy=f"{error}.") from None
    if len(token) < SHORTEST_TOKEN or len(token.split()) > 1:
        raise UsageError(
            f"The token is not one word of at least {SHORTEST_TOKEN} characters",
            file,
            remedy="Make one: python3 -c 'import secrets; print(secrets.token_urlsafe())'",
        )
    return token


def _opened(arguments: argparse.Namespace) -> Models:
    """Open the chosen model, and those beside it without heads, on one thread each.

    Raises:
        ObscuraError: one cannot be opened.
    """
    from obscura.cli.detector import opened

    one = copy(arguments)
    one.threads = 1
    detector = opened(one)
    models: dict[str, Any] = {detector.card.name: detector}
    one.heads = one.pipeline = one.reading = None
    for one.model in arguments.also:
        detector = opened(one)
        models[detector.card.name] = detector
    return models
