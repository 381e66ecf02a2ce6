"""Runs inside Pyodide: finds which files of the standard library a page comes to load.

Imports every module named in ``/work/imports.json``, from the standard library or from
``/work/site``, then writes to ``/work/loaded.json`` which files of the standard library are loaded.
What the interpreter needed to start is among them, less what it has frozen into itself.
"""

import importlib
import json
import sys
from pathlib import Path

sys.path.insert(0, "/work/site")
for name in json.loads(Path("/work/imports.json").read_text("utf-8")):
    importlib.import_module(name)

stdlib = next(path for path in sys.path if path.endswith(".zip")) + "/"
origins = [getattr(module.__spec__, "origin", None) for module in sys.modules.values()]
loaded = {origin.removeprefix(stdlib) for origin in origins if origin and origin.startswith(stdlib)}
Path("/work/loaded.json").write_text(json.dumps(sorted(loaded)), "utf-8")
