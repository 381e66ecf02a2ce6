#!/usr/bin/env python3
"""Build, serve and test Obscura: ``python3 build.py --help``.

Needs Python 3.11 with its standard library, and Node with npm. The work is in ``tools/builder``.
"""

import os
import sys

if sys.version_info < (3, 11):
    sys.exit(
        "build.py: Python %d.%d is too old: run it with Python 3.11 or later."
        % sys.version_info[:2]
    )

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "tools"))

from builder.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
