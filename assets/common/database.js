// The browser's database, which PyScript opens whether it needs it or not, and waits for. Browsers that
// store nothing for a site (blocked cookies, a frame of another site) throw, refuse, or never answer:
// there PyScript gets a stand-in in memory, so that the page works and keeps nothing.

// Working ones take milliseconds, on a busy machine seconds. PyScript, which keeps nothing there, is
// not kept waiting for those; what people have stored is.
const SOON_MS = 1500;
const ANSWER_MS = 10_000;

const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms, false));

// Resolves to whether the browser's own works. Nothing is created: a new database's first version is
// aborted.
export const databaseWorks = new Promise((resolve) => {
  after(ANSWER_MS).then(resolve);
  try {
    const request = indexedDB.open("obscura");
    request.onupgradeneeded = () => {
      request.transaction.abort();
      resolve(true);
    };
    request.onsuccess = () => {
      request.result.close();
      resolve(true);
    };
    request.onerror = (event) => {
      event.preventDefault();
      resolve(false); // no matter after an abort
    };
  } catch {
    resolve(false);
  }
});

// A request of IndexedDB that succeeds in the next turn.
function answered(result) {
  const request = { result };
  queueMicrotask(() => request.onsuccess?.({ target: request }));
  return request;
}

// The calls that PyScript's IDBMap makes.
function storeInMemory() {
  const entries = new Map();
  return {
    clear: () => answered(entries.clear()),
    count: () => answered(entries.size),
    delete: (key) => answered(void entries.delete(key)),
    get: (key) => answered(entries.get(key)),
    getAllKeys: () => answered([...entries.keys()]),
    getKey: (key) => answered(entries.has(key) ? key : undefined),
    put: (value, key) => answered(entries.set(key, value) && key),
  };
}

const databases = new Map();

function openInMemory(name) {
  if (!databases.has(name)) databases.set(name, storeInMemory());
  const objectStore = () => databases.get(name);
  return answered({ close() {}, transaction: () => ({ objectStore }) });
}

export async function replaceBrokenDatabase() {
  if (await Promise.race([databaseWorks, after(SOON_MS)])) return;
  const own = globalThis.indexedDB; // it may still answer, for what the page itself stores
  const open = (name, ...rest) =>
    name.startsWith("obscura") ? own.open(name, ...rest) : openInMemory(name);
  Object.defineProperty(globalThis, "indexedDB", { value: { open } });
}
