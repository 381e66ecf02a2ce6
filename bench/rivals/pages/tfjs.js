// The stack to beat, as its documentation has it: cocoSsd.load, then detect on the element.
// ?backend=wasm|webgl|webgpu&threads=N; with &sample, the bundled picture in the camera's place;
// with &documented, files from where the documentation has them.

import { draw, frames, openCamera, query, video } from "./common.js";

const { tf, cocoSsd } = globalThis;
const { model, wasm, webgpu } = document.body.dataset;
const backend = query.get("backend") ?? "wasm";
const documented = query.has("documented");

async function load() {
  if (backend === "wasm") {
    if (!documented) tf.wasm.setWasmPaths(new URL(wasm, location.href).href.replace(/[^/]*$/, ""));
    if (query.has("threads")) tf.wasm.setThreadsCount(Number(query.get("threads")));
  }
  if (backend === "webgpu") {
    await new Promise((onload, onerror) => {
      document.head.append(Object.assign(document.createElement("script"), { src: webgpu, onload, onerror }));
    });
  }
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no ${backend} backend here`);
  await tf.ready();
  return cocoSsd.load({ base: "lite_mobilenet_v2", ...(documented ? {} : { modelUrl: model }) });
}

async function analyse(network, source, width, height) {
  const begun = performance.now();
  const found = await network.detect(source, 20, 0.5);
  const detected = performance.now();
  const rows = found.map(({ class: label, score, bbox: [x, y, w, h] }) => ({ label, score, box: [x, y, x + w, y + h] }));
  draw(rows, width, height);
  return { detect: detected - begun, draw: performance.now() - detected, boxes: rows.length };
}

async function begin() {
  if (query.has("sample")) {
    const sample = document.getElementById("sample");
    [sample.hidden, video.hidden] = [false, true];
    const network = await load();
    await sample.decode();
    await analyse(network, sample, sample.naturalWidth, sample.naturalHeight);
    performance.mark("first-boxes");
    return { backend: tf.getBackend() };
  }
  const [network] = await Promise.all([load(), openCamera()]);
  const { videoWidth: width, videoHeight: height } = video;
  globalThis.bench.frames = (count) => frames(count, () => analyse(network, video, width, height));
  const threads = backend === "wasm" ? await tf.wasm.getThreadsCount() : 0;
  return { backend: tf.getBackend(), threads, version: tf.version.tfjs };
}

globalThis.bench = { ready: begin() };
