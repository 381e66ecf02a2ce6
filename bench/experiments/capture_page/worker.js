// Makes pixels of what it is sent, and works as long as an engine would; see page.js.

let context;

function draw(frame, side) {
  context ??= new OffscreenCanvas(side, side).getContext("2d", { alpha: false, willReadFrequently: true });
  context.drawImage(frame, 0, 0, side, side);
  return context.getImageData(0, 0, side, side).data.buffer;
}

async function copy(frame) {
  const pixels = new Uint8Array(frame.allocationSize({ format: "RGBA" }));
  await frame.copyTo(pixels, { format: "RGBA" });
  return pixels.buffer;
}

function burn(work) {
  let sum = 0;
  for (let i = 0; i < work; i++) sum = (sum * 31 + i) | 0;
  return sum;
}

// A second thread: burns what it finds in the first cell, and says so in the second.
function help(shared) {
  const cells = new Int32Array(shared);
  for (;;) {
    Atomics.wait(cells, 0, 0);
    burn(Atomics.exchange(cells, 0, 0));
    Atomics.store(cells, 1, 1);
    Atomics.notify(cells, 1);
  }
}

function compute({ work, threads, shared }) {
  if (threads === 1) return burn(work);
  const cells = new Int32Array(shared);
  Atomics.store(cells, 1, 0);
  Atomics.store(cells, 0, work / 2);
  Atomics.notify(cells, 0);
  const sum = burn(work / 2);
  Atomics.wait(cells, 1, 0);
  return sum;
}

// How much work takes a given number of milliseconds.
function calibrate(ms) {
  burn(1e6);
  const begun = performance.now();
  burn(2e7);
  return Math.round((2e7 * ms) / (performance.now() - begun) / 2) * 2;
}

onmessage = async ({ data }) => {
  if (data.help) help(data.help);
  if (data.calibrate) return postMessage({ work: calibrate(data.calibrate) });
  let { pixels, frame } = data;
  if (frame) {
    pixels = data.whole ? await copy(frame) : draw(frame, data.side);
    frame.close();
  }
  const sum = new Uint8Array(pixels)[5] + (data.work ? compute(data) : 0);
  return data.back ? postMessage({ pixels, sum }, [pixels]) : postMessage({ sum });
};
