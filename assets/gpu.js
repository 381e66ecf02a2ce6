// Engine for pictures on the GPU, used by assets/engine.js: a frame is read as a texture, a shader brings
// it to the network's size, the network runs as a captured list of commands, and only its outputs come
// back to the CPU. No pixel leaves the GPU in between.

let ort;
let create;
let sheet;
export let device;
let resize; // compute pipelines: for pixels, and for frames of video
let texture; // of the last picture that came as pixels
let place; // GPUBuffer: where the picture lies in the network's input
const placeData = new ArrayBuffer(48); // its content
// By name: {session, feeds, fetches, pixels, preparation, outputs, answer, made, empty}.
//   preparation: {session, feeds, fetches} of an open network; its fetches are the network's feeds.
//   pixels: GPUBuffer with the picture at the network's size, float RGBA in 0..255.
//   outputs: {name, type, dims, gpuBuffer, start, length}, start being the place in `answer`.
//   answer: {buffer, size, count}: GPUBuffer that outputs are read back through, of `count` runs, `size`
//   bytes each.
//   made: tensors that own the buffers; empty: the session that has made them.
const networks = new Map();

// Triangle filter, widened when it makes smaller, like Resize with antialias in ONNX; rounded to whole
// grey levels, across and then down, like bytes. A part of no width stands for the whole picture.
const RESIZE = (kind) => `
struct Place { size: vec2u, left: vec2u, shown: vec2u, pad: f32, unused: u32, first: vec2u, part: vec2u }
@group(0) @binding(0) var picture: ${kind};
@group(0) @binding(1) var<storage, read_write> pixels: array<vec4f>;
@group(0) @binding(2) var<uniform> place: Place;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= place.size.x || id.y >= place.size.y) { return; }
  let at = vec2i(id.xy) - vec2i(place.left);
  var colour = vec4f(place.pad);
  if (all(at >= vec2i(0)) && all(at < vec2i(place.shown))) {
    let part = select(place.part, vec2u(textureDimensions(picture)), place.part.x == 0u);
    let whole = vec2f(part);
    let scale = whole / vec2f(place.shown);
    let reach = max(scale, vec2f(1));
    let centre = (vec2f(at) + 0.5) * scale;
    let first = vec2i(max(floor(centre - reach + 0.5), vec2f(0)));
    let last = vec2i(min(floor(centre + reach + 0.5), whole));
    var sum = vec4f(0);
    var weights = 0.0;
    for (var y = first.y; y < last.y; y++) {
      var row = vec4f(0);
      var across = 0.0;
      for (var x = first.x; x < last.x; x++) {
        let weight = max(1 - abs(f32(x) + 0.5 - centre.x) / reach.x, 0);
        row += weight * textureLoad(picture, vec2i(place.first) + vec2i(x, y)${kind === "texture_external" ? "" : ", 0"});
        across += weight;
      }
      let weight = max(1 - abs(f32(y) + 0.5 - centre.y) / reach.y, 0);
      sum += weight * round(row / across * 255);
      weights += weight;
    }
    colour = round(sum / weights);
  }
  pixels[id.y * place.size.x + id.x] = colour;
}`;

// Larger than the defaults where the adapter has more: onnxruntime's shaders use what there is.
const LIMITS = [
  "maxBindGroups", "maxBufferSize", "maxComputeInvocationsPerWorkgroup", "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY", "maxComputeWorkgroupSizeZ", "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension", "maxStorageBufferBindingSize", "maxStorageBuffersPerShaderStage",
];
const FEATURES = ["shader-f16", "subgroups"];
const TOGETHER = 8; // crops of which the outputs are read back at once, at most
const SIZES = { float32: 4, float16: 2, int32: 4, uint32: 4, int64: 8, uint64: 8, int8: 1, uint8: 1, bool: 1 };

