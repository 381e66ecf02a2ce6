// What the browser and its device can do, found once, as plain facts for Python to decide on: the
// fields of `Facts` (py/obscura/engine/plans.py) and `gpu_name`.

import { withTimeout } from "./timeout.js";

const ADAPTER_MS = 3000; // some drivers never answer

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
    webgl: "WebGL2RenderingContext" in globalThis && "OffscreenCanvas" in globalThis,
    gpu_name: [adapter?.info?.vendor, adapter?.info?.architecture].filter(Boolean).join(" "),
  };
}
