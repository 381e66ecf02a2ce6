// Disk worker: writes one file in the private file system of this site. Writes are with the system at once, so that
// what was written is there after the page has crashed. Browsers have such writes in workers only.
//
// Messages in: {id, call, ...} with the calls below, which run one after another. Messages out: {id} or
// {id, error: {name, message}}. The file is locked by its name until this worker ends, see `LOCK`.

const LOCK = "obscura-recording:"; // as in py/obscura/page/browser/disk.py

let handle;

const calls = {
  async open({ folder, name }) {
    const root = await navigator.storage.getDirectory();
    const place = await root.getDirectoryHandle(folder, { create: true });
    await new Promise((resolve, reject) => {
      const held = () => {
        resolve();
        return new Promise(() => {}); // until this worker ends
      };
      navigator.locks.request(LOCK + name, held).catch(reject);
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

  close() {
    handle.flush();
    handle.close();
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