// parts.ort: the onnxruntime module. parts.create: (model, backend, options) => Promise<InferenceSession>.
// parts.sheet: for frames that cannot be read as a texture. lost: called with the reason when the GPU is
// gone.
export async function start(parts, { lost }) {
  ({ ort, create, sheet } = parts);
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("WebGPU gives no adapter");
  device = await adapter.requestDevice({
    requiredFeatures: FEATURES.filter((name) => adapter.features.has(name)),
    requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
  });
  device.lost.then(({ message }) => lost(message || "the GPU was lost"));
  const pipeline = (kind) => {
    const module = device.createShaderModule({ code: RESIZE(kind) });
    return device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } });
  };
  resize = { pixels: await pipeline("texture_2d<f32>"), video: await pipeline("texture_external") };
  place = device.createBuffer({ size: placeData.byteLength, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
}

// blank: a graph that makes empty tensors of its input: for the picture at the network's size; if there
// will be a preparation, for the network's inputs; and for its outputs. They serve every run, as
// captured commands require. The runtime itself makes them, because it releases other people's buffers
// after each run, while its commands still use them.
export async function open(name, model, { blank, prepared }) {
  const network = {};
  networks.set(name, network); // at once, so that `close` frees what there is if the rest fails
  const session = (network.session = await captured(model));
  const empty = (network.empty = await create(blank, gpu(), { preferredOutputLocation: "gpu-buffer" }));
  const zero = new ort.Tensor("float32", [0], [1]);
  const made = (network.made = await empty.run({ [empty.inputNames[0]]: zero }));
  const buffers = empty.outputNames.map((output) => made[output].gpuBuffer);
  const pixels = buffers.shift();
  const inputs = prepared ? buffers : [pixels];
  const feeds = tensors(session.inputMetadata, inputs);
  const fetches = tensors(session.outputMetadata, buffers);
  Object.assign(network, { feeds, fetches, pixels, ...layOut(fetches) });
  // Captured now, so that everything that is checked from here on is a replay.
  if (!prepared) await step(network);
}

export async function prepare(name, graph) {
  const network = networks.get(name);
  await network.preparation?.session.release();
  const session = await captured(graph);
  const feeds = tensors(session.inputMetadata, [network.pixels]);
  network.preparation = { session, feeds, fetches: network.feeds };
  await step(network.preparation);
  if (!network.bound) await step(network);
}

export async function close(name) {
  const network = networks.get(name);
  networks.delete(name);
  await network?.preparation?.session.release();
  await network?.session?.release();
  network?.answer?.buffer.destroy();
  Object.values(network?.made ?? {}).forEach((tensor) => tensor.dispose());
  await network?.empty?.release();
}

const gpu = () => ({ name: "webgpu", device });

const captured = (model) =>
  create(model, gpu(), { enableGraphCapture: true, preferredOutputLocation: "gpu-buffer" });

const tensors = (values, buffers) =>
  Object.fromEntries(
    values.map(({ name, type, shape }) => [
      name,
      ort.Tensor.fromGpuBuffer(buffers.shift(), { dataType: type, dims: shape }),
    ]),
  );

// The first run captures, and binds the outputs for all that follow.
async function step(graph) {
  const made = await graph.session.run(graph.feeds, ...(graph.bound ? [] : [graph.fetches]));
  if (graph.bound) Object.values(made).forEach((tensor) => tensor.dispose());
  graph.bound = true;
}

// place: [width, height, left, top, shown width, shown height, pad] in pixels of the network's input.
export async function run({ pixels, frame, width, height, place: where, keep }) {
  const network = networks.get("detector");
  resizeInto(network, picture({ pixels, frame, width, height }), where);
  if (!keep) frame?.close();
  await compute(network, 0);
  const [outputs] = await readBack(network, 1);
  return { outputs, drawn: 0 };
}

export async function crops(name, kept, wanted) {
  const network = networks.get(name);
  const answers = [];
  const still = kept.frame ? undefined : picture(kept);
  // Their outputs are read back together, because waiting for that takes longer than a small network.
  for (let first = 0; first < wanted.length; first += TOGETHER) {
    const some = wanted.slice(first, first + TOGETHER);
    makeRoom(network, some.length);
    for (const [index, { region, place: where }] of some.entries()) {
      resizeInto(network, still ?? picture(kept), where, region);
      await compute(network, index);
    }
    answers.push(...(await readBack(network, some.length)));
  }
  return answers;
}

// What a shader reads: a frame's texture lasts only until the end of the task.
function picture({ pixels, frame, width, height }) {
  const video = frame && external(frame);
  if (video) return { view: video, pipeline: resize.video };
  return { view: upload(pixels ?? sheet.draw(frame, width, height), width, height), pipeline: resize.pixels };
}

// region: the part of the picture, [left, top, width, height]; all of it if left out.
function resizeInto(network, { view, pipeline }, where, region = [0, 0, 0, 0]) {
  new Uint32Array(placeData).set([...where.slice(0, 6), 0, 0, ...region]);
  new Float32Array(placeData)[6] = where[6];
  device.queue.writeBuffer(place, 0, placeData);
  const commands = device.createCommandEncoder();
  const pass = commands.beginComputePass();
  pass.setPipeline(pipeline);
  const entries = [view, { buffer: network.pixels }, { buffer: place }];
  pass.setBindGroup(0, device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: entries.map((resource, binding) => ({ binding, resource })),
  }));
  pass.dispatchWorkgroups(Math.ceil(where[0] / 8), Math.ceil(where[1] / 8));
  pass.end();
  device.queue.submit([commands.finish()]);
}

