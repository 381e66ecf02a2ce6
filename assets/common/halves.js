// Python's wasm module comes in two halves (tools/builder/halves.py): the first has what a start runs.
// It starts without the second, which is fetched when `keepFetchingRest` is called. If a function of it
// is called before it has arrived, the thread waits for it, which is marked in the browser's timeline.

// (module (import "" "load" (func)) (import "" "table" (table 1 funcref)) (elem (i32.const 0) func 0))
const ENTER = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 20, 2, 0, 4, 108, 111, 97, 100, 0, 0, 0, 5, 116, 97, 98, 108,
  101, 1, 112, 0, 1, 9, 7, 1, 0, 65, 0, 11, 1, 0,
]);

let joined = false; // the page's own halves

// Have the first half get the second from `compileNow` if it must not go on without. Returns a function
// that joins both, given the second, compiled. `exports` and `imports` are those of the first.
export function prepare(exports, imports, compileNow) {
  let done = false;
  const join = (rest) => {
    if (done) return;
    new WebAssembly.Instance(rest, { ...imports, halves: exports });
    joined = done = true;
  };
  const load = () => join(compileNow());
  // The table that both share is the last.
  const table = exports[Object.keys(exports).findLast((name) => name.startsWith("halves:1:"))];
  new WebAssembly.Instance(new WebAssembly.Module(ENTER), { "": { load, table } });
  return join;
}

// A file's bytes, with the thread waiting for them. XMLHttpRequest can do so only for text.
function readNow(url) {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.overrideMimeType("text/plain; charset=x-user-defined");
  request.send();
  if (request.status !== 200) throw new Error(`status ${request.status}`);
  const text = request.responseText;
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

const TRIES = 2;
const TRY_MS = 60_000; // slow connections need half of it
const PAUSES_MS = [2_000, 10_000, 60_000]; // between the attempts of `keepFetchingRest`

let address; // of the second half
let join; // once the first is there
let trying = null; // an attempt that is under way

// Whether nothing of Python is missing; true as well for a module that is not divided.
const isWhole = () => joined || !join;

// Expect the first half to be instantiated. `failed` is called, with the reason in words, if Python
// cannot go on because the second is out of reach.
export function expectHalves(url, failed) {
  address = url;
  const { instantiate, instantiateStreaming } = WebAssembly;
  const meet = async (instance, imports) => {
    const { exports } = instance;
    if (!("halves:1:0" in exports)) return;
    join = prepare(exports, imports, () => compileNow(failed));
    if (passesWorkerBy()) await fetchRest().catch(() => {}); // a call of it tries once more
  };
  WebAssembly.instantiate = async (source, imports) => {
    const made = await instantiate(source, imports);
    await meet(made.instance ?? made, imports); // given a module, it returns the instance alone
    return made;
  };
  WebAssembly.instantiateStreaming = async (source, imports) => {
    const response = await source;
    // Pyodide would wait for ever.
    if (!streams(response)) return WebAssembly.instantiate(await response.arrayBuffer(), imports);
    const made = await instantiateStreaming(response, imports);
    await meet(made.instance, imports);
    return made;
  };
}

// WebKit does not ask the service worker for what a thread waits for: without a network there would be nothing.
const passesWorkerBy = () => navigator.vendor.startsWith("Apple") && Boolean(navigator.serviceWorker?.controller);

// Some hosts serve .wasm as another type, which browsers compile only once all bytes are there.
const streams = (response) => response.headers.get("Content-Type")?.trim().toLowerCase() === "application/wasm";

function compileNow(failed) {
  performance.mark("obscura:waited-for-rest");
  for (let left = TRIES - 1; ; left--) {
    try {
      return new WebAssembly.Module(readNow(address));
    } catch (error) {
      if (left) continue;
      failed(`${address}: ${error.message}`);
      throw error;
    }
  }
}

async function attempt() {
  const response = await fetch(address, { priority: "low", signal: AbortSignal.timeout(TRY_MS) });
  if (!response.ok) throw new Error(`${address}: status ${response.status}`);
  const rest = streams(response)
    ? await WebAssembly.compileStreaming(response)
    : await WebAssembly.compile(await response.arrayBuffer());
  if (isWhole()) return; // a waiting thread was quicker
  join(rest);
  performance.mark("obscura:rest");
}

// Fetch the second half; rejects if that fails. The next call tries again.
async function fetchRest() {
  for (let left = TRIES - 1; !isWhole(); left--) {
    try {
      await (trying ??= attempt().finally(() => (trying = null)));
    } catch (error) {
      if (!left) throw error;
    }
  }
}

// Fetch it in the background, where failures are not reported: a call of it tries once more, and reports.
export async function keepFetchingRest() {
  for (const pause of [...PAUSES_MS, null]) {
    try {
      return await fetchRest();
    } catch {
      if (pause !== null) await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
