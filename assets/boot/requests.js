// All requests of the page and its workers, recorded from the first moment: a browser's own timeline
// holds a few hundred, a worker's ends with the worker, and the privacy dialog, which lists all, is
// loaded later. Each is {name, startTime, encodedBodySize}; some may be there twice.

export const requests = [];

const record = (entries) =>
  entries.forEach(({ name, startTime, encodedBodySize }) => requests.push({ name, startTime, encodedBodySize }));

const observer = new PerformanceObserver((list) => record(list.getEntries()));
for (const type of ["navigation", "resource"]) observer.observe({ type, buffered: true });

// Workers report theirs on this channel (assets/engine.js).
try {
  new BroadcastChannel(String(performance.timeOrigin)).addEventListener("message", ({ data }) => {
    if (Array.isArray(data)) record(data); // else a listener asks for all
  });
} catch {
  // A browser that stores nothing for this site may forbid channels, too: then the page's own remain.
}
