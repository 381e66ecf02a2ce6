// The inference worker: one onnxruntime-web, one network, off the main thread so that the page never
// waits for it. It exists in JavaScript because a browser runs a worker's first line as such; what is
// loaded, on which backend, and what the answer means is decided in Python (engine/ort_web.py).
//
// Messages in: {id, call: "open" | "prepare" | "run", ...}; out: {id, ...answer} or {id, error}. One at
// a time. Wasm starts once per realm and never gives memory back: to start over, end this worker.

let ort;
let network;
let preparation; // the graph that brings a picture into the form that an open network takes

let sheet; // where frames are drawn at the network's size

// RGBA bytes of a VideoFrame, drawn at this size. It is closed here, for it holds the camera's memory.
function pixelsOf(frame, width, height) {
  try {
    sheet ??= new OffscreenCanvas(width, height).getContext("2d", { alpha: false, willReadFrequently: true });
    const { canvas } = sheet;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    sheet.drawImage(frame, 0, 0, width, height);
    return sheet.getImageData(0, 0, width, height).data.buffer;
  } finally {
    frame.close();
  }
}

const create = (model, backend) =>
  ort.InferenceSession.create(new Uint8Array(model), {
    executionProviders: [backend],
    logSeverityLevel: 3,
  });

const calls = {
  // model: ArrayBuffer, transferred. backend: "wasm" | "webgpu".
  async open({ runtime, backend, threads, model }) {
    ort = await import(runtime.module);
    ort.env.wasm.wasmPaths = { mjs: runtime.glue, wasm: runtime.wasm };
    ort.env.wasm.numThreads = threads;
    ort.env.logLevel = "error";
    network = await create(model, backend);
    return {};
  },

  // graph: ArrayBuffer. Its few nodes handle bytes, for which GPUs have no kernels.
  async prepare({ graph }) {
    await preparation?.release();
    preparation = await create(graph, "wasm");
    return {};
  },

  // pixels: ArrayBuffer of RGBA bytes, transferred, as are the bytes of the outputs. Or else, frame: a
  // VideoFrame, transferred too; `drawn` says how many milliseconds its way to pixels took.
  async run({ pixels, frame, width, height }) {
    const begun = performance.now();
    if (frame) pixels = pixelsOf(frame, width, height);
    const drawn = frame ? performance.now() - begun : 0;
    const image = new ort.Tensor("uint8", new Uint8Array(pixels), [1, height, width, 4]);
    const feeds = preparation
      ? await preparation.run({ [preparation.inputNames[0]]: image })
      : { image };
    const answer = await network.run(feeds);
    const outputs = network.outputNames.map((name) => {
      const { type, dims, data } = answer[name];
      return { name, type, dims, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
    });
    return { outputs, drawn };
  },
};

self.onmessage = async ({ data: { id, call, ...args } }) => {
  try {
    const answer = await calls[call](args);
    const transfer = new Set(answer.outputs?.map(({ bytes }) => bytes.buffer));
    postMessage({ id, ...answer }, [...transfer]);
  } catch (error) {
    // Emscripten throws bare numbers and strings, too.
    postMessage({ id, error: String(error?.message ?? error) });
  }
};
