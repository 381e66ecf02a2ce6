// Compiles Python to bytecode with the very interpreter that will run it: Pyodide, here under Node.
//
//   node compile.mjs PYODIDE_FOLDER WORK_FOLDER
//
// WORK_FOLDER/jobs.json lists [source, shown, target, optimize]: two paths below WORK_FOLDER, the file name that
// tracebacks show, and Python's optimisation level (2 drops docstrings and asserts).

import { pathToFileURL } from "node:url";

const [pyodideFolder, workFolder] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${pyodideFolder}/pyodide.mjs`));

// A fixed hash seed: the order of sets must not reach the bytecode.
const pyodide = await loadPyodide({ env: { PYTHONHASHSEED: "0" } });
pyodide.FS.mkdir("/work");
pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: workFolder }, "/work");
pyodide.runPython(`
import json, os, py_compile

with open("/work/jobs.json", encoding="utf-8") as file:
    jobs = json.load(file)
for source, shown, target, optimize in jobs:
    os.makedirs(os.path.dirname(f"/work/{target}"), exist_ok=True)
    # Unchecked: a visit neither looks for the source nor compares with it.
    py_compile.compile(
        f"/work/{source}", f"/work/{target}", shown, doraise=True, optimize=optimize,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
`);
