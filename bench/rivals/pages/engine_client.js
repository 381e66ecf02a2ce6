// The very worker that Obscura's page uses, told from JavaScript what that page tells it: the limit
// that Python is measured against. bench/speed/stacks.py recorded the page's messages in this browser;
// what they say stands in py/obscura/engine/web.py.

const SITE = new URL("../site/", location.href);

function recorded(name) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("bench");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const asked = opening.result.transaction("messages").objectStore("messages").get(name);
      asked.onerror = () => reject(asked.error);
      asked.onsuccess = () => resolve(asked.result);
    };
  });
}

export async function open(setting) {
  const page = new DOMParser().parseFromString(await (await fetch(SITE)).text(), "text/html");
  const build = JSON.parse(page.getElementById("obscura-build").textContent);
  const card = build.models.find(({ name }) => name === "cocossd");
  const messages = await recorded(setting);
  const type = messages.open.litert ? "classic" : "module";
  const worker = new Worker(new URL(build.engine, SITE), { type });
  let calls = 0;
  const call = (message, transfer) =>
    new Promise((resolve, reject) => {
      const id = ++calls;
      const answer = ({ data }) => {
        if (data.id !== id) return;
        worker.removeEventListener("message", answer);
        if (data.error === undefined) resolve(data);
        else reject(new Error(data.error));
      };
      worker.addEventListener("message", answer);
      worker.postMessage({ ...message, id }, transfer);
    });
  await call(messages.open, [messages.open.model]);

  // picture: {frame} or {pixels}, whichever the page gives, transferred. Returns the K rows, and the
  // milliseconds that the worker drew for.
  const run = async (picture) => {
    const { outputs, drawn } = await call({ ...messages.run, ...picture }, Object.values(picture));
    const rows = { drawn: drawn ?? 0 };
    for (const { type, dims, bytes } of outputs) {
      const [kind, name] = type === "int32" ? [Int32Array, "classes"] : [Float32Array, dims.at(-1) === 4 ? "boxes" : "scores"];
      rows[name] = new kind(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    }
    return rows;
  };
  return { card, run, byFrame: messages.byFrame };
}
