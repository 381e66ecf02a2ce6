#!/usr/bin/env python3
"""Add a model: the part of ``build.py add-model`` that needs numpy and ONNX."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from builder.own_models import arguments
from modelkit.adding import Wish, add
from modelkit.errors import ConversionError
from obscura.errors import ObscuraError

ROOT = Path(__file__).resolve().parents[1]

LONGEST = 600  # characters of an error message; runtimes can be verbose


def main(argv: Sequence[str] | None = None, models: Path = ROOT / "models") -> int:
    """Run the command line and return the exit status. Errors that a user can fix take one line."""
    parser = argparse.ArgumentParser(prog="build.py add-model", parents=[arguments()])
    options = vars(parser.parse_args(argv))
    models = options.pop("models") or models
    wish = Wish(**options)
    try:
        models.mkdir(parents=True, exist_ok=True)
        add(wish, models, lambda line: print(line, flush=True))
    except (ConversionError, ObscuraError) as error:
        return _complain(str(error))
    except OSError as error:
        wrong = f"{error.strerror} ({error.filename})" if error.filename else str(error)
        return _complain(f"{wrong}: fix that and run it again.")
    except KeyboardInterrupt:
        return 130  # build.py reports it
    return 0


def _complain(text: str) -> int:
    line = " ".join(text.split())
    line = line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."
    print(f"build.py: {line}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
