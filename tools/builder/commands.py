"""The command line of ``build.py``."""

import argparse
import runpy
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from builder import docs, own_models
from builder.build import ROOT, build
from builder.errors import BuildError
from builder.hosts import HOSTS
from builder.report import BEST, QUALITY, report
from builder.serve import open_server
from builder.site import check_base
from builder.suite import run_cluster, run_core, run_endurance, run_suite

AddCommands = Callable[[Any], None]
"""Adds commands to what `ArgumentParser.add_subparsers` returned."""


def build_and_report(out: Path, base: str, *, quality: int = QUALITY, **options: Any) -> None:
    """Build the site and print its sizes; see ``build`` for the options."""
    site = build(out, base, **options)
    print(report(site, ROOT / "build" / "cache" / "compressed", quality))
    print(f"built {out}", flush=True)


def run_build(args: argparse.Namespace) -> int:
    """Build the site."""
    build_and_report(
        args.out,
        args.base,
        host=args.host,
        compressed=args.compressed,
        unpack=args.unpack,
        share_target=args.share_target,
        fast_cpu=args.fast_cpu,
        server=args.server,
        own=args.page,
        quality=BEST if args.best else QUALITY,
    )
    return 0


def run_serve(args: argparse.Namespace) -> int:
    """Build the site and serve it until Ctrl-C."""
    base = "/" if args.base == "./" else check_base(args.base)
    # The port first, so that one in use is reported at once.
    server = open_server(args.host, args.port, args.out.resolve(), base, isolated=args.isolation)
    with server:
        build(args.out, args.base, own=args.page)
        with suppress(KeyboardInterrupt):
            print(f"serving {server.url} (Ctrl-C stops)", flush=True)
            server.serve_forever()
    return 0


def run_docs(args: argparse.Namespace) -> int:
    """Build the documentation."""
    docs.build(ROOT, args.out)
    print(f"built {args.out / 'index.html'}", flush=True)
    return 0


def run_test(args: argparse.Namespace) -> int:
    """Build the site, then lint, type-check and test."""
    if args.core:
        return run_core(ROOT, args.pytest)
    if args.cluster:
        return run_cluster(ROOT, args.pytest)
    dist = ROOT / "dist"
    build_and_report(dist, "./")
    return (run_endurance if args.endurance else run_suite)(ROOT, dist, args.pytest)


def suite_options() -> argparse.ArgumentParser:
    """Return the options of ``test`` that are not pytest's, as a parent for its parser."""
    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    which = options.add_mutually_exclusive_group()
    which.add_argument(
        "--core",
        action="store_true",
        help="only the tests that need neither Node nor a browser; takes less than a minute",
    )
    which.add_argument(
        "--endurance",
        action="store_true",
        help="only the tests of thousands of frames and hundreds of starts, which the suite leaves "
        "out",
    )
    which.add_argument(
        "--cluster",
        action="store_true",
        help="only the tests on clusters of Ray, which the suite leaves out; installs 800 MB in "
        ".venv-cluster",
    )
    return options


def run_add_model(args: argparse.Namespace) -> int:
    """Add a network of one's own to models/."""
    return own_models.add_model(ROOT, args.argv[1:])


def run_remove_model(args: argparse.Namespace) -> int:
    """Remove a model from models/."""
    own_models.remove_model(ROOT, args.name)
    print(f"removed models/{args.name}: build again, and the page no longer offers it.", flush=True)
    return 0


def run_browsers(args: argparse.Namespace) -> int:
    """Test the page in other browsers."""
    from browsers.command import run  # here, because no other command needs it

    return run(ROOT, args)


def run_script(args: argparse.Namespace) -> int:
    """Run a script of the repository as if it had been started by itself."""
    if not args.script.is_file():
        raise BuildError(
            f"there is no script {args.script}: give its path, such as tools/draw_app.py."
        )
    sys.argv = [str(args.script), *args.arguments]
    runpy.run_path(str(args.script), run_name="__main__")
    return 0


