// The sample picture, on which backends prove themselves. Its pixels are stored, not a canvas, because
// a canvas is blank after the browser's graphics process has ended.

import { build } from "./page.js";

async function readSample() {
  const bitmap = await createImageBitmap(await (await fetch(build.sample)).blob());
  const { width, height } = bitmap;
  const context = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d", {
    alpha: false,
    willReadFrequently: true,
  });
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, width, height);
}

export const sample = readSample();
sample.catch(() => {}); // reported when Python asks for it
