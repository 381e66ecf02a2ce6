#!/usr/bin/env python3
"""Build, serve and test Obscura: ``python3 build.py --help``.

Needs Python 3.11 with its standard library, and Node with npm. The work is done in
``tools/builder``; the benchmark's commands are in ``bench/speed``.
"""

import os
import sys

if sys.version_info < (3, 11):
    sys.exit(
        "build.py: Python %d.%d is too old: run it with Python 3.11 or later."
        % sys.version_info[:2]
    )

# The one place that makes the repository importable: it starts on a Python in which nothing is
# installed. Tools and benchmarks run through it (``build.py run``).
ROOT = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(ROOT, folder) for folder in ("py", "tools", "bench")]

from builder.commands import main  # noqa: E402  (importable from here on)
from speed.arguments import add_commands  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], add_commands))
