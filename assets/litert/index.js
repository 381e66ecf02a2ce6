// LiteRT, which computes the networks of some models faster than onnxruntime-web on processors that have
// multiply-add. assets/engine.js uses it for the model's own network where there is a core.litert for it.

import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";
import { filled } from "./fill.js";
import { rgb } from "./rgb.js";

let started;

// js, wasm: addresses of a build of LiteRT for `threads` threads. In a classic worker, because it loads
// the script with `importScripts`.
export function start({ js, wasm, threads }) {
  started ??= load(js, wasm, threads).catch((error) => {
    started = undefined; // so that the next call tries again
    throw new Error(`LiteRT: ${error?.message ?? error}`, { cause: error });
  });
  return started;
}

async function load(js, wasm, threads) {
  // Its threads run the same script, of which it does not know the address.
  self.Module = {
    locateFile: () => wasm,
    mainScriptUrlOrBlob: js,
    printErr: (line) => /^(INFO|WARNING): /.test(line) || console.error(line), // it also reports progress there
  };
  // Else it starts a thread for every core, and a device of the GPU, which it does not need.
  const adapter = { features: new Set(), limits: {}, requestDevice: async () => null };
  Object.defineProperty(navigator, "hardwareConcurrency", { value: threads, configurable: true });
  Object.defineProperty(navigator, "gpu", { value: { requestAdapter: async () => adapter }, configurable: true });
  await loadLiteRt(js);
}

// core: address of the core.litert that belongs to `network`, an ArrayBuffer with the ONNX file. Returns a
// function from RGBA bytes, width and height to the outputs.
export async function open({ core, ...how }, network) {
  const [response] = await Promise.all([fetch(core), start(how)]);
  if (!response.ok) throw new Error(`${response.status} for ${core}`);
  const graph = filled(await response.arrayBuffer(), network);
  const cpuOptions = { numThreads: how.threads };
  const model = await loadAndCompile(graph, { accelerator: "wasm", cpuOptions });
  const [{ shape }] = model.getInputDetails();
  const floats = new Float32Array(shape.reduce((product, size) => product * size, 1));
  return async (pixels, width, height) => {
    rgb(new Uint8Array(pixels), width, height, floats, shape[2], shape[1]);
    const picture = new Tensor(floats, [...shape]);
    const made = await model.run([picture]).finally(() => picture.delete());
    return made.map((tensor, index) => output(tensor, model.getOutputDetails()[index]));
  };
}

function output(tensor, { name, dtype, shape }) {
  const { buffer } = tensor.toTypedArray(); // a copy
  tensor.delete();
  return { name, type: dtype, dims: [...shape], bytes: new Uint8Array(buffer) };
}
