// The progress bar: the bytes of every known part of the page, whoever downloads it.

import { absolute, build, element } from "../common/page.js";

// Modules are imported, not fetched, so their bytes cannot be counted as they arrive.
const countable = build.parts.filter((part) => !part.url.endsWith("js"));
export const parts = new Map(countable.map((part) => [absolute(part.url), part]));

// If this file came out of the browser's cache, so will the others: too fast to be worth counting.
export const fromCache = performance.getEntriesByName(import.meta.url)[0]?.transferSize === 0;

// With data saver on, nothing more is downloaded until the person asks for something.
export const dataSaver = { waiting: navigator.connection?.saveData === true };

const received = new Map();
const expected = new Set();
let status = null; // what Python is doing, once it reports that
let firstBatch = true;

// From now on this part counts towards the total.
export const expect = (url) => fromCache || expected.add(url);

// This many bytes of a part have arrived.
export function receive(url, bytes) {
  if (!parts.has(url)) return;
  received.set(url, bytes);
  showProgress();
}

export function say(text) {
  status = text;
  showProgress();
}

export function showProgress() {
  const bar = element("progress-bar");
  const text = element("progress-text");
  let done = 0;
  let total = 0;
  for (const url of expected) {
    done += Math.min(received.get(url) ?? 0, parts.get(url).bytes);
    total += parts.get(url).bytes;
  }
  const words = element("progress").dataset;
  const digits = total < 1e7 ? 1 : 0; // of megabytes
  const unit = 10 ** (6 - digits);
  // Rounded down and up, so that the words never say that all has arrived while the bar does not.
  const size = (template) =>
    template
      .replace("{done}", (Math.floor(done / unit) / 10 ** digits).toFixed(digits))
      .replace("{total}", (Math.ceil(total / unit) / 10 ** digits).toFixed(digits));
  if (dataSaver.waiting) {
    bar.value = 0;
    text.textContent = size(words.waiting);
  } else if (done < total) {
    bar.value = done / total;
    text.textContent = size(!firstBatch && status ? `${status}: {done} of {total} MB` : words.fetching);
  } else {
    // What the start needs is one count, although its parts are asked for one after the other. A
    // model that is downloaded later is counted by itself.
    if (status !== null) {
      firstBatch = false;
      expected.clear();
    }
    bar.removeAttribute("value"); // everything has arrived: what remains has no measurable length
    text.textContent = status ?? words.starting;
  }
}
