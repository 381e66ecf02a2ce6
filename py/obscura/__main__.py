"""``python3 -m obscura``: see :mod:`obscura.cli`."""

import sys

from obscura.cli import main

sys.exit(main())
