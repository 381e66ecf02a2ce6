// Disk worker: writes one file in the private file system of this site. Writes are with the system at once, so that
// what was written is there after the page has crashed. Browsers have such writes in workers only.
//
// Messages in: {id, call, ...} with the calls below, which run one after another. Messages out: {id} or
// {id, error: {name, message}}. The file is locked by its name until it is closed or this worker ends, see `LOCK`.

const LOCK = "obscura-recording:"; // as in py/obscura/page/browser/disk.py

const PATIENCE_MS = 10_000; // a page that was left may hold the lock for a moment

let handle;
let release; // ends the lock
let ended; // resolves once it has

const calls = {
  async open({ folder, name }) {
    const root = await navigator.storage.getDirectory();
    const place = await root.getDirectoryHandle(folder, { create: true });
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await new Promise((resolve, reject) => {
      const held = () => {
        resolve();
        return new Promise((end) => (release = end));
      };
      ended = navigator.locks.request(LOCK + name, { signal }, held);
      ended.catch(reject);
    });
    // Only now, since a tab that finds an empty file which nobody writes deletes it.
    const file = await place.getFileHandle(name, { create: true });
    handle = await file.createSyncAccessHandle();
    handle.truncate(0);
  },

  write({ data, position }) {
    for (let done = 0; done < data.length; ) {
      const count = handle.write(data.subarray(done), { at: position + done });
      if (!count) throw new DOMException("The device is full", "QuotaExceededError");
      done += count;
    }
  },

  // The lock has ended then: that a worker ends is noticed later.
  async close() {
    try {
      handle.flush();
    } finally {
      handle.close();
      release();
      await ended;
    }
  },
};

let turn = Promise.resolve();

self.onmessage = ({ data: { id, call, ...values } }) => {
  turn = turn
    .then(() => calls[call](values))
    .then(
      () => self.postMessage({ id }),
      (error) => self.postMessage({ id, error: { name: error.name, message: error.message } }),
    );
};
