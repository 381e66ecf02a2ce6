// What this visit is to run: as the address, the stored settings and the last visits' fate have it.

import { absolute, build } from "../common/page.js";

const CRASH_LIMIT = 2; // visits in a row that crashed, before the page starts in safe mode

// The models of this site. Those that a person has added are not downloaded: the browser's own
// database has them.
export const shipped = new Map(build.models.map((model) => [model.name, model]));

function settings() {
  try {
    return JSON.parse(localStorage.getItem("obscura.settings")) ?? {};
  } catch {
    return {};
  }
}

function bytesOf(model) {
  return build.parts.find(({ url }) => absolute(url) === absolute(model.url)).bytes;
}

// Resolves to the wishes that ask least of the device if visits crashed (assets/offline/crashes.js),
// else to undefined.
export const safeMode = Promise.resolve(globalThis.obscuraOffline?.crashes).then((crashes) => {
  if (!(crashes >= CRASH_LIMIT)) return undefined;
  const [smallest] = [...shipped.values()].sort((one, other) => bytesOf(one) - bytesOf(other));
  // Without a connection only the model that was used last may be here.
  return { backend: "wasm", threads: 1, ...(navigator.onLine && { model: smallest.name }) };
});

export const wishes = safeMode.then((safe) => {
  const stored = settings();
  const asked = { ...stored, ...Object.fromEntries(new URLSearchParams(location.search)), ...safe };
  const models = [...shipped.keys()].concat(stored.own ?? []);
  const model = [asked.model, stored.model, build.default_model].find((name) => models.includes(name));
  return { ...asked, model };
});
