// Brings a picture to a network's size, as onnxruntime's Resize with antialias does: a triangle filter,
// widened when it makes smaller, across and then down, each rounded to whole grey levels. Beyond an edge,
// the edge goes on. It computes in float32 and with whole weights, in the same order, so that every pixel is
// the same.

const { fround } = Math;
const BITS = 22; // of a weight

// Per pixel of a side of `to` pixels, the first of the `from` pixels that it covers, and their weights.
function filter(from, to) {
  const scale = fround(to / from);
  const reach = scale < 1 ? fround(1 / scale) : 1;
  const slope = fround(1 / reach);
  return Array.from({ length: to }, (_, index) => {
    const centre = fround(fround(index + 0.5) / scale);
    const start = Math.floor(fround(fround(centre - reach) + 0.5));
    const stop = Math.floor(fround(fround(centre + reach) + 0.5));
    const heights = [];
    for (let place = start; place < stop; place++) {
      const away = Math.abs(fround(fround(fround(place - centre) + 0.5) * slope));
      heights.push(fround(Math.max(1 - away, 0)));
    }
    const share = fround(1 / heights.reduce((sum, height) => fround(sum + height), 0));
    const first = Math.max(start, 0);
    const weights = new Int32Array(Math.min(stop, from) - first);
    for (const [n, height] of heights.entries()) {
      const place = Math.min(Math.max(start + n, 0), from - 1);
      weights[place - first] += Math.round(fround(height * share) * 2 ** BITS);
    }
    return { first, weights };
  });
}

// pixels: RGBA bytes of a picture. floats: Float32Array for RGB in 0..255 at another size, which may be the
// same.
export function rgb(pixels, width, height, floats, newWidth, newHeight) {
  if (width === newWidth && height === newHeight) {
    for (let from = 0, to = 0; to < floats.length; from += 4, to += 3) {
      floats[to] = pixels[from];
      floats[to + 1] = pixels[from + 1];
      floats[to + 2] = pixels[from + 2];
    }
    return;
  }
  const across = new Uint8Array(newWidth * height * 3);
  for (const [x, { first, weights }] of filter(width, newWidth).entries()) {
    for (let y = 0; y < height; y++) {
      blend(pixels, 4 * (y * width + first), 4, weights, across, 3 * (y * newWidth + x));
    }
  }
  for (const [y, { first, weights }] of filter(height, newHeight).entries()) {
    for (let x = 0; x < newWidth; x++) {
      blend(across, 3 * (first * newWidth + x), 3 * newWidth, weights, floats, 3 * (y * newWidth + x));
    }
  }
}

// Writes the weighted mean of some pixels, `step` numbers apart.
function blend(source, from, step, weights, target, to) {
  let red = 2 ** (BITS - 1);
  let [green, blue] = [red, red];
  for (let n = 0, at = from; n < weights.length; n++, at += step) {
    red += weights[n] * source[at];
    green += weights[n] * source[at + 1];
    blue += weights[n] * source[at + 2];
  }
  target[to] = red >> BITS;
  target[to + 1] = green >> BITS;
  target[to + 2] = blue >> BITS;
}
