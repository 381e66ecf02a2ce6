// What the browser can do, found once for Python and for the early engine.

import { findFacts } from "../common/facts.js";

export const facts = findFacts();

// A minimal module using i8x16.splat and i8x16.popcnt (from the wasm-feature-detect test suite).
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

export const hasSimd = () => WebAssembly.validate(SIMD);
