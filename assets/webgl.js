// Engine for networks whose middle WebGL computes, used by assets/engine.js: onnxruntime's wasm
// prepares the picture and chooses the rows, its WebGL backend computes all that lies in between. Heads
// run on wasm, beside it.

let ort; // the build with WebGL
let memory; // the engine for pictures in memory, which has the heads
let create; // sessions of wasm
let report; // called with the reason when the GPU is gone
let network; // {preparation, first, middle, last}: sessions, run in this order, of which some may be
// missing; and the names of its outputs

// parts: what assets/engine.js has; see its `open` for the rest. gpu.software: whether a GPU that is
// computed in software will do. Throws where the device has no WebGL 2, before its runtime is fetched.
export async function start(parts, { runtime, gpu, lost }) {
  [memory, create] = [parts.memory, parts.create];
  const found = new OffscreenCanvas(1, 1).getContext("webgl2", { failIfMajorPerformanceCaveat: !gpu.software });
  if (!found) throw new Error("this browser gives no WebGL 2 on this device");
  if (!gpu.software && inSoftware(found)) throw new Error("this browser computes WebGL in software");
  found.getExtension("WEBGL_lose_context")?.loseContext(); // it was only a question
  await memory.start(parts, { backend: "wasm" });
  ort = await import(runtime.webgl);
  ort.env.logLevel = "error";
  report = lost;
}

// Not every browser counts software as the performance caveat that it is.
function inSoftware(context) {
  const names = context.getExtension("WEBGL_debug_renderer_info");
  const name = context.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : context.RENDERER);
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

// gpu.first, gpu.last: the parts before and after the middle, which is `model`; empty if there are none.
// gpu.outputs: the names of the network's outputs.
export async function open(name, model, gpu) {
  if (!gpu) return memory.open(name, model);
  const part = (graph) => (graph.byteLength ? create(graph, "wasm") : undefined);
  const middle = await ort.InferenceSession.create(new Uint8Array(model), { executionProviders: ["webgl"] });
  network = { first: await part(gpu.first), middle, last: await part(gpu.last), names: gpu.outputs };
  ort.env.webgl.context.canvas.addEventListener("webglcontextlost", () => report("the GPU was lost"));
}

export async function prepare(name, graph) {
  if (memory.networks.has(name)) return memory.prepare(name, graph);
  await network.preparation?.release();
  network.preparation = await create(graph, "wasm");
}

export async function run(picture) {
  const { pixels, drawn } = memory.drawn(picture);
  return { outputs: await outputs(memory.image(pixels, picture.width, picture.height)), drawn };
}

export const crops = (...wanted) => memory.crops(...wanted);

export const close = (name) => memory.close(name);

async function outputs(image) {
  const { preparation, first, middle, last, names } = network;
  const values = {};
  for (const session of [preparation, first, middle, last]) {
    if (!session) continue;
    const feeds = session.inputNames.map((name) => [name, values[name] ?? image]);
    Object.assign(values, await session.run(Object.fromEntries(feeds)));
  }
  return memory.answer(names, values);
}
