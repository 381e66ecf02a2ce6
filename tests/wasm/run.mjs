// Runs a Python file in the site's own Python, under Node.
//
//   node run.mjs PYODIDE STDLIB SCRIPT [PLACE=FOLDER ...]
//
// PYODIDE is the built site's folder of it, STDLIB a standard library (the site's, or npm's whole
// one); each FOLDER of this machine appears as PLACE. The exit code is the script's variable
// `exit_code`, where it sets one.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [pyodideFolder, stdLibURL, script, ...places] = process.argv.slice(2);

// The page's own way of joining the halves of Python's module; Node would take the file for a script.
const joining = readFileSync(new URL("../../assets/common/halves.js", import.meta.url), "utf8");
const { prepare } = await import(`data:text/javascript,${encodeURIComponent(joining)}`);
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (source, imports) => {
  const made = await instantiate(source, imports);
  if ("halves:1:0" in (made.instance?.exports ?? {})) {
    const rest = readFileSync(`${pyodideFolder}/pyodide.rest.wasm`);
    prepare(made.instance.exports, imports, () => new WebAssembly.Module(rest));
  }
  return made;
};

const { loadPyodide } = await import(pathToFileURL(`${pyodideFolder}/pyodide.mjs`));
const pyodide = await loadPyodide({
  indexURL: pyodideFolder,
  stdLibURL,
  packages: ["numpy"],
  env: { HOME: "/home/pyodide", PYTHONDONTWRITEBYTECODE: "1" },
});
for (const place of places) {
  const [path, folder] = place.split(/=(.*)/s);
  pyodide.FS.mkdirTree(path);
  pyodide.mountNodeFS(path, folder);
}
try {
  pyodide.runPython(readFileSync(script, "utf8"), { filename: script });
  process.exitCode = pyodide.globals.get("exit_code") ?? 0;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
