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

// The model that the address or the stored settings name, if there is one.
function chosenModel() {
  const stored = settings();
  const models = [...shipped.keys()].concat(stored.own ?? []);
  const asked = new URLSearchParams(location.search).get("model");
  return [asked, stored.model].find((name) => models.includes(name));
}

function bytesOf(model) {
  return build.parts.find(({ url }) => absolute(url) === absolute(model.url)).bytes;
}

// Resolves to the wishes that ask least of the device if visits crashed (assets/offline/crashes.js),
// else to undefined.
export const safeMode = Promise.resolve(globalThis.obscuraOffline?.crashes).then((crashes) => {
  if (!(crashes >= CRASH_LIMIT)) return undefined;
  const lighter = { backend: "wasm", threads: 1 };
  // The chosen model stays, unless safe mode has crashed with it, too.
  if (crashes === CRASH_LIMIT && chosenModel()) return lighter;
  const [smallest] = [...shipped.values()].sort((one, other) => bytesOf(one) - bytesOf(other));
  // Without a connection only the model that was used last may be here.
  return { ...lighter, ...(navigator.onLine && { model: smallest.name }) };
});

export const wishes = safeMode.then((safe) => {
  const stored = settings();
  const address = Object.fromEntries(new URLSearchParams(location.search));
  const asked = { ...stored, ...build.wishes, ...address, ...safe };
  return { ...asked, model: safe?.model ?? chosenModel() ?? build.default_model };
});
