// The inference worker: one onnxruntime-web, one session, off the main thread so that the page never
// waits for a network. It exists in JavaScript because a browser runs a worker's first line as such;
// what is loaded, on which backend, and what the answer means is decided in Python (engine/ort_web.py).
//
// Messages in: {id, call: "open" | "run", ...}; out: {id, ...answer} or {id, error}. One at a time.
// Wasm starts once per realm and never gives memory back: to start over, end this worker.

let ort;
let session;

const calls = {
  // model: ArrayBuffer, transferred. backend: "wasm" | "webgpu".
  async open({ runtime, backend, threads, model }) {
    ort = await import(runtime.module);
    ort.env.wasm.wasmPaths = { mjs: runtime.glue, wasm: runtime.wasm };
    ort.env.wasm.numThreads = threads;
    ort.env.logLevel = "error";
    session = await ort.InferenceSession.create(new Uint8Array(model), {
      executionProviders: [backend],
      logSeverityLevel: 3,
    });
    return {};
  },

  // pixels: ArrayBuffer of RGBA bytes, transferred; what comes back is K rows.
  async run({ pixels, width, height }) {
    const image = new ort.Tensor("uint8", new Uint8Array(pixels), [1, height, width, 4]);
    const { boxes, scores, classes } = await session.run({ image });
    return { boxes: boxes.data, scores: scores.data, classes: classes.data };
  },
};

self.onmessage = async ({ data: { id, call, ...args } }) => {
  try {
    postMessage({ id, ...(await calls[call](args)) });
  } catch (error) {
    // Emscripten throws bare numbers and strings, too.
    postMessage({ id, error: String(error?.message ?? error) });
  }
};
