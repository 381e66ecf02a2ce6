// Inference worker: one onnxruntime-web, or LiteRT, and its networks, off the main thread so that the page
// never waits for them. What is loaded, on which backend, and what the answers mean is decided in Python
// (engine/worker_session.py).
//
// Messages in: {id, call, ...} with the calls below, which run one after another. Messages out:
// {id, ...answer} or {id, error}; {lost} when the GPU is gone; {url, received} as bytes arrive. Wasm
// starts once per realm and never frees memory: to start again, end this worker.

// A worker has its own timeline of requests. It belongs in the page's list of all of them
// (page/features/privacy/dialog.py). The channel has the page's name, so no other tab receives it.
function reportRequests() {
  const account = new BroadcastChannel(self.name);
  const report = (entries) =>
    account.postMessage(entries.map(({ name, startTime, encodedBodySize }) => ({ name, startTime, encodedBodySize })));
  new PerformanceObserver((list) => report(list.getEntries())).observe({ type: "resource", buffered: true });
  account.onmessage = ({ data }) => {
    if (data === "all") report(performance.getEntriesByType("resource")); // else another worker's report
  };
}

try {
  reportRequests();
} catch {
  // Browsers that store nothing for this site may forbid channels, too.
}

const DETECTOR = "detector"; // the model's own network; all others are heads, which run on crops

let ort;
let engine; // `memory` or `fast` below, assets/gpu.js or assets/webgl.js: all have the same functions
const heads = new Set(); // names
let kept; // {frame or pixels, width, height}: the picture that crops are cut from

// Draws pictures, or a region of one, at a size, and returns their RGBA bytes.
class Sheet {
  #context;

  draw(picture, width, height, region) {
    this.#context ??= new OffscreenCanvas(width, height).getContext("2d", { alpha: false, willReadFrequently: true });
    const { canvas } = this.#context;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    if (region) {
      this.#context.imageSmoothingQuality = "medium"; // crops may be made far smaller
      this.#context.drawImage(picture, ...region, 0, 0, width, height);
    } else {
      this.#context.drawImage(picture, 0, 0, width, height);
    }
    return this.#context.getImageData(0, 0, width, height).data.buffer;
  }
}

const wholes = new Sheet();
const parts = new Sheet(); // another one, because resizing a canvas takes time

const create = (model, backend, options = {}) =>
  ort.InferenceSession.create(new Uint8Array(model), {
    executionProviders: [backend],
    logSeverityLevel: 3,
    // Its threads spin for milliseconds after a run, in case another follows, and so keep the page
    // from showing the answer and this worker from drawing the next frame where cores are few.
    extra: { session: { force_spinning_stop: "1" } },
    ...options,
  });

// Reports to the page, for its progress bar, how many bytes have arrived.
const plainFetch = self.fetch.bind(self);
async function countingFetch(...args) {
  const response = await plainFetch(...args);
  if (response.ok) reportBytes(response.url, response.clone().body.getReader()).catch(() => {});
  return response;
}

async function reportBytes(url, reader) {
  let received = 0;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    received += chunk.value.length;
    postMessage({ url, received });
  }
}

// attempt: of several, each gets a fresh instance.
async function load(runtime, threads, attempt = 0) {
  ort = await import(attempt ? `${runtime.module}#${attempt}` : runtime.module);
  ort.env.wasm.wasmPaths = { mjs: runtime.glue, wasm: runtime.wasm };
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = "error";
}

// ---- engine for pictures in memory ----------------------------------------------------------------

const memory = {
  networks: new Map(), // by name: {session, preparation}

  start(_parts, { backend }) {
    this.backend = backend;
  },

  async open(name, model) {
    this.networks.set(name, { session: await create(model, this.backend) });
  },

  // It runs on wasm, because GPUs have no kernels for bytes.
  async prepare(name, graph) {
    const network = this.networks.get(name);
    await network.preparation?.release();
    network.preparation = await create(graph, "wasm");
  },

  async run(picture) {
    const { pixels, drawn } = this.drawn(picture);
    return { outputs: await this.outputs(this.networks.get(DETECTOR), pixels, picture.width, picture.height), drawn };
  },

  // The bytes of a picture, and the milliseconds that drawing them took.
  drawn({ pixels, frame, width, height, keep }) {
    if (!frame) return { pixels, drawn: 0 };
    const begun = performance.now();
    pixels = wholes.draw(frame, width, height);
    if (!keep) frame.close(); // now, because it occupies the camera's memory
    return { pixels, drawn: performance.now() - begun };
  },

  async crops(name, picture, crops) {
    picture.canvas ??= picture.frame ?? canvasOf(picture);
    const network = this.networks.get(name);
    const answers = [];
    for (const { region, drawn: [width, height] } of crops) {
      const pixels = parts.draw(picture.canvas, width, height, region);
      answers.push(await this.outputs(network, pixels, width, height));
    }
    return answers;
  },

  async close(name) {
    const { session, preparation } = this.networks.get(name) ?? {};
    this.networks.delete(name);
    await preparation?.release();
    await session?.release();
  },

  async outputs({ session, preparation, compute }, pixels, width, height) {
    if (compute) return compute(pixels, width, height);
    const image = this.image(pixels, width, height);
    const feeds = preparation
      ? await preparation.run({ [preparation.inputNames[0]]: image })
      : { image };
    return this.answer(session.outputNames, await session.run(feeds));
  },

  image(pixels, width, height) {
    return new ort.Tensor("uint8", new Uint8Array(pixels), [1, height, width, 4]);
  },

  answer(names, tensors) {
    return names.map((name) => {
      const { type, dims, data } = tensors[name];
      return { name, type, dims, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
    });
  },
};

// The same, but LiteRT computes the model's own network, and onnxruntime-web is loaded for the first head.
const fast = {
  ...memory,
  loads: 0,

  // litert: as assets/litert/ takes it, with the address of that as `module`.
  prepareFor(litert, runtime) {
    Object.assign(this, { litert, runtime, backend: "wasm" });
  },

  async open(name, model) {
    if (name === DETECTOR) {
      const { open } = await import(this.litert.module);
      this.networks.set(name, { compute: await open(this.litert, model) });
      return;
    }
    try {
      if (!this.loaded) await load(this.runtime, this.litert.threads, this.loads++);
      this.loaded = true;
      await memory.open.call(this, name, model);
    } catch (error) {
      const reason = String(error?.message ?? error);
      // Once its wasm has not arrived, it does not ask for it again, but a fresh instance does.
      if (reason.includes("no available backend")) this.loaded = false;
      throw new Error(`onnxruntime-web: ${reason}`, { cause: error });
    }
  },
};

function canvasOf({ pixels, width, height }) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  context.putImageData(new ImageData(new Uint8ClampedArray(pixels), width, height), 0, 0);
  return canvas;
}

