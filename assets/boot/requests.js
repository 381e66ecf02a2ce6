// The requests of the page's workers, recorded from the first moment: a worker's timeline ends with it,
// and the privacy dialog, which lists all requests, is loaded later. Each is {name, startTime,
// encodedBodySize}, as assets/engine.js reports it on this channel.

export const workerRequests = [];

new BroadcastChannel(String(performance.timeOrigin)).addEventListener("message", ({ data }) => {
  if (Array.isArray(data)) workerRequests.push(...data); // else a listener asks for all
});
