// Downloads: begun before Python asks for them, counted, and reported where Pyodide would hang.

import { absolute } from "../common/page.js";
import { fail } from "./notice.js";
import { expect, fromCache, parts, receive } from "./progress.js";

// Pyodide waits for ever for a part of its own that does not arrive.
const report = (url, why) => parts.get(url)?.stage === "python" && fail("python", `${url}: ${why}`);

const originalFetch = globalThis.fetch.bind(globalThis);

globalThis.fetch = async (resource, options) => {
  const url = absolute(resource.url ?? resource);
  try {
    const response = await originalFetch(resource, options);
    if (!response.ok) report(url, response.status);
    else if (parts.has(url) && !fromCache) count(url, response.clone().body.getReader());
    return response;
  } catch (error) {
    report(url, error);
    throw error;
  }
};

async function count(url, reader) {
  expect(url);
  let bytes = 0;
  receive(url, bytes);
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      bytes += chunk.value.length;
      receive(url, bytes);
    }
    if (bytes !== parts.get(url).bytes) report(url, "cut off");
  } catch (error) {
    report(url, error); // the caller's own copy fails too; for other parts, the caller reports that
  }
}

// If its wasm fails to compile, Pyodide only logs it and then hangs.
const { instantiateStreaming } = WebAssembly;
WebAssembly.instantiateStreaming = (...args) => {
  const instance = instantiateStreaming(...args);
  instance.catch((error) => error instanceof WebAssembly.CompileError && fail("python", String(error)));
  return instance;
};

const early = new Map(); // downloads that were begun before they were asked for

// Resolves to a file's bytes. An early download is handed out once, then forgotten.
export function take(url, fresh = false) {
  const begun = early.get(url);
  early.delete(url);
  return !fresh && begun ? begun : download(url, fresh);
}

export async function download(url, fresh = false, priority = "auto") {
  const response = await fetch(url, { cache: fresh ? "reload" : "default", priority });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim());
  return response.arrayBuffer();
}

// At low priority: what is needed before it must not wait behind it.
export function fetchEarly(url) {
  const promise = download(url, false, "low");
  promise.catch(() => {}); // reported when Python takes it
  early.set(url, promise);
}

// The early download of a file, which stays for Python to take.
export const earlyDownload = (url) => early.get(url);
