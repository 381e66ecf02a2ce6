"""Runs inside Pyodide: uses all of the Python that the site ships. See test_pyodide.py."""

import importlib
import importlib.util
import json
import shutil
import sys
import traceback
import zipfile
from pathlib import Path

# As PyScript does with the page's files.
first = next(Path("/site/py").glob("obscura.*.zip"))
rest = next(Path("/site/py").glob("obscura-rest.*.zip"))
shutil.unpack_archive(first, "/home/pyodide")
sys.path.insert(0, "/home/pyodide")


def modules(archive, leave_out=()):
    """Return the modules that the files of an archive hold."""
    with zipfile.ZipFile(archive) as file:
        names = [name for name in file.namelist() if name.endswith((".py", ".pyc"))]
    stems = [name.rpartition(".")[0] for name in names if "__pycache__" not in name]
    dotted = {stem.removesuffix("/__init__").replace("/", ".") for stem in stems}
    return sorted(name for name in dotted if not name.startswith(leave_out))


def imported(names):
    """Import modules; return those that failed, and how."""
    failed = {}
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001  (all of them are reported)
            failed[name] = repr(error)
    return failed


def is_found(name):
    """Whether a module could be imported, without importing it: some need a browser."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False  # nor is its package there


def late_modules(archive):
    """Return our modules that have their bytecode in the archive that comes late."""
    with zipfile.ZipFile(archive) as file:
        names = [name for name in file.namelist() if name.startswith("obscura/")]
    code = [name.split(".")[0] for name in names if name.endswith(".pyc")]
    dotted = {stem.replace("__pycache__/", "").replace("/", ".") for stem in code}
    return sorted(name.removesuffix(".__init__") for name in dotted)


pyodide = next(Path("/site").glob("pyodide-*"))
browser_only = ("obscura.page", "obscura.engine.web")
report = {
    "numpy": modules(next(pyodide.glob("numpy-*.whl"))),
    "obscura": modules(first, browser_only),
    "stdlib": modules(pyodide / "python_stdlib.zip"),
}
report["failed"] = {kind: imported(names) for kind, names in report.items()}
late = late_modules(rest)
report["found too early"] = [name for name in late if is_found(name)]
# Only now, as the page does (page/browser/late.py): what came before had to do without.
shutil.unpack_archive(rest, "/home/pyodide")
importlib.invalidate_caches()
report["never found"] = [name for name in late if not is_found(name)]
report["late"] = late
report["rest"] = sorted(set(modules(rest, browser_only)) - set(report["obscura"]))
report["failed"]["rest"] = imported(report["rest"])

np = importlib.import_module("numpy")
boxes = importlib.import_module("obscura.boxes")
xyxy = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30]], np.float32)
report["kept"] = boxes.nms(xyxy, np.array([0.9, 0.8, 0.7], np.float32), 0.5).tolist()
report["cached"] = {
    name: Path(sys.modules[name].__spec__.cached).is_file()
    for name in [*report["obscura"], *report["rest"]]
}
try:
    boxes.nms(None, None, None)
except Exception:  # noqa: BLE001  (whatever it raises, its traceback is what is looked at)
    report["traceback"] = traceback.format_exc()

Path("/job/report.json").write_text(json.dumps(report), "utf-8")
