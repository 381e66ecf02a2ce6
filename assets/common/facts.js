// What the browser and its device can do, found once, as plain facts for Python to decide on: the
// fields of `Facts` (py/obscura/engine/plans.py) and `gpu_name`.

import { withTimeout } from "./timeout.js";

const ADAPTER_MS = 3000; // some drivers never answer

// A module of wasm with one function, whose one instruction is of relaxed SIMD: a * b + c.
const RELAXED_SIMD = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0], // "\0asm", version 1
  ...[1, 8, 1, 96, 3, 123, 123, 123, 1, 123], // types: (v128, v128, v128) -> v128
  ...[3, 2, 1, 0], // functions: one of that type
  ...[10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11], // code: f32x4.relaxed_madd
);

export const hasRelaxedSimd = () => WebAssembly.validate(RELAXED_SIMD);

export async function findFacts() {
  const request = navigator.gpu?.requestAdapter().catch(() => null);
  const adapter = request ? await withTimeout(request, ADAPTER_MS) : null;
  const touchMac = navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1;
  return {
    gpu: Boolean(adapter),
    fallback_gpu: Boolean(adapter?.info?.isFallbackAdapter ?? adapter?.isFallbackAdapter),
    half: Boolean(adapter?.features.has("shader-f16")),
    suspending: "Suspending" in WebAssembly,
    isolated: globalThis.crossOriginIsolated === true,
    cores: navigator.hardwareConcurrency || 1,
    ios: /iPhone|iPad|iPod/.test(navigator.userAgent) || touchMac,
    save_data: navigator.connection?.saveData === true,
    memory_gb: navigator.deviceMemory ?? 0,
    relaxed_simd: hasRelaxedSimd(),
    webgl: "WebGL2RenderingContext" in globalThis && "OffscreenCanvas" in globalThis,
    gpu_name: [adapter?.info?.vendor, adapter?.info?.architecture].filter(Boolean).join(" "),
  };
}
