// The browser's database, which PyScript opens whether it needs it or not, and waits for. Browsers that
// store nothing for a site (blocked cookies, a frame of another site) throw, refuse, or never answer:
// there a stand-in in memory takes its place, so that the page works and keeps nothing.

const ANSWER_MS = 1500; // working ones take milliseconds

// Resolves to whether the browser's own works. Nothing is created: a new database's first version is
// aborted.
export const databaseWorks = new Promise((resolve) => {
  setTimeout(resolve, ANSWER_MS, false);
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

function open(name) {
  if (!databases.has(name)) databases.set(name, storeInMemory());
  const objectStore = () => databases.get(name);
  return answered({ close() {}, transaction: () => ({ objectStore }) });
}

export async function replaceBrokenDatabase() {
  if (!(await databaseWorks)) Object.defineProperty(globalThis, "indexedDB", { value: { open } });
}
