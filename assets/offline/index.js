// The page's side of the service worker, before Python runs: register it, get the headers that threads
// need, report how the start went, and count visits that crashed. What is made available offline, and
// what the page says about it, is decided in py/obscura/page/features/offline/offline.py.

import { crashes, resetCrashCount } from "./crashes.js";
import { install, installable } from "./install.js";
import { booted, failed, keep } from "./outcome.js";
import { call, container, isolate, ready } from "./worker.js";

globalThis.obscuraOffline = {
  installable,
  install,
  ready,
  ask: call,
  isolate,
  failed,
  crashes,
  resetCrashCount,
  booted,
  keep,
  // Put the waiting version in charge, and start again with it.
  use({ waiting }) {
    container.addEventListener("controllerchange", () => location.reload(), { once: true });
    waiting.postMessage({ call: "use" });
  },
  // Ask the server for a newer version; it may be out of reach.
  look: (registration) => registration.update().then(() => {}, () => {}),
};
