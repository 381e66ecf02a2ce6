"""The application of `obscura serve` on Ray Serve, with as many replicas as there is work for.

    serve run obscura.serving.ray_serve:app options="--model cocossd" most_replicas=8

A replica is a process with a queue, bounds and models of its own, as a server is. docs/server.md
says which arguments there are.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Mapping
from shlex import split
from typing import TYPE_CHECKING, Any, NoReturn

from obscura.batch.cluster import joined
from obscura.cli import serve as command
from obscura.cli.arguments import checked, positive
from obscura.cli.errors import UsageError
from obscura.cli.parser import Parser
from obscura.extras import need
from obscura.suggest import suggestion

if TYPE_CHECKING:
    from fastapi import FastAPI

INSTALL = "obscura[ray-serve]"
STORE_BYTES = 512 << 20
"""Memory for pictures between the processes of a cluster that is started here."""
AT_ONCE = command.MOST_CONNECTIONS
"""Requests that a replica has at a time. Far more than it lets wait for a worker: those beyond
get a 429, and bodies that arrive slowly keep nobody out."""
QUEUED = 64
"""Requests that wait to be handed to a replica: in the moment in which they come, or because all
have as many as they may."""
_seconds = checked(float, lambda value: 0 <= value <= 86_400, "a number of seconds")
KINDS: dict[str, tuple[Callable[[str], Any], Any]] = {
    "options": (str, ""),
    "fewest_replicas": (positive, 1),
    "most_replicas": (positive, 4),
    "up_after_s": (_seconds, 3.0),
    "down_after_s": (_seconds, 60.0),
}
"""Arguments: the type of each, and its value if it is not given."""


class _Options(Parser):
    """Parser of options that are part of a larger command."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(message, remedy="See obscura serve --help.")


class _Replica:
    """The application in one process."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._pool: Any = None
        _stay_private()

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Return the application; called here, as it has locks, which cannot be sent."""
        from obscura.serving.asgi import create_app

        app = create_app(command.settings(self._arguments))
        self._pool = app.state.server.pool
        return app

    async def check_health(self) -> None:
        """Wait until the models are open, as nobody is sent here before.

        Raises:
            ObscuraError: they cannot be opened.
        """
        while not self._pool.ready:
            if self._pool.failure is not None:
                raise self._pool.failure
            await asyncio.sleep(0.05)


def app(arguments: Mapping[str, Any]) -> Any:
    """Return the application for `serve run`, `serve deploy` and ``ray.serve.run``.

    Where this process is in no cluster yet it joins the one of ``serve run --address``, or starts
    one that nobody else reaches, with Serve at the ``--host`` and the ``--port`` of the options.

    Args:
        arguments: strings or numbers by their names in ``KINDS``; ``options`` are those of
            ``obscura serve``, as they are typed.

    Raises:
        UsageError: an argument or option makes no sense.
        ToolMissing: Ray Serve is not installed.
        ObscuraError: a model cannot be opened, or the cluster is not there.
    """
    table = _table(arguments)
    options = _parsed(table["options"])
    settings = command.settings(options)
    serve = need("ray.serve", "The application runs on Ray Serve", INSTALL)
    for each in settings.open_models().values():
        each.close()
    _begin(serve, options)
    deployment = serve.deployment(
        name="obscura",
        ray_actor_options={"num_cpus": settings.jobs},
        max_ongoing_requests=AT_ONCE,
        max_queued_requests=QUEUED,
        backpressure_config={"status_code": 429, "retry_after_s": 1},
        logging_config={"enable_access_log": False, "log_level": "WARNING"},
        autoscaling_config={
            "min_replicas": table["fewest_replicas"],
            "max_replicas": table["most_replicas"],
            # One picture that is looked at and one that waits, for each worker.
            "target_ongoing_requests": 2 * settings.jobs,
            "upscale_delay_s": table["up_after_s"],
            "downscale_delay_s": table["down_after_s"],
            "metrics_interval_s": 1.0,
            "look_back_period_s": 5.0,
        },
    )
    return deployment(serve.ingress()(_Replica)).bind(options)


def _table(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return all arguments, those that are not given too.

    Raises:
        UsageError: there is no such argument, or its value is out of range.
    """
    for name in arguments:
        if name not in KINDS:
            raise UsageError("There is no such argument", name, remedy=suggestion(name, KINDS))
    table = {name: default for name, (_, default) in KINDS.items()}
    for name, value in arguments.items():
        try:
            table[name] = KINDS[name][0](str(value))
        except argparse.ArgumentTypeError as error:
            raise UsageError(f"{name}: {error}", remedy="See docs/server.md.") from None
    if table["fewest_replicas"] > table["most_replicas"]:
        raise UsageError("fewest_replicas are more than most_replicas", remedy="Raise those.")
    return table


def _parsed(text: str) -> argparse.Namespace:
    """Return the options of ``obscura serve`` that a text has, with one worker if it has none.

    Raises:
        UsageError: they make no sense.
    """
    parser = _Options(prog="options", add_help=False)
    command.add_arguments(parser)
    try:
        words = split(text)
    except ValueError as error:
        raise UsageError(f"The options cannot be read: {error}", text) from None
    parser.check_options(words)
    options = parser.parse_args(words)
    if options.openapi:
        raise UsageError("--openapi starts no server", remedy="Leave it out.")
    options.jobs = options.jobs or 1
    return options


def _begin(serve: Any, options: argparse.Namespace) -> None:
    """Join a cluster and start Serve there, unless this process is in one."""
    ray = need("ray", "The application runs on Ray Serve", INSTALL)
    if ray.is_initialized():
        return
    click = need("click", "Ray Serve reads its command line with it", INSTALL)
    running = click.get_current_context(silent=True)  # that of `serve run`, if it called us
    joined(running and running.params.get("address"), STORE_BYTES)
    serve.start(http_options={"host": options.host, "port": options.port})


def _stay_private() -> None:
    """Have a replica listen to others on this machine alone, where its node does.

    Ray Serve has no option for it, and would have it listen at all addresses.
    """
    ray = need("ray", "The application runs on Ray Serve", INSTALL)
    own = ray.util.get_node_ip_address()
    if own != "127.0.0.1":
        return
    replica = need("ray.serve._private.replica", "The application runs on Ray Serve", INSTALL)
    listen = replica.add_port_to_grpc_server
    replica.add_port_to_grpc_server = lambda server, _everywhere: listen(server, f"{own}:0")
