"""Runs inside Pyodide: the core's own tests, by pytest. See test_pyodide.py."""

import json
import os
import sys
import zipfile
from pathlib import Path

# The site's numpy lacks what tests want (numpy.testing): that comes from the wheel it was made of.
installed = Path(next(path for path in sys.path if path.endswith("site-packages")))
with zipfile.ZipFile(next(Path("/repository/vendor").glob("numpy-*.whl"))) as wheel:
    for name in wheel.namelist():
        ours = [installed / name, installed / f"{name}c"]
        if name.endswith((".py", ".so")) and not any(path.exists() for path in ours):
            wheel.extract(name, installed)

# pytest and what it needs are pure Python: the machine's own will do. They come last, because a
# numpy is among them.
sys.path.append("/packages")
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
os.chdir("/repository")

import pytest  # noqa: E402  (importable only now)

tests = json.loads(Path("/job/tests.json").read_text("utf-8"))
exit_code = int(pytest.main(["-q", "-p", "no:cacheprovider", "--tb=short", *tests]))
