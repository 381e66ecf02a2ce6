// The inference worker: one onnxruntime-web, one network, off the main thread so that the page never
// waits for it. It exists in JavaScript because a browser runs a worker's first line as such; what is
// loaded, on which backend, and what the answer means is decided in Python (engine/web.py).
//
// Messages in: {id, call: "begin" | "open" | "prepare" | "run", ...}; out: {id, ...answer} or
// {id, error}, {lost} when the GPU is gone, {url, received} as bytes come in. One after another. Wasm
// starts once per realm and never gives memory back: to start over, end this worker.

// What this worker asks for is in a timeline of its own, and belongs into the page's account of all
// requests (page/features/privacy/dialog.py). Its name is the page's, so that no other tab hears it.
const account = new BroadcastChannel(self.name);
const tell = (entries) =>
  account.postMessage(entries.map(({ name, startTime, encodedBodySize }) => ({ name, startTime, encodedBodySize })));
new PerformanceObserver((told) => tell(told.getEntries())).observe({ type: "resource", buffered: true });
account.onmessage = ({ data }) => {
  if (data === "all") tell(performance.getEntriesByType("resource")); // else another worker tells
};

let ort;
let network;
let preparation; // the graph that brings a picture into the form that an open network takes
let gpu; // assets/gpu.js, where pictures and answers stay on the GPU

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

const create = (model, backend, options = {}) =>
  ort.InferenceSession.create(new Uint8Array(model), {
    executionProviders: [backend],
    logSeverityLevel: 3,
    ...options,
  });

// Tells the page, for its progress bar, how many bytes have come.
const plainFetch = self.fetch.bind(self);
async function countingFetch(...what) {
  const response = await plainFetch(...what);
  if (response.ok) tellBytes(response.url, response.clone().body.getReader()).catch(() => {});
  return response;
}

async function tellBytes(url, reader) {
  let received = 0;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    received += chunk.value.length;
    postMessage({ url, received });
  }
}

async function load(runtime, threads) {
  ort = await import(runtime.module);
  ort.env.wasm.wasmPaths = { mjs: runtime.glue, wasm: runtime.wasm };
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = "error";
}

const calls = {
  // Load the runtime and have it start, which takes a while, before the model is here.
  async begin({ runtime, threads, counted }) {
    if (counted) self.fetch = countingFetch;
    await load(runtime, threads);
    // Only a session makes it start. There is none of nothing, and if anything else is wrong, `open`
    // will meet it, too.
    await create(new ArrayBuffer(0), "wasm").catch(() => {});
    return {};
  },

  // model: ArrayBuffer, transferred. backend: "wasm" | "webgpu". gpu: for those who
  // stay on the GPU: the address of assets/gpu.js as `module`, and what its `open` wants.
  async open({ runtime, backend, threads, model, gpu: resident }) {
    await load(runtime, threads);
    if (resident) {
      gpu = await import(resident.module);
      await gpu.start(ort, create, pixelsOf, (lost) => postMessage({ lost }));
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

  // pixels: ArrayBuffer of RGBA bytes, transferred, as are the bytes of the outputs. Or else, frame: a
  // VideoFrame, transferred too; `drawn` says how many milliseconds its way to pixels took. place: where
  // the picture lies in the network's input, for GPUs that bring it there themselves.
  async run({ pixels, frame, width, height, place }) {
    if (gpu) return { outputs: await gpu.run({ pixels, frame, width, height, place }), drawn: 0 };
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

let turn = Promise.resolve();

self.onmessage = ({ data }) => {
  turn = turn.then(() => answerTo(data));
};

async function answerTo({ id, call, ...args }) {
  try {
    const answer = await calls[call](args);
    const transfer = new Set(answer.outputs?.map(({ bytes }) => bytes.buffer));
    postMessage({ id, ...answer }, [...transfer]);
  } catch (error) {
    // Emscripten throws bare numbers and strings, too.
    postMessage({ id, error: String(error?.message ?? error) });
  } finally {
    args.frame?.close(); // whatever went wrong: the camera has few of them
  }
}
