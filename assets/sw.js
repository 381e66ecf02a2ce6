// Service worker: serves the page without its server. It stores every file under the hash that the
// build recorded, so what it serves is complete and of one version; it adds the headers that threads
// need if the host sends none; and it returns to the previous version if a new one does not start.
// The build puts Workbox and BUILD before it: {version, page, policy, files: {name: [sha256, bytes,
// group]}, packed: [names of files beside which lies a .gz, for a host that does not compress]}.
//
// There are two kinds of caches: one shell per version (the page and its small files, the group
// "shell"), and one for all other files. Their names contain hashes, so versions share unchanged files.
// docs/offline.md describes all of it.

const { registerRoute } = workbox.routing;
const { Strategy } = workbox.strategies;

const scope = new URL(registration.scope).pathname;
const prefix = `obscura:${scope}:`; // other copies of Obscura may be on this origin
const FILES = `${prefix}files`;
const STATE = `${prefix}state`;
const SHARED = `${prefix}shared`;
const shell = (version) => `${prefix}shell-${version}`;
const RECORD = "build.json"; // a version's own BUILD, in its shell

const HASHED = /(\.[0-9a-f]{10}\.\w+|-[0-9a-f]{10}\/[\w.-]+)$/;
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};
// Types that browsers require, and that not every host knows.
const TYPES = { js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm" };
const TRIES = 2; // times that a new version may fail to start
const PATIENCE_MS = 20_000; // for a page that starts to report how that went

const nameOf = (url) => new URL(url).pathname.slice(scope.length).replace(/^index\.html$/, "");
const urlOf = (name) => new URL(scope + name, location.origin).href;

// ---- state: how each start went -----------------------------------------------------------------

// {version, former, booted, failures, booting: {client id: when it began}}
let state = null;

async function readState() {
  const kept = await caches.match(urlOf("state.json"), { cacheName: STATE }).catch(() => null);
  state ??= { failures: 0, booting: {}, ...(await kept?.json()) };
  return state;
}

async function writeState() {
  if (forgotten) return;
  try {
    const cache = await caches.open(STATE);
    await cache.put(urlOf("state.json"), Response.json(state));
  } catch {
    // Not enough storage to remember it: then every start counts as successful.
  }
}

const builds = new Map([[BUILD.version, BUILD]]);

async function buildOf(version) {
  if (version && !builds.has(version)) {
    const cacheName = shell(version);
    const record = await caches.match(urlOf(RECORD), { cacheName }).catch(() => null);
    if (record) builds.set(version, await record.json());
  }
  return builds.get(version);
}

// A file by its name: its hash, its size, and the cache for it. This build's files come first.
async function find(name, cacheName = null) {
  for (const version of [BUILD.version, (await readState()).former]) {
    const build = await buildOf(version);
    if (!build || !Object.hasOwn(build.files, name)) continue;
    const [sha256, bytes, group] = build.files[name];
    const place = group === "shell" ? shell(version) : FILES;
    if (!cacheName || cacheName === place) return { sha256, bytes, cacheName: place };
  }
  return null;
}

// ---- storing and serving files ------------------------------------------------------------------

// The body of a response, if it is the file.
async function bodyOf(response, { sha256, bytes }) {
  const body = await response.arrayBuffer();
  if (body.byteLength !== bytes) return null;
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  return Array.from(found, (byte) => byte.toString(16).padStart(2, "0")).join("") === sha256 ? body : null;
}

// A response with the headers that the host should have sent. A worker gets its policy from its script.
function mended(response, name) {
  const has = (header) => response.headers.has(header);
  const missing = {
    ...(has("Cross-Origin-Embedder-Policy") ? {} : ISOLATION),
    ...(has("Content-Security-Policy") ? {} : { "Content-Security-Policy": BUILD.policy }),
  };
  const done = !Object.keys(missing).length && !response.redirected;
  if (response.status !== 200 || done) return response;
  const headers = new Headers(response.headers);
  const type = TYPES[name.split(".").pop()];
  for (const [header, value] of Object.entries(missing)) headers.set(header, value);
  if (type) headers.set("Content-Type", type);
  return new Response(response.body, { status: 200, headers });
}

// Stored files were complete when they were stored, so large ones are served without reading them; the
// page verifies models itself. After a start that failed, every file is verified.
const SMALL = 200_000; // bytes
let careful = false;
let forgotten = false; // everything is to be deleted, so nothing more is stored
let trouble = null; // why something could not be stored

// The compressed copy beside a file, name.gz, for hosts that do not compress; and the file's name.
const copies = new Map("DecompressionStream" in globalThis ? BUILD.packed.map((name) => [`${name}.gz`, name]) : []);
const plainName = (name) => copies.get(name) ?? name;

// The response for a copy, unpacked; or the file itself if there is no copy after all.
async function unpacked(response, request) {
  const plain = copies.get(nameOf(request.url));
  if (!plain) return response;
  if (response.status !== 200) return fetch(urlOf(plain), { cache: request.cache });
  // Some hosts treat the ending as an encoding, and then the browser has unpacked it.
  const done = response.headers.has("Content-Encoding");
  const body = done ? response.body : response.body.pipeThrough(new DecompressionStream("gzip"));
  return new Response(body, { headers: { "Content-Type": TYPES[plain.split(".").pop()] ?? "" } });
}

const whole = {
  requestWillFetch: async ({ request }) => {
    const copy = `${nameOf(request.url)}.gz`;
    return copies.has(copy) ? new Request(urlOf(copy), { cache: request.cache }) : request;
  },
  cacheKeyWillBeUsed: async ({ request }) => urlOf(nameOf(request.url)),
  fetchDidSucceed: async ({ request, response }) =>
    mended(await unpacked(response, request), plainName(nameOf(request.url))),
  cacheWillUpdate: async ({ request, response }) => {
    const file = await find(nameOf(request.url));
    return response.status === 200 && !forgotten && file && (await bodyOf(response.clone(), file)) ? response : null;
  },
  cachedResponseWillBeUsed: async ({ request, cachedResponse }) => {
    const file = await find(nameOf(request.url));
    if (!cachedResponse || (file.bytes > SMALL && !careful)) return cachedResponse;
    // The bytes read are served, not a second reading: Chromium sometimes interrupts that one.
    const body = await bodyOf(cachedResponse, file);
    return body && new Response(body, { headers: cachedResponse.headers });
  },
};

// From the cache if the file is there and complete, else from the network into the cache.
class Keep extends Strategy {
  async _handle(request, handler) {
    const kept = request.cache === "reload" ? null : await handler.cacheMatch(request).catch(() => null);
    return kept ?? handler.fetchAndCachePut(careful ? new Request(request.url, { cache: "reload" }) : request);
  }
}

async function serve(request, event) {
  const file = await find(nameOf(request.url));
  if (!file) return fetch(request);
  const strategy = new Keep({ cacheName: file.cacheName, plugins: [whole] });
  const [response, done] = strategy.handleAll({ event, request });
  done.catch((error) => (trouble = error.name));
  return response;
}

// Store all files of some groups; reports the bytes received. Rejects with the reason if it cannot.
async function keep(event, groups, tell = () => {}) {
  const names = Object.keys(BUILD.files).filter((name) => groups.includes(BUILD.files[name][2]));
  const total = names.reduce((sum, name) => sum + BUILD.files[name][1], 0);
  let done = 0;
  const counting = {
    fetchDidSucceed: async ({ response }) => {
      const count = new TransformStream({
        transform(chunk, controller) {
          done += chunk.length;
          tell(done, total);
          controller.enqueue(chunk);
        },
      });
      const { status, headers } = response;
      return response.body ? new Response(response.body.pipeThrough(count), { status, headers }) : response;
    },
  };
  for (const name of names) {
    const { cacheName, bytes } = await find(name);
    const before = done;
    // What this visit fetched is in the browser's own cache; if that copy is damaged, bypass it.
    for (const cache of ["force-cache", "reload"]) {
      done = before;
      if (await caches.match(urlOf(name), { cacheName })) break;
      const request = new Request(urlOf(name), { cache });
      const strategy = new Keep({ cacheName, plugins: [whole, counting] });
      await Promise.all(strategy.handleAll({ event, request }));
    }
    if (!(await caches.match(urlOf(name), { cacheName }))) throw new DOMException(name, "DataError");
    done = before + bytes;
    tell(done, total);
  }
}

// The groups of a version that are stored completely.
async function groupsOf(build) {
  const cache = await caches.open(FILES);
  const kept = new Set((await cache.keys()).map(({ url }) => nameOf(url)));
  const files = Object.entries(build.files).filter(([, [, , group]]) => group !== "shell");
  const missing = new Set(files.filter(([name]) => !kept.has(name)).map(([, [, , group]]) => group));
  return [...new Set(files.map(([, [, , group]]) => group))].filter((group) => !missing.has(group));
}

// Verify everything that is stored; damaged files are deleted. Returns how many were.
async function mend() {
  let dropped = 0;
  for (const cacheName of await caches.keys()) {
    if (!cacheName.startsWith(prefix) || cacheName === STATE) continue;
    const cache = await caches.open(cacheName);
    for (const request of await cache.keys()) {
      const file = await find(nameOf(request.url), cacheName);
      if (!file || (await bodyOf(await cache.match(request), file))) continue;
      dropped += Number(await cache.delete(request));
    }
  }
  return dropped;
}

// ---- versions -----------------------------------------------------------------------------------

async function install(event) {
  // The first version stores only the shell, because the page may be waiting for the headers. An update
  // must be complete: fetch every group that this device already has.
  const active = registration.active && (await buildOf((await readState()).version));
  try {
    await keep(event, ["shell", ...(active ? ["python", ...(await groupsOf(active))] : [])]);
    const cache = await caches.open(shell(BUILD.version));
    await cache.put(urlOf(RECORD), Response.json(BUILD));
  } catch (error) {
    if (active) throw error;
    trouble = error.name; // without stored files it passes every request on
  }
}

async function activate() {
  state = null; // the previous worker has written since this one was installed
  await readState();
  if (state.version !== BUILD.version) {
    const former = state.booted ? state.version : state.former;
    state = { version: BUILD.version, former, booted: false, failures: 0, booting: {} };
    await writeState();
  }
  const used = [BUILD, await buildOf(state.former)].filter(Boolean);
  const names = new Set([FILES, STATE, SHARED, ...used.map(({ version }) => shell(version))]);
  for (const name of await caches.keys()) {
    if (name.startsWith(prefix) && !names.has(name)) await caches.delete(name);
  }
  const files = await caches.open(FILES);
  for (const request of await files.keys()) {
    if (!used.some((build) => Object.hasOwn(build.files, nameOf(request.url)))) await files.delete(request);
  }
  clients.claim().catch(() => {}); // not awaited: in Firefox it waits for the worker, which waits for this
}

// The page itself. One that is gone without having reported did not start.
async function open(request, event) {
  await readState();
  const alive = new Set((await clients.matchAll({ includeUncontrolled: true })).map(({ id }) => id));
  for (const [id, since] of Object.entries(state.booting)) {
    if (alive.has(id) || Date.now() - since < PATIENCE_MS) continue;
    delete state.booting[id];
    state.failures += 1;
  }
  careful = state.failures > 0;
  const former = state.failures >= TRIES && (await buildOf(state.former));
  if (former) {
    const page = await caches.match(urlOf(""), { cacheName: shell(former.version) });
    if (page) return page;
  }
  state.booting[event.resultingClientId] = Date.now();
  event.waitUntil(writeState());
  return serve(request, event);
}

const ours = (url) => url.origin === location.origin && url.pathname.startsWith(scope);
const isPage = ({ request, url }) => ours(url) && request.mode === "navigate" && nameOf(url) === "";
const isFile = ({ url }) =>
  ours(url) && (HASHED.test(url.pathname) || Object.hasOwn(BUILD.files, nameOf(url)));
registerRoute(isPage, ({ request, event }) => open(request, event));
registerRoute(isFile, ({ request, event }) => serve(request, event));

// ---- files that are shared to the installed app -------------------------------------------------

// They are stored for the page, on this device only.
async function share({ request }) {
  const files = (await request.formData()).getAll("files");
  const cache = await caches.open(SHARED);
  for (const [index, file] of files.entries()) {
    const headers = { "Content-Type": file.type, "X-Name": encodeURIComponent(file.name) };
    await cache.put(urlOf(`shared/${index}`), new Response(file, { headers }));
  }
  return Response.redirect(`${urlOf("")}?shared`, 303);
}

registerRoute(({ url }) => ours(url) && nameOf(url) === "share", share, "POST");

async function takeShared() {
  const cache = await caches.open(SHARED);
  const files = [];
  for (const response of await cache.matchAll()) {
    const name = decodeURIComponent(response.headers.get("X-Name"));
    files.push(new File([await response.arrayBuffer()], name, { type: response.headers.get("Content-Type") }));
  }
  await caches.delete(SHARED);
  return files;
}

// ---- calls by the page --------------------------------------------------------------------------

const calls = {
  keep: (event, { groups }) => keep(event, groups, (done, total) => event.ports[0].postMessage({ done, total })),
  mend,
  shared: takeShared,
  async status() {
    await readState();
    return { page: BUILD.page, failures: state.failures, trouble };
  },
  // A page has started, has failed to, or was left before that.
  async started(event, { page, outcome }) {
    await readState();
    delete state.booting[event.source.id];
    if (page === BUILD.page && outcome === "booted") [state.booted, state.failures] = [true, 0];
    if (page === BUILD.page && outcome === "failed") state.failures += 1;
    await writeState();
  },
  async retry() {
    await readState();
    state.failures = 0;
    await writeState();
  },
  use: () => skipWaiting(),
  async forget() {
    forgotten = true;
    for (const name of await caches.keys()) if (name.startsWith(prefix)) await caches.delete(name);
    state = null;
  },
};

addEventListener("install", (event) => event.waitUntil(install(event)));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("message", (event) => {
  const { call, ...values } = event.data;
  event.waitUntil(
    calls[call](event, values).then(
      (answer) => event.ports[0]?.postMessage({ answer }),
      (error) => event.ports[0]?.postMessage({ error: error.name }),
    ),
  );
});