// Run on the picture that is in place, and copy the outputs to the place of this run in the answer.
async function compute(network, index) {
  if (network.preparation) await step(network.preparation);
  await step(network);
  const { buffer, size } = network.answer;
  const commands = device.createCommandEncoder();
  for (const { gpuBuffer, start, length } of network.outputs) {
    commands.copyBufferToBuffer(gpuBuffer, 0, buffer, index * size + start, Math.ceil(length / 4) * 4);
  }
  device.queue.submit([commands.finish()]);
}

function external(frame) {
  try {
    return device.importExternalTexture({ source: frame });
  } catch {
    return undefined; // not every driver accepts frames of video
  }
}

function upload(bytes, width, height) {
  if (texture?.width !== width || texture?.height !== height) {
    texture?.destroy();
    const usage = GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST;
    texture = device.createTexture({ size: [width, height], format: "rgba8unorm", usage });
  }
  device.queue.writeTexture({ texture }, bytes, { bytesPerRow: 4 * width }, [width, height]);
  return texture.createView();
}

function layOut(fetches) {
  let total = 0;
  const outputs = Object.entries(fetches).map(([name, { type, dims, gpuBuffer }]) => {
    const length = dims.reduce((product, size) => product * size, SIZES[type]);
    const start = total;
    total += Math.ceil(length / 8) * 8;
    return { name, type, dims, gpuBuffer, start, length };
  });
  const network = { outputs, answer: { size: total, count: 0 } };
  makeRoom(network, 1);
  return network;
}

// Make the answer large enough for the outputs of `count` runs.
function makeRoom({ answer }, count) {
  if (count <= answer.count) return;
  answer.buffer?.destroy();
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  Object.assign(answer, { count, buffer: device.createBuffer({ size: answer.size * count, usage }) });
}

async function readBack({ outputs, answer: { buffer, size } }, count) {
  await buffer.mapAsync(GPUMapMode.READ, 0, count * size);
  const copies = Array.from({ length: count }, (_, index) => buffer.getMappedRange(index * size, size).slice(0));
  buffer.unmap();
  return copies.map((copy) =>
    outputs.map(({ name, type, dims, start, length }) => ({
      name, type, dims, bytes: new Uint8Array(copy, start, length),
    })),
  );
}
