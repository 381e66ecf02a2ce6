// core.litert: the graph of a network for LiteRT, and a table of where its weights are in the ONNX file.
// LiteRT wants them as float32, which would be four times as much to download. See tools/modelkit/litert.py,
// which writes the file and describes it.

const READERS = {
  int8: [1, (data, at) => data.getInt8(at)],
  float16: [2, (data, at) => half(data.getUint16(at, true))],
  float32: [4, (data, at) => data.getFloat32(at, true)],
};

// IEEE 754 binary16. (Not every browser has DataView.getFloat16.)
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  return sign * (exponent ? 2 ** (exponent - 25) * (fraction + 1024) : 2 ** -24 * fraction);
}

// core, network: ArrayBuffers. Returns the whole file of the graph, a Uint8Array.
export function filled(core, network) {
  const tableSize = new DataView(core).getUint32(0, true);
  const table = JSON.parse(new TextDecoder().decode(new Uint8Array(core, 4, tableSize)));
  const whole = new Uint8Array(table.bytes);
  whole.set(new Uint8Array(core, 4 + tableSize));
  const data = new DataView(network);
  for (const row of table.weights) fillWeight(data, whole.buffer, row);
  return whole;
}

function fillWeight(data, whole, [type, from, scales, outer, inner, pixels, stepO, stepI, stepP, to]) {
  const [size, read] = READERS[type];
  const weight = new Float32Array(whole, to, outer * inner * pixels);
  let at = from;
  for (let o = 0; o < outer; o++) {
    const scale = scales ? data.getFloat32(scales + 4 * o, true) : 1;
    for (let i = 0; i < inner; i++) {
      for (let p = 0; p < pixels; p++, at += size) {
        weight[o * stepO + i * stepI + p * stepP] = read(data, at) * scale;
      }
    }
  }
}