def parser(*more: AddCommands) -> argparse.ArgumentParser:
    """Return the parser; each command leaves its function in ``run``.

    Args:
        more: functions that add further commands.
    """
    whole = argparse.ArgumentParser(prog="build.py", description="Build, serve and test Obscura.")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    site = argparse.ArgumentParser(add_help=False)
    add = site.add_argument
    add("--out", type=Path, default=ROOT / "dist", help="output folder (default: dist)")
    add(
        "--base",
        default="./",
        metavar="/PATH/",
        help="the site's path on its host (default: any)",
    )
    add("--page", type=Path, metavar="FILE", help="the page.toml of your own page")

    command = commands.add_parser("build", parents=[site], help="make the folder of static files")
    add = command.add_argument
    add(
        "--best",
        action="store_true",
        help="print sizes at Brotli's best quality; takes a few minutes the first time",
    )
    add("--host", choices=HOSTS, help="also write the headers for this host (docs/deploy.md)")
    add(
        "--precompress",
        dest="compressed",
        action="store_true",
        help="also write .br and .gz files, for hosts that can send them",
    )
    add(
        "--unpack",
        action="store_true",
        help="also write .gz files that the service worker unpacks, for hosts that do not compress",
    )
    add(
        "--share-target",
        action="store_true",
        help="let the system share files to the installed app (docs/offline.md explains the risk)",
    )
    add(
        "--no-fast-cpu",
        dest="fast_cpu",
        action="store_false",
        help="leave out LiteRT, the engine that is faster on many processors (docs/deploy.md)",
    )
    add(
        "--server",
        metavar="ORIGIN",
        help="let people of this site send pictures to a server of yours, if they agree: "
        "same-origin, or https://HOST (docs/deploy.md)",
    )
    command.set_defaults(run=run_build)

    command = commands.add_parser("serve", parents=[site], help="build and serve on this machine")
    add = command.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add(
        "--port",
        type=int,
        default=8000,
        help="port to listen on, 0 for any (default: %(default)s)",
    )
    add(
        "--no-isolation",
        dest="isolation",
        action="store_false",
        help="do not send COOP and COEP, as on many hosts",
    )
    command.set_defaults(run=run_serve)

    command = commands.add_parser(
        "add-model",
        parents=[own_models.arguments()],
        help="add your own ONNX detector to models/",
        description="Add an ONNX detector to models/, sealed and checked, for the page to offer.",
    )
    command.set_defaults(run=run_add_model)

    command = commands.add_parser("remove-model", help="remove a model from models/")
    command.add_argument("name", help="name of its folder in models/")
    command.set_defaults(run=run_remove_model)

    command = commands.add_parser(
        "docs",
        help="make the documentation as a folder of static files",
        description="Make the documentation, docs/ and what docstrings say, as static files.",
    )
    docs_out = ROOT / "build" / "docs"
    command.add_argument("--out", type=Path, default=docs_out, help="default: build/docs")
    command.set_defaults(run=run_docs)

    command = commands.add_parser(
        "browsers",
        help="test the page in Firefox, WebKitGTK and Chromium, and print what works",
        description="Build, test the page in each browser that is installed, and print a table of "
        "what works.",
    )
    add = command.add_argument
    names = ("all", "firefox", "webkit", "chromium")
    add("browser", nargs="?", choices=names, default="all", help="default: %(default)s")
    add("--write", action="store_true", help="write the table to README.md")
    add("--shots", type=Path, metavar="DIR", help="save a screenshot of each step")
    command.set_defaults(run=run_browsers)

    command = commands.add_parser(
        "run",
        help="run a script of tools/ or bench/",
        description="Run a script, with py/, tools/ and bench/ importable. It runs in this Python: "
        "use .venv/bin/python for scripts that need packages.",
    )
    command.add_argument("script", type=Path, help="its path, such as bench/start.py")
    command.add_argument("arguments", nargs=argparse.REMAINDER, help="passed to the script")
    command.set_defaults(run=run_script)

    for add_commands in more:
        add_commands(commands)

    command = commands.add_parser(
        "test",
        parents=[suite_options()],
        help="build, then run every check and test except endurance",
        description="Build, then run ruff, mypy and the tests. Prints the time that the tests took "
        "and the slowest thirty.",
    )
    command.add_argument("pytest", nargs="*", help="arguments for pytest (default: every test)")
    return whole


def main(argv: list[str], *more: AddCommands) -> int:
    """Run one command and return its exit code; errors that a user can fix take one line.

    Args:
        argv: the command line, without the program's name.
        more: functions that add the commands of packages that ``tools`` does not import.
    """
    if argv[:1] == ["test"] and not {"-h", "--help"} & set(argv):
        # Not through argparse, which would take pytest's options for its own.
        args, rest = suite_options().parse_known_args(argv[1:])
        args.pytest, args.run = rest, run_test
    else:
        args = parser(*more).parse_args(argv, argparse.Namespace(argv=argv))
    # SIGTERM acts like Ctrl-C, so that unfinished files are deleted.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        result: int = args.run(args)
    except BuildError as error:
        print(f"build.py: {error}", file=sys.stderr, flush=True)
        return 1
    except OSError as error:
        wrong = f"{error.strerror} ({error.filename})" if error.filename else str(error)
        print(f"build.py: {wrong}: fix that and run it again.", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("build.py: stopped.", file=sys.stderr, flush=True)
        return 130
    return result
