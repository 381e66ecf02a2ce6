// Pyodide and PyScript, loaded before PyScript asks for the first of them.

import { absolute, build, mark } from "../common/page.js";
import { expectHalves, keepFetchingRest } from "../common/halves.js";
import { preparePyScript } from "../common/pyscript.js";
import { messageOf } from "../common/notice.js";
import { fail } from "./notice.js";

// A module that does not arrive is asked for once more under another name, because browsers remember
// failures.
export const load = (url) => import(absolute(url)).catch(() => import(`${absolute(url)}?again`));

export const python = {}; // read by assets/interpreter.js

// `died` is called, with the reason in words, if Python cannot go on because its second half is out of reach.
export function startPython(died) {
  addLinks(build.python.modules, { rel: "modulepreload" });
  expectHalves(absolute(build.python.rest), died);
  const url = absolute(build.python.module);
  python.module = load(url);
  python.ready = python.module.then(({ loadPyodide }) =>
    loadPyodide({ indexURL: new URL(".", url).href, packages: build.python.packages }),
  );
  // PyScript, which waits for it, reports errors.
  python.ready.then(() => mark("python"), () => {});
  // Safari's workers do not see the request of a thread that waits: without a connection, none may.
  if (!navigator.onLine) python.ready.then(keepFetchingRest, () => {});
  addLinks(build.python.files, { rel: "preload", as: "fetch", crossOrigin: "" });
}

// Resolves once PyScript has been loaded and prepared, or has been reported as failed.
export const startPyScript = () =>
  preparePyScript(load).catch((error) => fail("python", messageOf(error)));

// Have files downloaded that Pyodide and PyScript will ask for one after another.
function addLinks(urls, attributes) {
  for (const url of urls) document.head.append(Object.assign(document.createElement("link"), { href: url, ...attributes }));
}
