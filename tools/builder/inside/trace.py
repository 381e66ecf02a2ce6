"""Find, inside Pyodide, which files of the standard library a page loads.

Imports every module named in ``/job/imports.json``, from the standard library or from
``/job/site``, then writes to ``/job/loaded.json`` which files of the standard library are loaded.
Those that the interpreter needed to start are included, except modules frozen into it.
"""

import importlib
import json
import sys
from pathlib import Path

sys.path.insert(0, "/job/site")
for name in json.loads(Path("/job/imports.json").read_text("utf-8")):
    importlib.import_module(name)

stdlib = next(path for path in sys.path if path.endswith(".zip")) + "/"
origins = [getattr(module.__spec__, "origin", None) for module in sys.modules.values()]
loaded = {origin.removeprefix(stdlib) for origin in origins if origin and origin.startswith(stdlib)}
Path("/job/loaded.json").write_text(json.dumps(sorted(loaded)), "utf-8")
