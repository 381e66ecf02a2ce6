// The very worker that Obscura's page uses, spoken to from JavaScript: the limit that Python is
// measured against. What the worker is told stands in py/obscura/engine/ort_web.py.

export async function open(site, backend, threads) {
  const home = new URL(site, location.href);
  const page = new DOMParser().parseFromString(await (await fetch(home)).text(), "text/html");
  const build = JSON.parse(page.getElementById("obscura-build").textContent);
  const card = build.models.find(({ name }) => name === "cocossd");
  const whole = (url) => new URL(url, home).href;
  const runtimes = { wasm: "wasm", webgpu: "Suspending" in WebAssembly ? "jspi" : "asyncify" };
  const runtime = Object.fromEntries(
    Object.entries(build.ort[runtimes[backend]]).map(([name, url]) => [name, whole(url)]),
  );
  const worker = new Worker(whole(build.engine), { type: "module" });
  let calls = 0;
  const call = (name, transfer, args) =>
    new Promise((resolve, reject) => {
      const id = ++calls;
      const answer = ({ data }) => {
        if (data.id !== id) return;
        worker.removeEventListener("message", answer);
        if (data.error === undefined) resolve(data);
        else reject(new Error(data.error));
      };
      worker.addEventListener("message", answer);
      worker.postMessage({ id, call: name, ...args }, transfer);
    });
  const model = await (await fetch(whole(card.url))).arrayBuffer();
  await call("open", [model], { runtime, backend, threads, model });
  // image: ImageData, whose buffer is transferred. Returns the K rows.
  const run = async ({ data, width, height }) => {
    const { outputs } = await call("run", [data.buffer], { pixels: data.buffer, width, height });
    const types = { float32: Float32Array, int32: Int32Array };
    return Object.fromEntries(
      outputs.map(({ name, type, bytes }) => [name, new types[type](bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)]),
    );
  };
  return { card, run };
}
