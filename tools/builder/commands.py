"""The command line of ``build.py``."""

import argparse
import sys
from pathlib import Path

from builder.build import ROOT, build
from builder.errors import BuildError
from builder.serve import open_server
from builder.site import check_base


def run_build(args: argparse.Namespace) -> int:
    """Build the site and say how large it is."""
    build(args.out, args.base)
    print(f"built {args.out}", flush=True)
    return 0


def run_serve(args: argparse.Namespace) -> int:
    """Build the site and serve it until Ctrl-C."""
    base = "/" if args.base == "./" else args.base
    # The port first: a taken one is told at once.
    with open_server(
        args.host, args.port, args.out.resolve(), check_base(base), isolated=args.isolation
    ) as server:
        run_build(args)
        print(f"serving {server.url} (Ctrl-C stops)", flush=True)
        server.serve_forever()
    return 0


def main(argv: list[str]) -> int:
    """Run one command and return its exit code; what a user can mend is said in one line."""
    parser = argparse.ArgumentParser(prog="build.py", description="Build, serve and test Obscura.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    site = argparse.ArgumentParser(add_help=False)
    site.add_argument(
        "--out", type=Path, default=ROOT / "dist", help="the folder to make (default: dist)"
    )
    site.add_argument(
        "--base", default="./", metavar="/PATH/", help="the site's path on its host (default: any)"
    )
    command = commands.add_parser("build", parents=[site], help="make the folder of static files")
    command.set_defaults(run=run_build)
    command = commands.add_parser("serve", parents=[site], help="build, then serve on this machine")
    command.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)"
    )
    command.add_argument("--port", type=int, default=8000, help="port to listen on (default: 8000)")
    command.add_argument(
        "--no-isolation",
        dest="isolation",
        action="store_false",
        help="leave COOP and COEP out, as many hosts do",
    )
    command.set_defaults(run=run_serve)
    args = parser.parse_args(argv)
    try:
        result: int = args.run(args)
    except BuildError as error:
        print(f"build.py: {error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("build.py: stopped.", file=sys.stderr, flush=True)
        return 130
    return result