// ---- calls ----------------------------------------------------------------------------------------

function forgetPicture() {
  kept?.frame?.close();
  kept = undefined;
}

const calls = {
  // Load the runtime and start it, which takes time, before the model has arrived.
  async begin({ runtime, threads, counted, litert }) {
    if (counted) self.fetch = countingFetch;
    if (litert) {
      await (await import(litert.module)).start(litert);
      return {};
    }
    await load(runtime, threads);
    // It starts only when a session is created. This one fails, as it must; if anything else is
    // wrong, `open` fails as well.
    await create(new ArrayBuffer(0), "wasm").catch(() => {});
    return {};
  },

  // model: ArrayBuffer, transferred. runtime, backend ("wasm" | "webgpu" | "webgl"), threads: with the
  // first network only. gpu: for plans of which a module computes on the GPU: its address as `module`,
  // and what its `start` and `open` need. litert: for plans with LiteRT, see `fast`; this worker is then a
  // classic one.
  async open({ name = DETECTOR, runtime, backend, threads, model, gpu, litert }) {
    if (litert) {
      engine = fast;
      engine.prepareFor(litert, runtime);
    } else if (runtime) {
      await load(runtime, threads);
      engine = gpu ? await import(gpu.module) : memory;
      const lost = (reason) => postMessage({ lost: reason });
      await engine.start({ ort, create, sheet: wholes, memory }, { runtime, backend, gpu, lost });
    }
    await engine.open(name, model, gpu);
    if (name !== DETECTOR) heads.add(name);
    return {};
  },

  // graph: ArrayBuffer; it brings a picture into the form that an open network takes.
  async prepare({ name = DETECTOR, graph }) {
    await engine.prepare(name, graph);
    return {};
  },

  // pixels: ArrayBuffer of RGBA bytes, transferred, as are the bytes of the outputs. Or frame: a
  // VideoFrame, transferred as well; `drawn` is the time in milliseconds that drawing it took. place:
  // where the picture lies in the network's input, for assets/gpu.js. keep: whether to keep the
  // picture for `crops`, until the next one that is to be kept, or until no head is open.
  async run({ pixels, frame, width, height, place, keep }) {
    if (keep) forgetPicture();
    const answer = await engine.run({ pixels, frame, width, height, place, keep });
    if (keep) kept = frame ? { frame, width, height } : { pixels, width, height };
    return answer;
  },

  // crops: for each one its region [left, top, width, height] in pixels of the picture kept, and the
  // size at which it is drawn, or for assets/gpu.js its place.
  async crops({ name, crops }) {
    if (!kept) throw new Error("no picture is kept");
    return { crops: await engine.crops(name, kept, crops) };
  },

  async close({ name }) {
    heads.delete(name);
    if (!heads.size) forgetPicture();
    await engine.close(name);
    return {};
  },
};

let turn = Promise.resolve();

self.onmessage = ({ data }) => {
  turn = turn.then(() => answerTo(data));
};

async function answerTo({ id, call, ...args }) {
  try {
    const answer = await calls[call](args);
    const outputs = answer.outputs ?? answer.crops?.flat() ?? [];
    postMessage({ id, ...answer }, [...new Set(outputs.map(({ bytes }) => bytes.buffer))]);
  } catch (error) {
    // Emscripten throws bare numbers and strings as well.
    postMessage({ id, error: String(error?.message ?? error) });
  } finally {
    // Also after errors: the camera has few of them.
    if (args.frame && args.frame !== kept?.frame) args.frame.close();
  }
}
