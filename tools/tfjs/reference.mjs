// Runs a TF.js graph model on one image and prints what it computes.
//
//   node reference.mjs MODEL_JSON IMAGE_NODE SIZE OUTPUT_NODE... < image > outputs
//
// stdin: float32, SIZE x SIZE x channels (RGB or grey), little endian, fed to IMAGE_NODE, which may
// lie within the graph. stdout: a line of JSON, the outputs' shapes, then their float32 values one after another.
// The cpu backend is the plainest there is: what it computes is taken for the truth.

import { readFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { io, ready, setBackend, tensor } from "@tensorflow/tfjs-core";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import "@tensorflow/tfjs-backend-cpu";

const [path, image, size, ...outputs] = process.argv.slice(2);
const { modelTopology, weightsManifest } = JSON.parse(readFileSync(path, "utf8"));
const shards = weightsManifest.flatMap(({ paths }) => paths);
const data = Buffer.concat(shards.map((name) => readFileSync(join(dirname(path), name))));
const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
const weightData = data.buffer.slice(data.byteOffset, data.byteOffset + data.length);

await setBackend("cpu");
await ready();
const model = await loadGraphModel(io.fromMemory({ modelTopology, weightSpecs, weightData }));
const bytes = readFileSync(0);
const pixels = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const channels = pixels.length / (size * size);
const results = model.execute({ [image]: tensor(pixels, [1, +size, +size, channels]) }, outputs);
const tensors = Array.isArray(results) ? results : [results];

const write = (chunk) => {
  for (let done = 0; done < chunk.length; ) done += writeSync(1, chunk, done);
};
write(Buffer.from(`${JSON.stringify(tensors.map(({ shape }) => shape))}\n`));
for (const result of tensors) {
  const values = Float32Array.from(await result.data());
  write(Buffer.from(values.buffer));
}
