// Python's wasm module comes in two halves (tools/builder/halves.py): the first has what a start runs.
// It starts without the second, which is fetched when `fetchRest` is called. If a function of it is
// called before it has arrived, the thread waits for it, which is marked in the browser's timeline.

// (module (import "" "load" (func)) (import "" "table" (table 1 funcref)) (elem (i32.const 0) func 0))
const ENTER = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 20, 2, 0, 4, 108, 111, 97, 100, 0, 0, 0, 5, 116, 97, 98, 108,
  101, 1, 112, 0, 1, 9, 7, 1, 0, 65, 0, 11, 1, 0,
]);

// Have the first half get the second from `compileNow` if it must not go on without. Returns a function
// that joins both, given the second, compiled. `exports` and `imports` are those of the first.
export function prepare(exports, imports, compileNow) {
  let joined = false;
  const join = (rest) => {
    if (joined) return;
    new WebAssembly.Instance(rest, { ...imports, halves: exports });
    joined = true;
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

const TRIES_NOW = 3; // of a waiting thread
const PAUSES_MS = [2_000, 10_000, 60_000]; // before other attempts to fetch it

let address; // of the second half
let join; // once the first is there

// Expect the first half to be instantiated. `failed` is called, with the reason in words, if Python cannot go on because
// the second is out of reach.
export function expectHalves(url, failed) {
  address = url;
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = async (source, imports) => {
    const made = await instantiateStreaming(source, imports);
    const { exports } = made.instance;
    if ("halves:1:0" in exports) join = prepare(exports, imports, () => compileNow(failed));
    return made;
  };
}

function compileNow(failed) {
  performance.mark("obscura:waited-for-rest");
  for (let left = TRIES_NOW - 1; ; left--) {
    try {
      return new WebAssembly.Module(readNow(address));
    } catch (error) {
      if (left) continue;
      failed(`${address}: ${error.message}`);
      throw error;
    }
  }
}

let fetching;

// Fetch the second half, once.
export const fetchRest = () => (fetching ??= untilJoined());

async function untilJoined() {
  for (const pause of [...PAUSES_MS, null]) {
    try {
      const response = await fetch(address, { priority: "low" });
      join(await WebAssembly.compileStreaming(response));
      performance.mark("obscura:rest");
      return;
    } catch (error) {
      if (pause === null) return; // a call of it tries once more, and reports
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
