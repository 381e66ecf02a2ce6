// Runs a Python file inside Pyodide, under Node: the interpreter of the page, without a browser.
//
//   node run.mjs PYODIDE_FOLDER JOB_FOLDER SCRIPT [STDLIB]
//
// JOB_FOLDER is mounted at /job. STDLIB replaces the standard library that npm's pyodide brings.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [pyodideFolder, jobFolder, script, stdLibURL] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${pyodideFolder}/pyodide.mjs`));

// A fixed hash seed: the order of sets must not reach what is made here.
const pyodide = await loadPyodide({ env: { PYTHONHASHSEED: "0", PYTHONNODEBUGRANGES: "1", HOME: "/home/pyodide" }, stdLibURL });
pyodide.FS.mkdir("/job");
pyodide.mountNodeFS("/job", jobFolder);
try {
  pyodide.runPython(readFileSync(script, "utf8"), { filename: script });
} catch (error) {
  console.error(error.message); // Python's own; Node would print a page of Pyodide's source before it
  process.exitCode = 1;
}
