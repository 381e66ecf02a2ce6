"""Compile, inside Pyodide, ``/job/jobs.json`` with the interpreter that will run the result.

Each job is ``[source, shown, target, optimize]``: two paths below ``/job``, the file name that
tracebacks show, and Python's optimisation level (2 drops docstrings and asserts).
"""

import json
import py_compile
from pathlib import Path

for source, shown, target, optimize in json.loads(Path("/job/jobs.json").read_text("utf-8")):
    Path("/job", target).parent.mkdir(parents=True, exist_ok=True)
    py_compile.compile(
        f"/job/{source}",
        f"/job/{target}",
        shown,
        doraise=True,
        optimize=optimize,
        # Unchecked: a visit neither looks for the source nor compares it.
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
