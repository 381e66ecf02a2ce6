// The inference worker: one onnxruntime-web, one network, off the main thread so that the page never
// waits for it. It exists in JavaScript because a browser runs a worker's first line as such; what is
// loaded, on which backend, and what the answer means is decided in Python (engine/ort_web.py).
//
// Messages in: {id, call: "open" | "prepare" | "run", ...}; out: {id, ...answer} or {id, error}, and
// {lost} when the GPU is gone. One at a time. Wasm starts once per realm and never gives memory back:
// to start over, end this worker.

let ort;
let network;
let preparation; // the graph that brings a picture into the form that an open network takes
let gpu; // assets/gpu.js, where pictures and answers stay on the GPU

const create = (model, backend, options = {}) =>
  ort.InferenceSession.create(new Uint8Array(model), {
    executionProviders: [backend],
    logSeverityLevel: 3,
    ...options,
  });

const calls = {
  // model: ArrayBuffer, transferred. backend: "wasm" | "webgpu". gpu: for those who
  // stay on the GPU: the address of assets/gpu.js as `module`, and what its `open` wants.
  async open({ runtime, backend, threads, model, gpu: resident }) {
    ort = await import(runtime.module);
    ort.env.wasm.wasmPaths = { mjs: runtime.glue, wasm: runtime.wasm };
    ort.env.wasm.numThreads = threads;
    ort.env.logLevel = "error";
    if (resident) {
      gpu = await import(resident.module);
      await gpu.start(ort, create, (lost) => postMessage({ lost }));
      await gpu.open(model, resident.blank, resident.prepared);
    } else {
      network = await create(model, backend);
    }
    return {};
  },

  // graph: ArrayBuffer. Where it handles bytes it runs on wasm, for GPUs have no kernels for those.
  async prepare({ graph }) {
    if (gpu) {
      await gpu.prepare(graph);
    } else {
      await preparation?.release();
      preparation = await create(graph, "wasm");
    }
    return {};
  },

  // pixels: ArrayBuffer of RGBA bytes, transferred here and back, as are the bytes of the outputs; on
  // the GPU it may be a VideoFrame instead: `frame`.
  async run({ pixels, frame, width, height, place }) {
    if (gpu) return { outputs: await gpu.run({ pixels, frame, width, height, place }), pixels };
    const image = new ort.Tensor("uint8", new Uint8Array(pixels), [1, height, width, 4]);
    const feeds = preparation
      ? await preparation.run({ [preparation.inputNames[0]]: image })
      : { image };
    const answer = await network.run(feeds);
    const outputs = network.outputNames.map((name) => {
      const { type, dims, data } = answer[name];
      return { name, type, dims, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
    });
    return { outputs, pixels };
  },
};

self.onmessage = async ({ data: { id, call, ...args } }) => {
  try {
    const answer = await calls[call](args);
    const transfer = new Set(answer.outputs?.map(({ bytes }) => bytes.buffer));
    if (answer.pixels) transfer.add(answer.pixels);
    postMessage({ id, ...answer }, [...transfer]);
  } catch (error) {
    // Emscripten throws bare numbers and strings, too.
    postMessage({ id, error: String(error?.message ?? error) });
  }
};
